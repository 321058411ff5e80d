"""Boards made of files: a folder that reads as the root of a machine."""
import os


def put(root, files):
    """Write {path from the root: text}; the root as text, as board.py takes it."""
    for name, text in files.items():
        path = os.path.join(str(root), name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write(text)
    return str(root)


def zone(number, name, degrees):
    """The files of a thermal zone."""
    folder = "sys/class/thermal/thermal_zone%d/" % number
    return {folder + "type": name + "\n", folder + "temp": "%d\n" % (1000 * degrees)}


def cooling(number, name, state):
    """The files of something that cools."""
    folder = "sys/class/thermal/cooling_device%d/" % number
    return {folder + "type": name + "\n", folder + "cur_state": "%d\n" % state}


def supply(volts):
    """The files of the Nano's power monitor."""
    folder = "sys/bus/i2c/drivers/ina3221x/6-0040/iio:device0/"
    return {folder + "rail_name_0": "POM_5V_IN\n",
            folder + "in_power0_input": "1750\n",
            folder + "in_voltage0_input": "%d\n" % (1000 * volts)}


def mode(number):
    """The files in which nvpmodel keeps its modes, and the one that was chosen."""
    return {"etc/nvpmodel.conf": "< POWER_MODEL ID=0 NAME=MAXN >\nCPU_ONLINE CORE_0 1\n"
                                 "< POWER_MODEL ID=1 NAME=5W >\n< PM_CONFIG DEFAULT=0 >\n",
            "var/lib/nvpmodel/status": "pmode:%04d fmode:unknown\n" % number}


def free(free_mb, whole_mb=3956):
    """The file in which the kernel tells of memory."""
    return {"proc/meminfo": "MemTotal: %d kB\nMemAvailable: %d kB\n" % (
        whole_mb * 1024, free_mb * 1024)}
