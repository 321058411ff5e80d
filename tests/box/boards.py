"""Boards made of files: a folder that reads as the root of a machine, with programs of NVIDIA's
that refuse what the real ones refuse."""
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


# Takes `-m NUMBER` of a mode that its configuration has, and keeps it; nothing else.
NVPMODEL = r"""#!/bin/sh
root=$(cd "$(dirname "$0")/../.." && pwd)
case "$*" in
"-m "[0-9]|"-m "[0-9][0-9]) ;;
*) echo "Usage: nvpmodel [-h] [-v] [-q] [-m mode] [-f conf]" >&2; exit 1 ;;
esac
grep -q "POWER_MODEL ID=$2 " "$root/etc/nvpmodel.conf" || {
    echo "NVPM ERROR: Requested power mode $2 does not exist" >&2; exit 255; }
mkdir -p "$root/var/lib/nvpmodel"
printf 'pmode:%04d fmode:unknown\n' "$2" > "$root/var/lib/nvpmodel/status"
echo "nvpmodel $*" >> "$root/done"
"""
# Without words it pins the clocks, and the fan beside them.
JETSON_CLOCKS = r"""#!/bin/sh
root=$(cd "$(dirname "$0")/../.." && pwd)
[ $# = 0 ] || { echo "Unknown option: $1" >&2; exit 1; }
echo 255 > "$root/sys/devices/pwm-fan/target_pwm"
echo jetson_clocks >> "$root/done"
"""
BOOT = "proc/sys/kernel/random/boot_id"


def nano(root):
    """The files of a Jetson Nano with a fan; the root as text. What its programs
    were told is in the file `done`."""
    files = {"proc/device-tree/model": "NVIDIA Jetson Nano Developer Kit\0", BOOT: "first\n",
             "etc/nvpmodel.conf": mode(0)["etc/nvpmodel.conf"],
             "sys/devices/pwm-fan/target_pwm": "0\n", "sys/devices/pwm-fan/temp_control": "1\n",
             "usr/sbin/nvpmodel": NVPMODEL, "usr/bin/jetson_clocks": JETSON_CLOCKS, "done": ""}
    files.update(zone(0, "AO-therm", 38), **zone(1, "CPU-therm", 40))
    files.update(supply(5.0), **zone(2, "PMIC-Die", 100))
    put(root, files)
    for program in ("usr/sbin/nvpmodel", "usr/bin/jetson_clocks"):
        os.chmod(os.path.join(str(root), program), 0o755)
    return str(root)
