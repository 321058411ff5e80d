#!/bin/sh
# Make /boot/initrd of a root file system: busybox, what a virtio disk with ext4 needs, and a start of ten lines.
#   tests/image/initrd.sh ROOT KERNEL-VERSION
set -eu
root=$1 version=$2
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT

mkdir -p "$work/bin" "$work/proc" "$work/sys" "$work/dev" "$work/root" "$work/lib"
cp "$root/bin/busybox" "$work/bin/busybox"
ln -s busybox "$work/bin/sh"
number=0
for module in virtio_pci virtio_blk ext4; do
    modprobe -d "$root" -S "$version" --show-depends "$module" | while read -r kind path rest; do
        [ "$kind" = insmod ] && echo "$path"
    done
done | awk '!seen[$0]++' > "$work/paths"
while read -r path; do
    number=$((number + 1))
    cp "$path" "$work/lib/$(printf %02d $number)-$(basename "$path")"
done < "$work/paths"
# ext4 asks for the kernel's own checksums by name, which no dependency tells.
cp "$(find "$root/lib/modules/$version" -name 'crc32c_generic.ko*')" "$work/lib/00-crc32c_generic.ko"

cat > "$work/init" <<'INIT'
#!/bin/sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
/bin/busybox mount -t devtmpfs dev /dev
for module in /lib/*.ko; do /bin/busybox insmod "$module"; done
for word in $(/bin/busybox cat /proc/cmdline); do
    case "$word" in root=*) device=${word#root=} ;; esac
done
until [ -b "$device" ]; do /bin/busybox sleep 0.1; done
/bin/busybox mount -t ext4 -o rw,noatime "$device" /root || exec /bin/sh
/bin/busybox umount /proc /sys
/bin/busybox mount --move /dev /root/dev
exec /bin/busybox switch_root /root /sbin/init
INIT
chmod 755 "$work/init"
rm "$work/paths"
(cd "$work" && find . | cpio -o -H newc --quiet | gzip -1) > "$root/boot/initrd"
