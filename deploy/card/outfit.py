"""What makes a box of a system: a root file system and a version of Kagami come in, the changes to
the one that let the other start by itself go out.
"""
import os
import re

from appliance.box import bundle
from appliance.box.bytecode import TO_DO
from appliance.box.versions import COMPLETE, ROOT
from appliance.errors import DataError
from deploy.card import environment
from deploy.card.accounts import Accounts

UNITS = "/etc/systemd/system"
FOREIGN = ("/lib/systemd/system", "/usr/lib/systemd/system", "/etc/systemd/system")
# 32.7 is JetPack 4.6.1 to 4.6.6; t210ref is the Nano's reference board.
BOARD = re.compile(r"# R32 \(release\), REVISION: 7\..*BOARD: t210ref", re.DOTALL)
# As deploy/setup.sh; the wheels of a bundle bring everything else.
NEEDED = ("python3-gi", "gir1.2-gstreamer-1.0", "gir1.2-gst-plugins-base-1.0",
          "gstreamer1.0-plugins-base", "gstreamer1.0-plugins-good")
AS_OFFERED = "give the image as its maker offers it"
# What asks, fetches, prints or reports by itself, and is of no use to a box without a screen.
IDLE = ("nv-oem-config.service", "nv-oem-config-gui.service", "apport.service", "whoopsie.service",
        "kerneloops.service", "ModemManager.service", "unattended-upgrades.service",
        "apt-daily.timer", "apt-daily-upgrade.timer", "motd-news.timer", "snapd.service",
        "snapd.socket", "snapd.seeded.service", "cups.service", "cups-browsed.service",
        "cups.socket", "cups.path", "packagekit.service", "fwupd.service", "bluetooth.service",
        "speech-dispatcher.service", "colord.service")
# Their packages write into the board's flash, or change the kernel: after a power cut meanwhile
# it takes a PC to mend the board.
HELD = re.compile(r"nvidia-l4t-(bootloader|kernel.*|xusb-firmware|initrd)$")
SSH = ("ssh.service", "sshd.service", "ssh.socket")


def fits(root, is_makers):
    """DataError where the system in a FileSystem is none that Kagami can be put into.

    is_makers: whether it comes from the image of the board's maker."""
    release = (root.read("/etc/nv_tegra_release") or b"").decode(errors="replace")
    if is_makers and not BOARD.match(release) or release and not BOARD.match(release):
        raise DataError(root.name, "its system is not L4T 32.7 of a Jetson Nano (%s)" %
                        (release.strip()[:60] or "no /etc/nv_tegra_release"), AS_OFFERED)
    if root.kind(ROOT):
        raise DataError(root.name, "Kagami is on it already", AS_OFFERED)
    lacks = sorted(set(NEEDED) - set(environment.packages(root)))
    if lacks:
        raise DataError(root.name, "its system lacks " + ", ".join(lacks),
                        "install them in it; a box has no network to fetch them")
    people = Accounts(root).people
    if people:
        # Whoever finished the wizard had the board move its start programs: not everything is
        # on the card any more. And what was private on that card would be on every box.
        raise DataError(root.name, "it was in use already, by %s" % people[0], AS_OFFERED)


def dress(root, release):
    """Order every change of a FileSystem; its caller commits."""
    _anonymous(root)
    _without_wizard(root)
    _hold(root)
    accounts = Accounts(root)
    accounts.add_box()
    accounts.lock()
    accounts.write()
    _copy(root, release.tree, release.place)
    _copy(root, release.units, "")
    _syslog(root, os.path.join(release.tree, "systemd", "rsyslog.conf"))
    root.write(release.place + "/" + COMPLETE, "")
    root.write(release.place + "/" + TO_DO, "")
    root.link("versions/" + release.version, ROOT + "/current")
    root.write(ROOT + "/" + bundle.KEY, release.key.decode("ascii"))
    for name in environment.COMMANDS:
        root.link(ROOT + "/current/.venv/bin/" + name, "/usr/local/bin/" + name)


def _syslog(root, ours):
    """The limit of the system's second log, which units.sh places where it sees that log."""
    if root.kind("/etc/rsyslog.d") and os.path.exists(ours):
        with open(ours) as f:
            root.write("/etc/rsyslog.d/10-kagami.conf", f.read())


def _anonymous(root):
    """Nothing that would be the same on every box of this image; ssh waits for its key."""
    root.write("/etc/machine-id", "")
    for name in list(root.listed("/etc/ssh")):
        if name.startswith("ssh_host_"):
            root.remove("/etc/ssh/" + name)
    for name in SSH:
        for folder in ("", "/multi-user.target.wants", "/sockets.target.wants"):
            root.remove(UNITS + folder + "/" + name)


def _without_wizard(root):
    """Start to the end without a question, without a desktop."""
    for name in list(root.listed(UNITS + "/nv-oem-config.target.wants")):
        root.remove(UNITS + "/nv-oem-config.target.wants/" + name)
    root.link("/lib/systemd/system/multi-user.target", UNITS + "/default.target")
    for unit in IDLE:
        if any(unit in root.listed(folder) for folder in FOREIGN):
            root.link("/dev/null", UNITS + "/" + unit)


def _hold(root):
    """What apt-mark hold does."""
    path = "/var/lib/dpkg/status"
    blocks = (root.read(path) or b"").decode("utf-8", "surrogateescape").split("\n\n")
    held = [_held(block) for block in blocks]
    if held != blocks:
        root.write(path, "\n\n".join(held))


def _held(block):
    name = re.search("^Package: (.*)$", block, re.M)
    if not name or not HELD.match(name.group(1)):
        return block
    return re.sub("^Status: install ", "Status: hold ", block, 1, re.M)


def _copy(root, folder, place):
    """Put a whole folder of this computer at `place`."""
    place and root.folder(place)
    for kind, name in environment.files(folder):
        local, path = os.path.join(folder, name), place + "/" + name
        if kind == "folder":
            root.folder(path)
        elif kind == "link":
            root.link(os.readlink(local), path)
        else:
            root.put(local, path)
