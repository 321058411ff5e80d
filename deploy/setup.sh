#!/bin/sh
# Install what Kagami needs: GStreamer from the system, a virtual environment with the pinned packages.
#   deploy/setup.sh                       .venv, to run
#   deploy/setup.sh test                  .venv, to run the tests as well
#   deploy/setup.sh test36 PYTHON         .venv36 made with that Python 3.6, for the tests
#   deploy/setup.sh wires                 .venv for the tests, and what others wrote that reads our wires
#   deploy/setup.sh lacking               only name the packages of the system that are missing
#   deploy/setup.sh system                only install those
# A second call finds its stamp and is done at once. Where a folder `wheels` lies here (an unpacked bundle),
# Python packages come from it and nothing is fetched but missing packages of the system.
set -eu
cd "$(dirname "$0")/.."

SYSTEM_PYTHON=/usr/bin/python3       # not the first on the path: GStreamer's bindings belong to this one
PACKAGES="python3-gi python3-venv gir1.2-gstreamer-1.0 gir1.2-gst-plugins-base-1.0
    gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-libav"

fail() { echo "kagami: error: $1" >&2; exit 69; }

if [ -d wheels ]; then      # from a bundle: what pip wants lies here, and nowhere else is asked
    export PIP_NO_INDEX=1 PIP_FIND_LINKS=wheels PIP_CONFIG_FILE=/dev/null
fi

# pip for Python 3.6 wants distutils, most of which Ubuntu keeps in a package of its own; setuptools has it as well.
lend_distutils() {
    "$SYSTEM_PYTHON" -c "import distutils" 2>/dev/null || return 0      # Python 3.12 and newer: nobody wants it
    ! "$SYSTEM_PYTHON" -c "import distutils.cmd" 2>/dev/null || return 0
    wheel=$(ls wheels/setuptools-*.whl 2>/dev/null) || return 0
    lent=$(mktemp -d)
    trap 'rm -rf "$lent"' EXIT
    "$SYSTEM_PYTHON" -m zipfile -e "$wheel" "$lent/all"
    mv "$lent/all/setuptools/_distutils" "$lent/distutils"
    rm -rf "$lent/all"
    export PYTHONPATH="$lent"
}

# What is not here of PACKAGES, a line each: its name and "needed", or "useful" where cameras do without it.
lacking() {
    # shellcheck disable=SC2086  # a word each
    [ -x "$SYSTEM_PYTHON" ] || { printf '%s needed\n' $PACKAGES; return; }
    "$SYSTEM_PYTHON" - "$(ls wheels/pip-*.whl 2>/dev/null)" <<'PYTHON'
import subprocess, sys
NEEDED = {"gstreamer1.0-plugins-base": "appsink decodebin videoconvert",
          "gstreamer1.0-plugins-good": "jpegdec v4l2src videoflip"}
USEFUL = {"gstreamer1.0-plugins-base": "fdsrc", "gstreamer1.0-plugins-good": "qtdemux",
          "gstreamer1.0-plugins-bad": "jpegparse rawvideoparse", "gstreamer1.0-libav": "avdec_h264 avdec_mpeg4"}

def there(name, version="1.0"):
    try:
        import gi
        gi.require_version(name, version)
        return True
    except (ImportError, ValueError):
        return False

def installed(name):
    """What dpkg says, where GStreamer cannot be asked."""
    try:
        told = subprocess.check_output(["dpkg-query", "-W", "-f", "${Status}", name], stderr=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError):
        return False
    return told.endswith(b" installed")

def without(packages):
    """Those of the packages of which an element is missing."""
    if not there("Gst"):
        return [name for name in packages if not installed(name)]
    from gi.repository import Gst
    Gst.init(None)
    return [name for name in packages if not all(map(Gst.ElementFactory.find, packages[name].split()))]

lacks = without(NEEDED)
try:
    import gi
except ImportError:
    lacks.append("python3-gi")
for name, typelibs in ("gir1.2-gstreamer-1.0", ["Gst"]), ("gir1.2-gst-plugins-base-1.0", ["GstApp", "GstVideo"]):
    if not all(map(there, typelibs)) and not ("python3-gi" in lacks and installed(name)):
        lacks.append(name)
try:
    import ensurepip, venv
except ImportError:     # a pip that lies here as a wheel does as well
    lacks += [] if sys.argv[1] else ["python3-venv"]
for name in lacks:
    print(name, "needed")
for name in without(USEFUL):
    if name not in lacks:
        print(name, "useful")
PYTHON
}

