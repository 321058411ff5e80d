#!/bin/sh
# Make what the tests under systemd boot, once; as root. The last line tells what to mount as an overlay's lower folders.
#   deploy/root.sh            a Debian 12 with what Kagami needs of the system
#   deploy/root.sh kagami     on top of it, /opt/kagami/versions/VERSION/.venv as deploy/setup.sh makes it
# They lie in ~/.cache/kagami/roots and are made anew when what they were made from has changed.
set -eu
cd "$(dirname "$0")/.."
suite=bookworm
system=systemd,systemd-sysv,dbus,udev,kmod,procps,iproute2,netbase,ca-certificates
cache=${XDG_CACHE_HOME:-$HOME/.cache}/kagami
mkdir -p "$cache/roots" "$cache/wheels"

alone() {      # several of these tests may begin at a time
    exec 9> "$cache/roots/.lock"
    flock 9
}

say() { echo "kagami: $1" >&2; }

# Within a mount namespace of its own, so that nothing stays mounted whatever happens.
[ -n "${KAGAMI_ROOT_ALONE:-}" ] || KAGAMI_ROOT_ALONE=yes exec unshare -m "$0" "$@"

inside() {      # ROOT WORDS...: run a command in a root
    root=$1; shift
    mountpoint -q "$root/proc" || mount -t proc proc "$root/proc"
    mountpoint -q "$root/dev" || mount --bind /dev "$root/dev"
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 HOME=/root DEBIAN_FRONTEND=noninteractive \
        PIP_NO_INDEX=1 PIP_FIND_LINKS=/wheels PIP_NO_CACHE_DIR=1 chroot "$root" "$@" >&2
}

forget() {      # STEM KEPT: take away what was made from something else and not used for a week
    find "$cache/roots" -maxdepth 1 -name "$1-[0-9]*" ! -name "$2" -mtime +7 \
        -exec rm -rf --one-file-system {} +
}

made=$({ echo $system; grep -oE '(gstreamer1\.0|gir1\.2|python3)-[a-z0-9.-]+' deploy/setup.sh | sort -u; } | cksum | cut -d' ' -f1)
base=$cache/roots/$suite-$made
[ -e "$base/.made" ] || alone
if [ ! -e "$base/.made" ]; then
    say "making a root of Debian 12 in $base, once (about two minutes, 900 MB)"
    rm -rf "$base"
    debootstrap --variant=minbase --include=$system $suite "$base" >&2
    printf '#!/bin/sh\nexit 101\n' > "$base/usr/sbin/policy-rc.d"      # installing starts no service
    chmod +x "$base/usr/sbin/policy-rc.d"
    mkdir "$base/kagami"
    cp -a deploy "$base/kagami/"
    inside "$base" kagami/deploy/setup.sh system
    rm -rf "$base/kagami" "$base/usr/sbin/policy-rc.d" "$base"/var/cache/apt/archives/*.deb
    # The same answers whichever machine this was made on; nobody logs in.
    echo kagami-test > "$base/etc/hostname"
    echo "127.0.0.1 localhost kagami-test" > "$base/etc/hosts"
    : > "$base/etc/machine-id"
    touch "$base/.made"
fi
touch "$base"
forget $suite "$(basename "$base")"
[ "${1:-}" = kagami ] || { echo "$base"; exit; }

version=$(sed -n 's/^__version__ = "\(.*\)"/\1/p' appliance/__init__.py)
made=$(cat requirements.txt requirements-openvino.txt setup.cfg deploy/setup.sh deploy/root.sh appliance/__init__.py | cksum | cut -d' ' -f1)
layer=$cache/roots/kagami-$made-$(basename "$base")
[ -e "$layer/.made" ] || alone
if [ ! -e "$layer/.made" ]; then
    say "installing Kagami $version into a root, once (about a minute, 400 MB)"
    wheels=$cache/wheels/cp311
    root=$layer.root
    rm -rf "$layer" "$layer.work" "$root"
    mkdir -p "$layer" "$layer.work" "$root" "$wheels"
    for pins in requirements requirements-openvino; do
        .venv/bin/python -m pip download -q --disable-pip-version-check -d "$wheels" -r $pins.txt >&2
    done
    mount -t overlay kagami "$root" -o "lowerdir=$base,upperdir=$layer,workdir=$layer.work"
    tree=/opt/kagami/versions/$version
    mkdir -p "$root$tree" "$root/wheels"
    mount --bind "$wheels" "$root/wheels"
    git ls-files -z | tar -c --null -T - | tar -x -C "$root$tree"
    inside "$root" "$tree/deploy/setup.sh"
    touch "$root$tree/.complete"
    ln -s "versions/$version" "$root/opt/kagami/current"
    umount "$root/wheels"
    rmdir "$root/wheels"
    umount "$root/proc" "$root/dev" "$root"
    rmdir "$root"
    rm -rf "$layer.work"
    touch "$layer/.made"
fi
touch "$layer"
forget kagami "$(basename "$layer")"
echo "$layer:$base"
