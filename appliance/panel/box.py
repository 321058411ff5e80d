"""What the machine under the page is and does, as the kernel tells it, becomes plain numbers."""
import glob
import os
import platform

MEMORY = "/proc/meminfo"
CLOCKS = "/sys/devices/system/cpu/cpu*/cpufreq/scaling_cur_freq"


def box():
    """{"machine", "cores", "load" of 1, 5 and 15 minutes, "memory_mb": [used, in all], "clocks":
    {core: MHz} where the system tells them}."""
    memory = _memory()
    whole = memory.get("MemTotal", 0)
    return {"machine": platform.machine(), "cores": os.cpu_count(),
            "load": [round(load, 2) for load in os.getloadavg()],
            "memory_mb": [whole - memory.get("MemAvailable", 0), whole], "clocks": _clocks()}


def _clocks():
    texts = {path.split("/")[-3]: _text(path).strip() for path in sorted(glob.glob(CLOCKS))}
    return {core: int(text) // 1000 for core, text in texts.items() if text.isdigit()}


def _memory():
    rows = (line.split() for line in _text(MEMORY).splitlines())
    return {row[0].rstrip(":"): int(row[1]) // 1024 for row in rows if row[1:2]}


def _text(path):
    try:
        with open(path) as f:
            return f.read(1 << 16)
    except OSError:
        return ""
