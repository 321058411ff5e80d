#!/bin/sh
# Make a root file system of Debian 12 for arm64, the one that stands in for the vendor's in `make test-image`:
# packages by debootstrap under qemu-user, a kernel with vivid.ko, an initial RAM disk of its own.
#   tests/image/root.sh FOLDER       FOLDER/ is the root; FOLDER.made says what it was made from; as root, about 10 minutes
set -eu
root=$1
here=$(cd "$(dirname "$0")" && pwd)

made=$(cat "$0" "$here/initrd.sh" | cksum)
[ "$(cat "$root.made" 2>/dev/null)" = "$made" ] && exit 0

# What the vendor's image has too, as far as Kagami meets it. No Recommends: debootstrap takes none.
PACKAGES=systemd,systemd-sysv,libpam-systemd,dbus,dbus-user-session,udev,kmod,procps,netbase,iproute2,openssh-server,network-manager,avahi-daemon
PACKAGES=$PACKAGES,e2fsprogs,gdisk,parted,dosfstools,busybox-static,v4l-utils
PACKAGES=$PACKAGES,python3,python3-gi,python3-gst-1.0,python3-systemd,gir1.2-gst-plugins-base-1.0
PACKAGES=$PACKAGES,gstreamer1.0-plugins-base,gstreamer1.0-plugins-good,gstreamer1.0-tools

# Without it the second stage ends with "Exec format error"; containers come without this file system.
enable_arm() {
    [ -e /proc/sys/fs/binfmt_misc/register ] || mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
    [ -e /proc/sys/fs/binfmt_misc/qemu-aarch64 ] || update-binfmts --enable qemu-aarch64
}

# The kernel's package is unpacked, not installed: its scripts would make a RAM disk for minutes under emulation.
add_kernel() {
    chroot "$root" apt-get update -q
    kernel=$(chroot "$root" apt-cache depends --no-recommends linux-image-arm64 | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p')
    chroot "$root" sh -c "cd /tmp && apt-get -q -o APT::Sandbox::User=root download $kernel"
    # Not into the root itself: dpkg -x would put a folder in place of the link /lib.
    dpkg -x "$root/tmp/$kernel"_*.deb "$root/tmp/kernel"
    mv "$root"/tmp/kernel/boot/* "$root/boot/"
    mv "$root/tmp/kernel/lib/modules" "$root/usr/lib/"
    rm -rf "$root/tmp/kernel" "$root"/tmp/*.deb
    version=$(ls "$root/lib/modules")
    depmod -b "$root" "$version"
    mv "$root/boot/vmlinuz-$version" "$root/boot/Image"
    "$here/initrd.sh" "$root" "$version"
}

# As the vendor's card has it, but for the names of disk and console; a virtio disk is /dev/vda.
add_start() {
    mkdir "$root/boot/extlinux"
    cat > "$root/boot/extlinux/extlinux.conf" <<'START'
TIMEOUT 1
DEFAULT primary
LABEL primary
    LINUX /boot/Image
    INITRD /boot/initrd
    APPEND root=/dev/vda1 rw rootwait rootfstype=ext4 console=ttyAMA0 net.ifnames=0 loglevel=3
START
}

enable_arm
rm -rf "$root" "$root.made"
mkdir -p "$(dirname "$root")"
debootstrap --arch=arm64 --foreign --variant=minbase --include="$PACKAGES" bookworm "$root"
cat > "$root/etc/dpkg/dpkg.cfg.d/small" <<'DPKG'
force-unsafe-io
path-exclude=/usr/share/doc/*
path-exclude=/usr/share/man/*
path-exclude=/usr/share/locale/*
DPKG
chroot "$root" /debootstrap/debootstrap --second-stage
add_kernel
add_start
chroot "$root" apt-get clean
rm -rf "$root"/var/lib/apt/lists/* "$root"/etc/ssh/ssh_host_*
echo "$made" > "$root.made"