apt() {
    if [ "$(id -u)" = 0 ]; then env DEBIAN_FRONTEND=noninteractive apt-get "$@"
    else sudo env DEBIAN_FRONTEND=noninteractive apt-get "$@"; fi
}

of_kind() { echo "$1" | sed -n "s/ $2\$//p" | tr '\n' ' ' | sed 's/ $//'; }

install_system() {
    all=$(lacking) why=
    [ -n "$all" ] || return 0
    packages="$(of_kind "$all" needed) $(of_kind "$all" useful)"
    # A bundle is for where there is no network: what can be done without is only named.
    if [ -d wheels ] && [ -z "$(of_kind "$all" needed)" ]; then :
    elif ! command -v apt-get >/dev/null; then why="no apt-get here"
    elif [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then why="installing them takes root"
    else
        echo "kagami: installing $packages"
        # A repository that does not answer is no reason to stop: the packages may be known already.
        apt update -qq >/dev/null 2>&1 || :
        # shellcheck disable=SC2086  # words are wanted
        why=$(apt install -qq -y --no-install-recommends $packages 2>&1 >/dev/null | sed -n 's/^E: //p' | head -n 1)
        why=${why:-they do not help} all=$(lacking)
    fi
    needed=$(of_kind "$all" needed) useful=$(of_kind "$all" useful)
    [ -z "$needed" ] || fail "GStreamer: packages are missing: $why; with a network run: sudo apt-get install $needed $useful"
    [ -z "$useful" ] || echo "kagami: without these some video files do not play: sudo apt-get install $useful"
}

# A second OSC reader, and what makes stand-ins for a Jetson's elements; the tests do without where they must.
install_test_tools() {
    command -v oscdump >/dev/null && command -v gcc >/dev/null && pkg-config --exists gstreamer-base-1.0 2>/dev/null &&
        return
    command -v apt-get >/dev/null && apt update -q &&
        apt install -q -y --no-install-recommends liblo-tools gcc libc6-dev pkg-config libgstreamer1.0-dev ||
        echo "kagami: no liblo-tools, gcc or libgstreamer1.0-dev: their tests are passed over"
}

install_readers() {      # programs and libraries of others, for tests/foreign
    for program in tshark dumpcap oscdump avahi-browse avahi-daemon dbus-daemon ip unshare node npm; do
        command -v "$program" >/dev/null || missing="${missing:-} $program"
    done
    if [ -n "${missing:-}" ]; then
        command -v apt-get >/dev/null || fail "test-wires: not here and no apt-get to install it:$missing"
        echo "kagami: installing what is not here:$missing"
        apt update -q
        case "$missing" in *node*|*npm*) node=1 ;; *) node= ;; esac
        apt install -q -y --no-install-recommends tshark liblo-tools avahi-utils avahi-daemon dbus iproute2 \
            util-linux ${node:+nodejs npm}
    fi
    made=$(cksum < tests/foreign/package-lock.json)
    [ "$(cat tests/foreign/node_modules/.made 2>/dev/null)" = "$made" ] && return
    echo "kagami: installing the pinned libraries of Node.js into tests/foreign/node_modules"
    (cd tests/foreign && npm ci --silent --omit=optional --ignore-scripts --no-audit --no-fund)
    echo "$made" > tests/foreign/node_modules/.made
}

