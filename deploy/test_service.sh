#!/bin/sh
# Boot a Debian of our own in a container, whose systemd runs Kagami, and do to it what happens to a box. What is
# missing is installed first, and none of these tests may be passed over.
#   deploy/test_service.sh [WORDS FOR PYTEST]
set -eu
cd "$(dirname "$0")/.."
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

fail() { echo "kagami: error: test-service: $1" >&2; exit 69; }

[ "$(id -u)" = 0 ] || fail "a container takes root; try: sudo make test-service"
deploy/setup.sh test
for program in debootstrap systemd-nspawn systemd-analyze nsenter setpriv ip shellcheck avahi-daemon \
        avahi-resolve dbus-daemon; do
    command -v "$program" >/dev/null || missing="${missing:-} $program"
done
ls /usr/lib/*/faketime/libfaketime.so.1 >/dev/null 2>&1 || missing="${missing:-} libfaketime"
if [ -n "${missing:-}" ]; then
    command -v apt-get >/dev/null || fail "not here and no apt-get to install it:$missing"
    echo "kagami: installing what is not here:$missing"
    apt-get update -q
    env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends debootstrap systemd \
        systemd-container util-linux iproute2 shellcheck avahi-daemon avahi-utils dbus libfaketime
fi
deploy/root.sh kagami > /dev/null
[ $# -gt 0 ] || set -- tests/service tests/test_install.py
# Interrupted, not ended: so that the machines are taken down.
exec timeout -s INT -k 60 2400 .venv/bin/python -m pytest -q -s --none-skipped -p no:cacheprovider "$@"
