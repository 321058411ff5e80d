#!/bin/sh
# Make what the tests boot or run in, once; as root. The last line tells what to mount as an overlay's lower folders.
#   deploy/root.sh            a Debian 12 with what Kagami needs of the system
#   deploy/root.sh kagami     on top of it, /opt/kagami/versions/VERSION/.venv as deploy/setup.sh makes it
#   deploy/root.sh tests      on top of it, /root/kagami/.venv for the tests, and what they use of the system
# KAGAMI_ROOT=bionic takes Ubuntu 18.04 instead, a Nano's own user land.
# They lie in ~/.cache/kagami/roots and are made anew when what they were made from has changed.
set -eu
cd "$(dirname "$0")/.."
suite=${KAGAMI_ROOT:-bookworm}
system=systemd,systemd-sysv,dbus,udev,kmod,procps,iproute2,netbase,ca-certificates
tools="git make libfaketime gdisk openssh-client wpasupplicant avahi-daemon avahi-utils gstreamer1.0-plugins-ugly"
cache=${XDG_CACHE_HOME:-$HOME/.cache}/kagami
case $suite in
bookworm) called="Debian 12" tag=cp311-$(uname -m) ;;
bionic) called="Ubuntu 18.04" tag=cp36-$(uname -m) ;;
*) echo "kagami: error: KAGAMI_ROOT=$suite: not known; give bookworm or bionic" >&2; exit 2 ;;
esac
wheels=$cache/wheels/$tag
mkdir -p "$cache/roots"

alone() {      # several of these tests may begin at a time
    exec 9> "$cache/roots/.lock-$suite"
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
        PIP_NO_INDEX=1 PIP_FIND_LINKS=/wheels PIP_NO_CACHE_DIR=0 chroot "$root" "$@" >&2
}

forget() {      # STEM KEPT: take away what was made from something else and not used for a week
    find "$cache/roots" -maxdepth 1 -name "$1-[0-9]*" ! -name "$2" -mtime +7 \
        -exec rm -rf --one-file-system {} +
}

ubuntu_keys() {      # path of the keys that Ubuntu's archive is signed with
    keys=/usr/share/keyrings/ubuntu-archive-keyring.gpg
    [ -e $keys ] && { echo $keys; return; }
    keys=$cache/ubuntu-archive-keyring.gpg
    [ -e "$keys" ] && { echo "$keys"; return; }
    # Debian 12 has no package of them, the one after it has: apt fetches and verifies that, aside from its own lists.
    private=$(mktemp -d)
    mkdir -p "$private/lists/partial"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian trixie main" \
        > "$private/sources.list"
    (
        cd "$private"
        set -- -qq -o APT::Sandbox::User=root -o Dir::Etc::SourceList="$private/sources.list" -o Dir::Etc::SourceParts=- \
            -o Dir::State::Lists="$private/lists" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=
        apt-get "$@" update
        apt-get "$@" download ubuntu-keyring
        dpkg-deb -x ubuntu-keyring_*.deb unpacked
    ) >&2
    cp "$private/unpacked/usr/share/keyrings/ubuntu-archive-keyring.gpg" "$keys.new"
    mv "$keys.new" "$keys"
    rm -rf "$private"
    echo "$keys"
}

no_starts() {      # ROOT: installing starts no service there, until /usr/sbin/policy-rc.d is taken away
    printf '#!/bin/sh\nexit 101\n' > "$1/usr/sbin/policy-rc.d"
    chmod +x "$1/usr/sbin/policy-rc.d"
}

bootstrap() {      # FOLDER: a bare system
    command -v debootstrap >/dev/null || apt-get -q -y --no-install-recommends install debootstrap >&2
    set -- --variant=minbase --include=$system "$suite" "$1"
    if [ "$suite" != bionic ]; then debootstrap "$@" >&2; return; fi
    keys=$(ubuntu_keys)
    debootstrap --components=main,universe --keyring="$keys" "$@" http://archive.ubuntu.com/ubuntu >&2
    # Python 3.6.9, GStreamer 1.14.5 and the systemd of a Nano came as updates.
    for pocket in bionic bionic-updates bionic-security; do
        echo "deb http://archive.ubuntu.com/ubuntu $pocket main universe"
    done > "$4/etc/apt/sources.list"
    inside "$4" apt-get -q update
    inside "$4" apt-get -q -y dist-upgrade
}

made=$({ echo $system; grep -oE '(gstreamer1\.0|gir1\.2|python3)-[a-z0-9.-]+' deploy/setup.sh | sort -u; } | cksum | cut -d' ' -f1)
base=$cache/roots/$suite-$made
[ -e "$base/.made" ] || alone
if [ ! -e "$base/.made" ]; then
    say "making a root of $called in $base, once (about two minutes, 900 MB)"
    rm -rf --one-file-system "$base"
    bootstrap "$base"
    no_starts "$base"
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
forget "$suite" "$(basename "$base")"

into() {      # FOLDER SETUP'S WORD: the tracked files as they are now, and their environment
    mkdir -p "$root$1"
    git ls-files -z | tar -c --null -T - | tar -x -C "$root$1"
    inside "$root" "$1/deploy/setup.sh" "$2"
}

layer() {      # KIND PINS [PACKAGES]: over the base, packages of the system and what make_KIND does to $root
    # shellcheck disable=SC2086
    made=$({ cat $2 setup.cfg deploy/setup.sh deploy/root.sh appliance/__init__.py; printf %s "${3:-}"; } | cksum | cut -d' ' -f1)
    layer=$cache/roots/$1-$made-$(basename "$base")
    [ -e "$layer/.made" ] || alone
    if [ ! -e "$layer/.made" ]; then
        say "installing Kagami into a root of $called, once (about a minute, 400 MB)"
        root=$layer.root
        rm -rf "$layer" "$layer.work" "$root"
        mkdir -p "$layer" "$layer.work" "$root"
        # shellcheck disable=SC2086  # files, packages: a word each
        .venv/bin/python deploy/bundle.py --for "$tag" --fetch $2 >&2
        mount -t overlay kagami "$root" -o "lowerdir=$base,upperdir=$layer,workdir=$layer.work"
        mkdir "$root/wheels"
        mount --bind "$wheels" "$root/wheels"
        # shellcheck disable=SC2086
        [ -z "${3:-}" ] || { no_starts "$root"
            inside "$root" apt-get -q update
            inside "$root" apt-get -q -y --no-install-recommends install $3
            rm "$root/usr/sbin/policy-rc.d"; }
        "make_$1"
        umount "$root/wheels"
        rmdir "$root/wheels"
        umount "$root/proc" "$root/dev" "$root"
        rmdir "$root"
        rm -rf "$layer.work"
        touch "$layer/.made"
    fi
    touch "$layer"
    forget "$1" "$(basename "$layer")"
    echo "$layer:$base"
}

make_kagami() {
    version=$(sed -n 's/^__version__ = "\(.*\)"/\1/p' appliance/__init__.py)
    into "/opt/kagami/versions/$version" run
    touch "$root/opt/kagami/versions/$version/.complete"
    ln -s "versions/$version" "$root/opt/kagami/current"
}

make_tests() { into /root/kagami test; }

case ${1:-} in
kagami) layer kagami "requirements.txt requirements-openvino.txt" ;;
tests) layer tests "requirements.txt requirements-openvino.txt requirements-test.txt" "$tools" ;;
*) echo "$base" ;;
esac
