#!/bin/sh
# Run the tests in a Nano's own user land, Ubuntu 18.04 with Python 3.6.9, GStreamer 1.14.5 and systemd 237; as root.
#   deploy/test_bionic.sh                            both:
#   deploy/test_bionic.sh suite [WORDS FOR PYTEST]   the suite, on that system's Python
#   deploy/test_bionic.sh service [WORDS]            what its systemd makes of the service; none of it may be passed over
set -eu
cd "$(dirname "$0")/.."
export KAGAMI_ROOT=bionic

# shellcheck disable=SC2016  # it is for the shell that is alone
# FOLDER LOWER DATA WORDS...: the suite in what lies in LOWER, with what is written there going to FOLDER.
SUITE='
    root=$1/root tree=$1/root/root/kagami data=$3
    mkdir "$root" "$1/upper" "$1/work"
    mount -t overlay kagami "$root" -o "lowerdir=$2,upperdir=$1/upper,workdir=$1/work"
    shift 3
    find "$tree" -mindepth 1 -maxdepth 1 ! -name .venv ! -name "*.egg-info" -exec rm -rf {} +
    git ls-files -z -co --exclude-standard | tar -c --null --ignore-failed-read -T - 2>/dev/null |
        tar -x --no-same-owner -C "$tree"
    mount -t proc proc "$root/proc"
    mount --rbind /sys "$root/sys"
    mount --rbind /dev "$root/dev"
    mkdir -p "$root/root/shared/data"
    if [ -d "$data" ]; then
        mount --bind "$data" "$root/root/shared/data"
        mount -o remount,bind,ro "$root/root/shared/data"
    fi
    # Of a root by chroot nobody may make user namespaces.
    cd "$root"
    pivot_root . mnt
    chroot . env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 HOME=/root \
        OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 sh -euc "
            umount -l /mnt
            cd /root/kagami
            git init -q
            git add -A
            git -c user.name=test -c user.email=test@localhost commit -q -m test
            echo \"kagami: tests on \$(.venv/bin/python -V)\"
            exec timeout 3000 .venv/bin/python -m pytest -q -p no:cacheprovider \"\$@\"" sh "$@"
'

suite() {
    lower=$(deploy/root.sh tests)
    folder=$(mktemp -d)
    # What was mounted is gone with its processes.
    trap 'rm -rf --one-file-system "$folder"' EXIT
    data=$(readlink -f "${KAGAMI_DATA:-../shared/data}" || :)
    [ -d "$data/clips" ] || echo "kagami: no ../shared/data (or \$KAGAMI_DATA) here: the tests on real clips are passed over"
    setpriv --pdeathsig KILL unshare -m -p -f --kill-child sh -euc "$SUITE" sh "$folder" "${lower##*
}" "$data" "$@"
}

service() {
    [ $# -gt 0 ] || set -- tests/service
    deploy/test_service.sh "$@"
}

if [ "$(id -u)" != 0 ]; then
    echo "kagami: error: test-bionic: a root of another system takes root; try: sudo make test-bionic" >&2
    exit 69
fi
deploy/setup.sh test
case ${1:-} in
suite|service) "$@" ;;
*) suite "$@"; service "$@" ;;
esac
