#!/bin/sh
# Make a card image as a user does, boot it in a board that QEMU plays, and do to it what happens to a box. The system
# on it is a Debian 12 for arm64 in place of the vendor's; the camera is the kernel's vivid, which plays our clip.
# What is missing is installed first; the Debian is made once (10 minutes) and kept in ~/.cache/kagami/roots.
#   deploy/test_image.sh [WORDS FOR PYTEST]      as root, on Debian; KAGAMI_CUTS=N for other than 20 power cuts
set -eu
cd "$(dirname "$0")/.."
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

fail() { echo "kagami: error: test-image: $1" >&2; exit 69; }
step() { echo "kagami: $1 ($(($(date +%s) - began)) s)"; }
began=$(date +%s)

[ "$(id -u)" = 0 ] || fail "making a Debian takes root; try: sudo make test-image"
deploy/setup.sh test
for program in qemu-system-aarch64 qemu-img qemu-aarch64-static update-binfmts debootstrap sgdisk mcopy mkfs.vfat \
    mke2fs xz ssh cpio depmod; do
    command -v "$program" >/dev/null || missing="${missing:-} $program"
done
[ -e /usr/lib/u-boot/qemu_arm64/u-boot.bin ] || missing="${missing:-} u-boot"
if [ -n "${missing:-}" ]; then
    command -v apt-get >/dev/null || fail "not here and no apt-get to install it:$missing"
    echo "kagami: installing what is not here:$missing"
    apt-get update -q
    env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends qemu-system-arm qemu-utils \
        qemu-user-static binfmt-support u-boot-qemu debootstrap gdisk mtools dosfstools e2fsprogs xz-utils \
        openssh-client cpio kmod
fi

cache=${XDG_CACHE_HOME:-$HOME/.cache}/kagami
root=$cache/roots/bookworm-arm64
step "a Debian 12 for arm64"
tests/image/root.sh "$root"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
step "a bundle of what is committed"
.venv/bin/python deploy/bundle.py --new-key "$work/release.key" > /dev/null
.venv/bin/python deploy/bundle.py --key "$work/release.key" --for cp311-aarch64 --to "$work" > "$work/bundle.txt" ||
    { cat "$work/bundle.txt"; exit 1; }
step "a card of both"
.venv/bin/python deploy/image.py "$root" "$work"/kagami-*.tar "$work/card.img"

step "the board"
[ $# -gt 0 ] || set -- tests/image
KAGAMI_CARD=$work/card.img .venv/bin/python -m pytest -q -s -x --none-skipped -p no:cacheprovider \
    -o faulthandler_timeout=0 "$@"
step "done"