install_openvino() {      # 60 MB to fetch, 180 MB on the disk: only where it is twice as fast
    [ ! -d wheels ] || ls wheels/openvino-* >/dev/null 2>&1 || return 0
    grep -qsE '^flags.* (amx_bf16|avx512_bf16)' /proc/cpuinfo || return 0
    made=$(stamp .venv requirements-openvino.txt)
    [ "$(cat .venv/.made-openvino 2>/dev/null)" = "$made" ] && return
    echo "kagami: installing OpenVINO into .venv, for this processor's bf16"
    .venv/bin/python -m pip install -q --disable-pip-version-check --no-deps -r requirements-openvino.txt
    echo "$made" > .venv/.made-openvino
}

# stamp FOLDER FILE...: what FOLDER was made from; it changes with the pins and with Python.
stamp() { folder=$1; shift; { "$folder/bin/python" -V; pwd; cat "$@" setup.cfg deploy/setup.sh; } 2>/dev/null | cksum; }

make_venv() {      # FOLDER PYTHON OPTION...
    folder=$1 python=$2
    shift 2
    "$folder/bin/python" -c "import pip" 2>/dev/null && return
    if "$python" -c "import ensurepip" 2>/dev/null; then "$python" -m venv --clear "$@" "$folder"
    else        # a wheel of pip can be run as it is
        "$python" -m venv --clear --without-pip "$@" "$folder"
        PYTHONPATH=$(ls wheels/pip-*.whl)${PYTHONPATH:+:$PYTHONPATH} "$folder/bin/python" -m pip install -q \
            --disable-pip-version-check --ignore-installed pip setuptools wheel
    fi
    case $("$folder/bin/python" -V 2>&1) in "Python 3.6."*)
        # The pip that comes with Python 3.6 does not know the wheels of the pins.
        "$folder/bin/python" -m pip install -q --disable-pip-version-check pip==21.3.1 setuptools==59.6.0 wheel==0.37.1
        # On a Nano's processor numpy 1.19 ends at its import (illegal instruction) unless it is told which one it is.
        [ "$(uname -m)" != aarch64 ] ||
            echo 'import os; os.environ.setdefault("OPENBLAS_CORETYPE", "ARMV8")' \
                > "$folder/lib/python3.6/site-packages/kagami.pth"
    esac
}

# setuptools' own scripts look through all that is installed before they begin, a second and more on a Nano.
shorten() {      # FOLDER NAME MODULE
    first=$(head -n 1 "$1/bin/$2")
    printf '%s\nimport sys\nfrom %s import main\nsys.exit(main())\n' "$first" "$3" > "$1/bin/$2.new"
    chmod 755 "$1/bin/$2.new"
    mv "$1/bin/$2.new" "$1/bin/$2"
}

install_packages() {      # FOLDER REQUIREMENTS
    made=$(stamp "$1" requirements.txt "$2")
    [ "$(cat "$1/.made-$(basename "$2")" 2>/dev/null)" = "$made" ] && return
    echo "kagami: installing the pinned packages into $1"
    "$1/bin/python" -m pip install -q --disable-pip-version-check -r "$2"
    "$1/bin/python" -m pip install -q --disable-pip-version-check --no-deps -e .
    case $(head -n 1 "$1/bin/kagami") in "#!$(pwd)/$1/"*)      # no blank in it, which wants another first line
        shorten "$1" kagami appliance.cli
        shorten "$1" kagami-engines engines.first_run
    esac
    echo "$made" > "$1/.made-$(basename "$2")"
}

case "${1:-run}" in
lacking) lacking ;;
system) install_system ;;
run|test)
    install_system
    [ "${1:-run}" = run ] || install_test_tools
    lend_distutils
    make_venv .venv "$SYSTEM_PYTHON" --system-site-packages
    install_packages .venv "requirements$([ "${1:-run}" = run ] || echo -test).txt"
    install_openvino
    ;;
wires)
    "$0" test
    install_readers
    ;;
test36)
    make_venv .venv36 "$2"
    install_packages .venv36 requirements-test.txt
    ;;
esac
