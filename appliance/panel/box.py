"""What the machine under the page is and does, as the kernel tells it, becomes plain numbers."""
import glob
import os
import platform

MEMORY = "/proc/meminfo"
CLOCKS = "/sys/devices/system/cpu/cpu*/cpufreq/scaling_cur_freq"


def box():
    """{"machine", "cores", "load" of 1, 5 and 15 minutes, "memory_mb" in all, "memory_free_mb",
    "clocks" of the cores in MHz, where the system tells them}."""
    memory = _memory()
    return {"machine": platform.machine(), "cores": os.cpu_count(),
            "load": [round(load, 2) for load in os.getloadavg()],
            "memory_mb": memory.get("MemTotal"), "memory_free_mb": memory.get("MemAvailable"),
            "clocks": [int(text) // 1000 for text in map(_text, sorted(glob.glob(CLOCKS)))
                       if text.strip().isdigit()]}


def _memory():
    rows = (line.split() for line in _text(MEMORY).splitlines())
    return {row[0].rstrip(":"): int(row[1]) // 1024 for row in rows if row[1:2]}


def _text(path):
    try:
        with open(path) as f:
            return f.read(1 << 16)
    except OSError:
        return ""
