"""The files in which a board tells of itself become plain facts: what it is, how warm, how fast,
how fed.

On a PC much of it is not there, and not told. `root`: the folder of the board's files, so that
tests have boards of their own.
"""
import glob
import os
import platform
import re
import subprocess

# The release of NVIDIA's Linux, by which JetPack it came with.
JETPACKS = {"32.6.1": "4.6", "32.7.1": "4.6.1", "32.7.2": "4.6.2", "32.7.3": "4.6.3",
            "32.7.4": "4.6.4", "32.7.5": "4.6.5", "32.7.6": "4.6.6"}
GPU = "sys/devices/57000000.gpu/devfreq/57000000.gpu"       # of a Nano
CPU = "sys/devices/system/cpu/cpu0/cpufreq"
CLOCKS = "sys/devices/system/cpu/cpu*/cpufreq/scaling_cur_freq"
RAILS = "sys/bus/i2c/drivers/ina3221x/*/iio:device*"        # INA3221, the Nano's power monitor
ZONES = "sys/class/thermal/thermal_zone*"
COOLING = "sys/class/thermal/cooling_device*"
SAGGING = 4.75                  # V of a supply of 5 V, where USB's own limit lies
NEVER_MIND = "PMIC-Die",        # a zone of the Nano that always says 100
HEEDED = "CPU-therm", "GPU-therm", "PLL-therm", "AO-therm"      # zones of a Nano
NOTICE = "run/kagami-power/notice"      # what power.py has to tell everybody
FANS = "fan", "pwm-fan"         # cooling that takes no speed away


def circumstances(root="/"):
    """{name: words} of what is known: jetpack, power mode, clocks in MHz as "now of most"."""
    found = {"jetpack": release(root), "power_mode": power_mode(root),
             "cpu_mhz": _clock(root, CPU, "scaling_cur_freq", "scaling_max_freq", 1e3),
             "gpu_mhz": _clock(root, GPU, "cur_freq", "max_freq", 1e6)}
    return {name: words for name, words in found.items() if words}


def machine(root="/"):
    """{"machine", "cores", "load" of 1, 5 and 15 minutes, "memory_mb": [used, in all], "clocks":
    {core: MHz} where the system tells them}."""
    known = memory(root)
    whole = known.get("MemTotal", 0)
    return {"machine": platform.machine(), "cores": os.cpu_count(),
            "load": [round(load, 2) for load in os.getloadavg()],
            "memory_mb": [whole - known.get("MemAvailable", 0), whole], "clocks": clocks(root)}


def model(root="/"):
    """As "NVIDIA Jetson Nano Developer Kit"; "" where nothing says what board it is."""
    return _text(root, "proc/device-tree/model").strip()


def release(root="/"):
    """As "4.6.1 (L4T 32.7.1)", JetPack's version; "" where this is no Jetson."""
    told = re.search(r"R(\d+).*REVISION: ([\d.]+)", _text(root, "etc/nv_tegra_release"))
    if not told:
        return ""
    number = ".".join(told.groups())
    return "%s (L4T %s)" % (JETPACKS.get(number, "?"), number)


def power_modes(root="/"):
    """{name: number as text} of the modes that nvpmodel knows; {} where it is not there."""
    return {name: number for number, name in re.findall(
        r"POWER_MODEL\s+ID=(\d+)\s+NAME=(\S+)", _text(root, "etc/nvpmodel.conf"))}


def power_mode(root="/"):
    """As "MAXN" or "5W"; "" where nothing tells.

    The file in which nvpmodel keeps its choice comes first: asking the program may take root.
    """
    number = re.search(r"pmode:0*(\d+)", _text(root, "var/lib/nvpmodel/status"))
    for name, mode in power_modes(root).items():
        if number and mode == number.group(1):
            return name
    found = re.search(r"Power Mode: *(.+)", _said("nvpmodel", "-q") if root == "/" else "")
    return found.group(1).strip() if found else ""


