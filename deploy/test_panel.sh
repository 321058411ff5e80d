#!/bin/sh
# Do in a real browser what a user does with the panel, while a real tracker sees the drawn clip.
# $SHOTS: a folder for pictures of every view.
set -eu
cd "$(dirname "$0")/.."

fail() { echo "kagami: error: $1" >&2; exit 69; }

apt() {
    if [ "$(id -u)" = 0 ]; then env DEBIAN_FRONTEND=noninteractive apt-get "$@"
    else sudo env DEBIAN_FRONTEND=noninteractive apt-get "$@"; fi
}

deploy/setup.sh
if ! command -v chromium >/dev/null || ! fc-list :lang=ja 2>/dev/null | grep -q .; then
    command -v apt-get >/dev/null || fail "chromium: it is not here; install it and fonts for Japanese"
    apt update -q
    apt install -q -y --no-install-recommends chromium fonts-noto-cjk fontconfig
fi
command -v npm >/dev/null || fail "npm: it is not here; install Node.js 20 or newer with npm"
cd tests/browser
[ -e node_modules/.package-lock.json ] || npm ci --no-audit --no-fund
cd ../..
mkdir -p build
node --test --test-concurrency=1 --test-reporter=spec tests/browser/*.test.mjs
