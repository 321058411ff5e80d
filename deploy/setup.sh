#!/bin/sh
# Install what Kagami needs: GStreamer from the system, a virtual environment with the pinned packages.
#   deploy/setup.sh                       .venv, to run
#   deploy/setup.sh test                  .venv, to run the tests as well
#   deploy/setup.sh test36 PYTHON         .venv36 made with that Python 3.6, for the tests
#   deploy/setup.sh system                GStreamer from the system alone
#   deploy/setup.sh wires                 .venv for the tests, and what others wrote that reads our wires
# A second call finds its stamp and is done at once.
set -eu
cd "$(dirname "$0")/.."

SYSTEM_PYTHON=/usr/bin/python3       # not the first on the path: GStreamer's bindings belong to this one
PACKAGES="python3-gi python3-gst-1.0 python3-venv gir1.2-gstreamer-1.0 gir1.2-gst-plugins-base-1.0
    gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-libav"

fail() { echo "kagami: error: $1" >&2; exit 69; }

# Each step pairs a check with what mends it, so that nothing is fetched that is there.
system_is_ready() {
    [ -x "$SYSTEM_PYTHON" ] && "$SYSTEM_PYTHON" - 2>/dev/null <<'PYTHON'
import ensurepip, gi, venv
for name in ("Gst", "GstApp", "GstVideo"):
    gi.require_version(name, "1.0")
from gi.repository import Gst, GstApp, GstVideo
Gst.init(None)
needed = "appsink decodebin fdsrc jpegdec jpegparse qtdemux rawvideoparse v4l2src videoconvert videoflip avdec_h264 avdec_mpeg4"
raise SystemExit(not all(Gst.ElementFactory.find(name) for name in needed.split()))
PYTHON
}

apt() {
    if [ "$(id -u)" = 0 ]; then env DEBIAN_FRONTEND=noninteractive apt-get "$@"
    else sudo env DEBIAN_FRONTEND=noninteractive apt-get "$@"; fi
}

install_system() {
    system_is_ready && return
    command -v apt-get >/dev/null || fail "GStreamer: its Python bindings are not here; install: $(echo $PACKAGES)"
    [ "$(id -u)" = 0 ] || command -v sudo >/dev/null ||
        fail "GStreamer: installing it takes root; as root run: apt-get install $(echo $PACKAGES)"
    echo "kagami: installing GStreamer (about 100 MB)"
    apt update -q
    apt install -q -y --no-install-recommends $PACKAGES
    system_is_ready || fail "GStreamer: it does not load after its installation; try: gst-inspect-1.0 decodebin"
}

install_test_tools() {      # a second OSC reader and systemd's ear; the tests do without where they must
    command -v oscdump >/dev/null && "$SYSTEM_PYTHON" -c "import systemd.daemon" 2>/dev/null && return
    command -v apt-get >/dev/null && apt update -q &&
        apt install -q -y --no-install-recommends liblo-tools python3-systemd ||
        echo "kagami: no liblo-tools or python3-systemd: their tests are passed over"
}

install_readers() {      # programs and libraries of others, for tests/foreign
    for program in tshark dumpcap oscdump avahi-browse avahi-daemon dbus-daemon ip unshare node npm; do
        command -v "$program" >/dev/null || missing="${missing:-} $program"
    done
    if [ -n "${missing:-}" ]; then
        command -v apt-get >/dev/null || fail "test-wires: not here and no apt-get to install it:$missing"
        echo "kagami: installing what is not here:$missing"
        apt update -q
        case "$missing" in *node*|*npm*) node="nodejs npm" ;; *) node= ;; esac
        apt install -q -y --no-install-recommends tshark liblo-tools avahi-utils avahi-daemon dbus iproute2 \
            util-linux $node
    fi
    made=$(cat tests/foreign/package-lock.json | cksum)
    [ "$(cat tests/foreign/node_modules/.made 2>/dev/null)" = "$made" ] && return
    echo "kagami: installing the pinned libraries of Node.js into tests/foreign/node_modules"
    (cd tests/foreign && npm ci --silent --omit=optional --ignore-scripts --no-audit --no-fund)
    echo "$made" > tests/foreign/node_modules/.made
}

install_openvino() {      # 60 MB to fetch, 180 MB on the disk: only where it is twice as fast
    grep -qsE '^flags.* (amx_bf16|avx512_bf16)' /proc/cpuinfo || return 0
    made=$(stamp .venv requirements-openvino.txt)
    [ "$(cat .venv/.made-openvino 2>/dev/null)" = "$made" ] && return
    echo "kagami: installing OpenVINO into .venv, for this processor's bf16"
    .venv/bin/python -m pip install -q --disable-pip-version-check --no-deps -r requirements-openvino.txt
    echo "$made" > .venv/.made-openvino
}

# stamp FOLDER FILE...: what FOLDER was made from; it changes with the pins and with Python.
stamp() { folder=$1; shift; { "$folder/bin/python" -V; pwd; cat "$@" setup.cfg deploy/setup.sh; } 2>/dev/null | cksum; }

install_packages() {      # FOLDER REQUIREMENTS
    made=$(stamp "$1" requirements.txt "$2")
    [ "$(cat "$1/.made-$(basename "$2")" 2>/dev/null)" = "$made" ] && return
    echo "kagami: installing the pinned packages into $1"
    "$1/bin/python" -m pip install -q --disable-pip-version-check -r "$2"
    "$1/bin/python" -m pip install -q --disable-pip-version-check --no-deps -e .
    echo "$made" > "$1/.made-$(basename "$2")"
}

case "${1:-run}" in
system)
    install_system
    ;;
run|test)
    install_system
    [ "${1:-run}" = run ] || install_test_tools
    .venv/bin/python -c "import pip" 2>/dev/null || "$SYSTEM_PYTHON" -m venv --clear --system-site-packages .venv
    install_packages .venv "requirements$([ "${1:-run}" = run ] || echo -test).txt"
    install_openvino
    ;;
wires)
    "$0" test
    install_readers
    ;;
test36)
    .venv36/bin/python -c "import pip" 2>/dev/null || {
        "$2" -m venv --clear .venv36
        # The pip that comes with Python 3.6 does not know the wheels of the pins.
        .venv36/bin/python -m pip install -q --disable-pip-version-check pip==21.3.1 setuptools==59.6.0 wheel==0.37.1
    }
    install_packages .venv36 requirements-test.txt
    ;;
esac
