"""The board that something is measured on: release, power mode, clocks, rails, as it tells them.

On a PC most of it is not there, and not told. `root`: the folder of the board's files.
"""
import glob
import os
import re
import subprocess

# The release of NVIDIA's Linux, by which JetPack it came with.
JETPACKS = {"32.6.1": "4.6", "32.7.1": "4.6.1", "32.7.2": "4.6.2", "32.7.3": "4.6.3",
            "32.7.4": "4.6.4", "32.7.5": "4.6.5", "32.7.6": "4.6.6"}
GPU = "sys/devices/57000000.gpu/devfreq/57000000.gpu"       # of a Nano
CPU = "sys/devices/system/cpu/cpu0/cpufreq"
RAILS = "sys/bus/i2c/drivers/ina3221x/*/iio:device*"        # INA3221, the Nano's power monitor


def circumstances(root="/"):
    """{name: words} of what is known: jetpack, power mode, clocks in MHz as "now of most"."""
    found = {"jetpack": jetpack(root), "power_mode": power_mode(),
             "cpu_mhz": _clock(root, CPU, "scaling_cur_freq", "scaling_max_freq", 1e3),
             "gpu_mhz": _clock(root, GPU, "cur_freq", "max_freq", 1e6)}
    return {name: words for name, words in found.items() if words}


def jetpack(root="/"):
    """As "4.6.1 (L4T 32.7.1)"; "" where this is no Jetson."""
    told = re.search(r"R(\d+).*REVISION: ([\d.]+)", _text(root, "etc/nv_tegra_release"))
    if not told:
        return ""
    release = ".".join(told.groups())
    return "%s (L4T %s)" % (JETPACKS.get(release, "?"), release)


def power_mode():
    """As "MAXN"; "" where nvpmodel is not there or tells none."""
    try:
        told = subprocess.check_output(("nvpmodel", "-q"), universal_newlines=True,
                                       stderr=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError):
        return ""
    found = re.search(r"Power Mode: *(.+)", told)
    return found.group(1).strip() if found else ""


def watts(root="/"):
    """{rail: watts} at this moment; {} where no power monitor is read."""
    found = {}
    for folder in glob.glob(os.path.join(root, RAILS)):
        for n in range(3):
            name = _text(folder, "rail_name_%d" % n).strip()
            power = _text(folder, "in_power%d_input" % n).strip()
            if name and power:
                found[name] = float(power) / 1e3
    return found


def _clock(root, folder, now, most, unit):
    values = [_text(root, os.path.join(folder, name)).strip() for name in (now, most)]
    return "%.0f of %.0f" % tuple(float(v) / unit for v in values) if all(values) else ""


def _text(root, path):
    """A file's text, "" where it cannot be read."""
    try:
        with open(os.path.join(root, path)) as f:
            return f.read().strip("\0")
    except OSError:
        return ""
