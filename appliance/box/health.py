"""The board's facts become findings: clock, power, temperature, memory, disk.

`root` is the folder of the board's files. Limits in degrees are those at which a Nano does
something by itself, with room before them.
"""
import os
import subprocess
import time

from appliance.box import board
from appliance.box.finding import BAD, WARN, worst
from appliance.box.strain import FAN, HOT, WARM

WRITTEN = 1704067200        # 2024: a clock before that was never set
LEAST_MB, TIGHT_MB = 100, 300       # of memory that is free
FULL_MB, NEARLY_MB = 50, 500        # of disk
READ_ONLY = "/opt/kagami/read-only"     # as deploy/read_only.sh has it


def clock(now=time.time, synchronised=None):
    """Whether it was ever set, and follows a time server. synchronised: () -> True, False or
    None; timedatectl's word where none is given."""
    told = (synchronised or _synchronised)()
    when = time.strftime("%Y-%m-%d %H:%M %Z", time.localtime(now()))
    if now() < WRITTEN:
        return worst("clock", [(WARN, "it says %s; tracking does not need it, times in the log "
                                "are wrong" % when, "let the box reach a time server (NTP)")], "")
    unset = [(WARN, "%s, set by no time server; only the log's times depend on it" % when,
              "let the box reach one (NTP)")] if told is False else []
    return worst("clock", unset, when)


def power(root="/"):
    """Power mode, voltage and alarms of the supply."""
    mode, volts, alarms = board.power_mode(root), board.volts(root), board.alarms(root)
    found, low, notice = [], board.sagging(root), board.notice(root)
    if low or alarms:
        seen = ["%.2f V at %s" % (v, rail) for rail, v in sorted(low.items())]
        seen += ["%d alarms in the kernel's log" % alarms] if alarms else []
        found.append((BAD, "the supply is too weak: " + ", ".join(seen), "use 5 V and 4 A at the "
                      "barrel jack, with the jumper J48; until then `sudo nvpmodel -m 1`"))
    elif notice:
        words, _, do = notice.partition("; ")
        found.append((BAD, words, do))
    elif mode.upper().startswith("5W"):
        found.append((WARN, "mode %s: two of four cores, slower" % mode,
                      "with a supply of 4 A: sudo nvpmodel -m 0"))
    well = ["mode " + mode] * bool(mode) + ["%.2f V at %s" % (v, rail) for rail, v in
                                            sorted(volts.items()) if "5V_IN" in rail]
    return worst("power", found, ", ".join(well) or "this machine tells nothing of it")


def temperature(root="/"):
    """The hottest zone, and whether heat takes speed away."""
    zones, slowed = board.temperatures(root), board.throttled(root)
    if not zones:
        return worst("temperature", [], "this machine tells none")
    name = max(zones, key=zones.get)
    words = "%.0f C (%s)" % (zones[name], name)
    warm = WARM if name not in board.HEEDED else FAN
    level = BAD if zones[name] >= HOT else WARN if zones[name] >= warm or slowed else None
    slow = ", slowed down by " + ", ".join(slowed) if slowed else ""
    return worst("temperature", [(level, words + slow, "let air to it, add a fan")] if level
                 else [], words)


def memory(root="/"):
    """What is free of it."""
    known = board.memory(root)
    if not known:
        return worst("memory", [], "this machine tells nothing of it")
    free, words = known.get("MemAvailable", 0), "%d of %d MB are free" % (
        known.get("MemAvailable", 0), known.get("MemTotal", 0))
    level = BAD if free < LEAST_MB else WARN if free < TIGHT_MB else None
    return worst("memory", [(level, words, "end what else runs, a desktop first: "
                             "sudo systemctl isolate multi-user.target")] if level else [], words)


def disk(places=("/", "/var/lib/kagami"), look=os.statvfs, wanted=READ_ONLY):
    """Room where Kagami writes, and whether it may. wanted: the file by which somebody wants
    the system read-only, from the next start on."""
    found, free, closed = [], None, False
    for place in places:
        try:
            told = look(place)
        except OSError:             # not there yet: it is made below the one before
            continue
        free = told.f_bavail * told.f_frsize >> 20
        shut = told.f_flag & os.ST_RDONLY
        meant = shut and place == "/" and os.path.exists(wanted)
        closed = closed or meant
        if shut and not meant:
            found.append((WARN, "%s is mounted read-only; what is changed is lost" % place,
                          "if that is not wanted, look for errors: sudo dmesg | grep -i ext4"))
        elif free < NEARLY_MB:
            found.append((BAD if free < FULL_MB else WARN, "%d MB are left at %s" % (free, place),
                          "sudo apt-get clean; sudo journalctl --vacuum-size=20M"))
    return worst("disk", found[:1], "%d MB are free%s" % (
        free, ", the system is read-only" if closed else ""))


def _synchronised():
    """What timedatectl says, None where it says nothing."""
    try:
        said = subprocess.check_output(("timedatectl", "status"), universal_newlines=True,
                                       stderr=subprocess.DEVNULL, timeout=5)
    except (OSError, subprocess.SubprocessError):
        return None
    return next((line.split(":")[1].strip() == "yes" for line in said.splitlines()
                 if "synchronized:" in line), None)
