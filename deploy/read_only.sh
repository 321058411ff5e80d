#!/bin/sh
# Make the system of this card read-only until the next boot, before anything has begun to write. What programs change in
# /etc, /var, /home and /root lies in memory; Kagami's own folders stay as they are. kagami-read-only.service calls it at
# each boot for as long as /opt/kagami/read-only exists.
# No initrd is needed, which a Jetson brings of its own: the root's mount becomes read-only, not its file system, so
# that parts of it can stay writable by mounts of their own.
set -eu
PATH=/usr/sbin:/usr/bin:/sbin:/bin
LENT="etc var home root"
KEPT="opt/kagami var/lib/kagami var/cache/kagami var/lib/kagami-power var/lib/nvpmodel usr/local/lib/systemd etc/systemd/system"
memory=/run/kagami-read-only
real=$memory/real done=

give_up() {      # what is mounted goes again, and the boot goes on as ever
    [ -z "$done" ] || exit 0
    for place in $mounted; do umount -l "$place" || :; done
    echo "kagami: error: read-only: this system stays writable; what failed is said above" >&2
    exit 69
}
mounted=
trap give_up EXIT
mounts() { where=$1; shift; mount "$@" "$where"; mounted="$where $mounted"; }

[ ! -e $memory ] || { done=yes; exit; }
# What a kagami.txt wants waits until the card is used whole: a root that is closed cannot grow.
if grep -qs kagami.txt /opt/kagami/read-only && [ ! -e /var/lib/kagami-first-boot/grown ]; then
    echo "kagami: the system stays writable until kagami-grow.service has had the card used whole"
    done=yes
    exit
fi
for folder in $LENT usr opt; do
    ! mountpoint -q "/$folder" || { echo "kagami: error: read-only: /$folder is a partition of its own" >&2; exit 69; }
done
mkdir -p $memory
mounts $memory -t tmpfs -o size=25%,mode=755 kagami
mkdir $real
mounts $real --bind /
mount --make-private $real      # else it shows what is mounted below, instead of what is there
for folder in $KEPT; do [ -d "$real/$folder" ] || mkdir -p "$real/$folder"; done
for folder in $LENT; do
    [ -d "/$folder" ] || continue
    upper=$memory/$folder
    mkdir "$upper" "$upper.work"
    chown --reference="/$folder" "$upper"
    chmod --reference="/$folder" "$upper"
    mounts "/$folder" -t overlay -o "lowerdir=$real/$folder,upperdir=$upper,workdir=$upper.work" kagami
done
for folder in $KEPT; do mounts "/$folder" --bind "$real/$folder"; done
mountpoint -q /tmp || mounts /tmp -t tmpfs -o mode=1777,size=25% kagami
mount -o remount,bind,ro $real
mount -o remount,bind,ro /
done=yes
echo "kagami: the system is read-only until the next boot; to end that: sudo rm /opt/kagami/read-only, then boot"