def temperatures(root="/"):
    """{zone: degrees Celsius} of every zone that measures."""
    found = {zone: degrees(folder) for zone, folder in _zones(root).items()
             if zone not in NEVER_MIND}
    return {zone: told for zone, told in found.items() if told is not None}


def heeded(root="/"):
    """{zone: its folder} of a Nano; {} elsewhere."""
    return {zone: folder for zone, folder in _zones(root).items() if zone in HEEDED}


def hottest(zones):
    """(degrees Celsius, zone) of {zone: its folder}; (None, "") where none measures."""
    found = [(degrees(folder), zone) for zone, folder in zones.items()]
    return max((one for one in found if one[0] is not None), default=(None, ""))


def degrees(folder):
    """Celsius of a zone's folder, None where it does not measure now."""
    told = _text(folder, "temp").strip()
    return int(told) / 1000.0 if re.fullmatch(r"-?\d+", told) else None


def _zones(root):
    folders = glob.glob(os.path.join(root, ZONES))
    return {_text(folder, "type").strip() or os.path.basename(folder): folder
            for folder in folders}


def notice(root="/"):
    """What is wrong with the supply, in words for everybody; "" where nothing is."""
    return _text(root, NOTICE).strip()


def throttled(root="/"):
    """[what] of the cooling that takes speed away now, as the kernel calls it; not the fan."""
    found = set()
    for folder in glob.glob(os.path.join(root, COOLING)):
        name, state = (_text(folder, leaf).strip() for leaf in ("type", "cur_state"))
        if state.isdigit() and int(state) > 0 and name not in FANS:
            found.add(name)
    return sorted(found)


def clocks(root="/"):
    """{core: MHz}, as {"cpu0": 1479}."""
    texts = {path.split("/")[-3]: _text(path).strip()
             for path in sorted(glob.glob(os.path.join(root, CLOCKS)))}
    return {core: int(text) // 1000 for core, text in texts.items() if text.isdigit()}


def memory(root="/"):
    """{row of /proc/meminfo: MB}."""
    rows = (line.split() for line in _text(root, "proc/meminfo").splitlines())
    return {row[0].rstrip(":"): int(row[1]) // 1024 for row in rows if row[1:2]}


def watts(root="/"):
    """{rail: watts} at this moment; {} where no power monitor is read."""
    return _rails(root, "in_power%d_input")


def volts(root="/"):
    """{rail: volts}, likewise."""
    return _rails(root, "in_voltage%d_input")


def sagging(root="/"):
    """{rail: volts} of what comes in, where that is too little."""
    return {rail: v for rail, v in volts(root).items() if "5V_IN" in rail and 0 < v < SAGGING}


def alarms(root="/"):
    """How often the kernel's log tells of a supply that could not follow; None where the log
    cannot be read."""
    log = _said("dmesg") if root == "/" else _text(root, "var/log/dmesg")
    return len(re.findall("OC ALARM", log)) if log else None


def _rails(root, form):
    found = {}
    for folder in glob.glob(os.path.join(root, RAILS)):
        for n in range(3):
            name, told = (_text(folder, leaf % n).strip() for leaf in ("rail_name_%d", form))
            if name and told:
                found[name] = float(told) / 1e3
    return found


def _clock(root, folder, now, most, unit):
    values = [_text(root, folder, name).strip() for name in (now, most)]
    return "%.0f of %.0f" % tuple(float(v) / unit for v in values) if all(values) else ""


def _said(*command):
    """What a program writes, "" where it is not there or fails."""
    try:
        return subprocess.check_output(command, universal_newlines=True,
                                       stderr=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError):
        return ""


def _text(*path):
    """A file's text, "" where it cannot be read."""
    try:
        with open(os.path.join(*path), errors="replace") as f:
            return f.read(1 << 16).strip("\0")
    except OSError:
        return ""
