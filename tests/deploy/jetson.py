"""A stand-in for NVIDIA's card image of a Jetson Nano, small: its partitions, and of its system
what is met by whoever puts a box into it."""
import os
import subprocess

MIB = 1 << 20
SECTOR = 512
# Names and order of the 4.6.1 image; the small ones fill the 14 MiB before the root.
SMALL = ("TBC", "RP1", "EBT", "WB0", "BPF", "BPF-DTB", "FX", "TOS", "DTB", "LNX", "EKS", "BMP",
         "RP4")
FIRST = 28672                       # sector of the root
ROOT = 96 * MIB
RELEASE = ("# R32 (release), REVISION: 7.1, GCID: 29818004, BOARD: t210ref, EABI: aarch64, "
           "DATE: Sat Feb 19 17:05:08 UTC 2022\n")
STATUS = """Package: libc6
Status: install ok installed
Architecture: arm64
Version: 2.27-3ubuntu1.4

Package: systemd
Status: install ok installed
Version: 237-3ubuntu10.53

Package: nvidia-l4t-bootloader
Status: install ok installed
Version: 32.7.1-20220219090432

Package: nvidia-l4t-camera
Status: install ok installed
Version: 32.7.1-20220219090432

""" + "".join("Package: %s\nStatus: install ok installed\nVersion: 1.14.5\n\n" % name for name in (
    "python3-gi", "gir1.2-gstreamer-1.0", "gir1.2-gst-plugins-base-1.0",
    "gstreamer1.0-plugins-base", "gstreamer1.0-plugins-good"))
FILES = {
    "etc/nv_tegra_release": RELEASE, "var/lib/dpkg/status": STATUS,
    "etc/nv-oem-config.conf.t210": "", "boot/extlinux/extlinux.conf": "TIMEOUT 30\n",
    "etc/passwd": "root:x:0:0:root:/root:/bin/bash\nmessagebus:x:999:999::/:/bin/false\n",
    "etc/group": "root:x:0:\nvideo:x:44:\nshadow:x:42:\nmessagebus:x:999:\n",
    "etc/shadow": "root:*:18375:0:99999:7:::\nmessagebus:!:18375::::::\n",
    "etc/gshadow": "root:*::\nvideo:*::\nshadow:*::\nmessagebus:!::\n",
    "etc/machine-id": "0123456789abcdef0123456789abcdef\n", "etc/ssh/sshd_config": "",
    "etc/ssh/ssh_host_rsa_key": "the same on every card", "root/.profile": "",
    "usr/local/bin/empty": "", "usr/sbin/gdm3": "", "etc/hostname": "localhost\n",
    "etc/rsyslog.d/50-default.conf": ""}
UNITS = ("nv-oem-config.service", "nv-oem-config.target", "multi-user.target", "ssh.service",
         "gdm.service", "snapd.service", "apt-daily.timer", "nvargus-daemon.service")
LINKS = {
    "etc/systemd/system/default.target": "/lib/systemd/system/nv-oem-config.target",
    "etc/systemd/system/nv-oem-config.target.wants/nv-oem-config.service":
        "/lib/systemd/system/nv-oem-config.service",
    "etc/systemd/system/sshd.service": "/lib/systemd/system/ssh.service",
    "etc/systemd/system/multi-user.target.wants/ssh.service": "/lib/systemd/system/ssh.service",
    "usr/bin/python3": "python3.6"}
ARM = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00\xb7\x00" + bytes(100)


def system(folder, **more):
    """A folder with the system's files; more: {path with _ for /: text} that are other."""
    files = dict({name: text.encode() for name, text in dict(FILES, **more).items()},
                 **{"usr/bin/python3.6": ARM})
    files.update({"lib/systemd/system/" + name: b"[Unit]\n" for name in UNITS})
    for name, data in files.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(data)
    for name, to in LINKS.items():
        os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
        os.symlink(to, os.path.join(folder, name))
    os.chmod(os.path.join(folder, "etc/shadow"), 0o640)
    return folder


def card(path, folder, last="APP", root=ROOT):
    """Write the image `path` whose root holds `folder`; each small partition has bytes of its
    own."""
    with open(path, "wb") as f:
        f.truncate(FIRST * SECTOR + root + MIB)
    words = ["sgdisk", "--clear", "--set-alignment=1",
             "--new=1:%d:+%dM" % (FIRST, root // MIB), "--change-name=1:" + last]
    for n, name in enumerate(SMALL):
        at = 2048 + n * 1024
        words += ["--new=%d:%d:%d" % (n + 2, at, at + 1023), "--change-name=%d:%s" % (n + 2, name)]
    subprocess.run(words + [path], check=True, stdout=subprocess.DEVNULL)
    with open(path, "r+b") as f:
        for n, name in enumerate(SMALL):
            f.seek((2048 + n * 1024) * SECTOR)
            f.write((name.encode() * 1024 * SECTOR)[:1024 * SECTOR])
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", folder, "-E",
                    "offset=%d,root_owner=0:0" % (FIRST * SECTOR), path, "%dk" % (root >> 10)],
                   check=True)
    return path
