#!/bin/sh
# Make the environment that trains (.venv-training) and one with MediaPipe (~/.cache/kagami/mediapipe), and run the tests
# of the training there; one that is passed over has failed.
#   deploy/test_training.sh                                        all of tests/training
#   deploy/test_training.sh tests/training/test_together.py        a part
set -eu
cd "$(dirname "$0")/.."
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
DATA=${KAGAMI_DATA:-../shared/data}

fail() { echo "kagami: error: $1" >&2; exit "${2:-69}"; }

apt() {
    if [ "$(id -u)" = 0 ]; then env DEBIAN_FRONTEND=noninteractive apt-get "$@"
    else sudo env DEBIAN_FRONTEND=noninteractive apt-get "$@"; fi
}

has_egl() { ldconfig -p | grep -q 'libEGL\.so\.1' && ldconfig -p | grep -q 'libEGL_mesa\.so\.0\|libEGL_nvidia\.so\.0'; }

began=$(date +%s)
python=${PYTHON:-python3} packages=
has_egl || packages="libegl1 libgl1 libgl1-mesa-dri"        # what draws heads
command -v xvfb-run >/dev/null || packages="$packages xvfb xauth"       # where the viewer's window opens
"$python" -c "import tkinter" 2>/dev/null || packages="$packages python3-tk"
if [ -n "$packages" ]; then
    command -v apt-get >/dev/null || fail "packages are missing and there is no apt-get: $packages; install what is like them"
    apt update -q
    # shellcheck disable=SC2086  # words are wanted
    apt install -q -y --no-install-recommends $packages
fi
"$python" -c "import sys; sys.exit(sys.version_info < (3, 11))" ||
    fail "$("$python" -V): training wants 3.11 or newer; name one with PYTHON=python3.12"
made=$(cat requirements.txt requirements-test.txt engines/training/requirements.txt | cksum)
if [ "$(cat .venv-training/.made 2>/dev/null)" != "$made" ]; then
    echo "kagami: installing torch and the renderer into .venv-training"
    "$python" -m venv --clear .venv-training
    .venv-training/bin/python -m pip install -q --disable-pip-version-check -r engines/training/requirements.txt
    echo "$made" > .venv-training/.made
fi
.venv-training/bin/python -c "from engines.training.sources import with_mediapipe; with_mediapipe()" ||
    fail "mediapipe: it could not be installed; it takes Python 3.9 to 3.12, name one with PYTHON=python3.12"
[ -e "$DATA/train/ict_face.npz" ] || fail "$DATA/train/ict_face.npz: it is not there; make it with .venv-training/bin/python \
-m engines.training prepare --face-model FaceXModel --portraits FOLDER --backgrounds FOLDER --data DATA/train --material \
MATERIAL, and name DATA as KAGAMI_DATA" 66
installed=$(date +%s)
[ $# -gt 0 ] || set -- tests/training
failed=0
.venv-training/bin/python -m pytest -q -p no:cacheprovider --none-skipped "$@" || failed=1
echo "kagami: $((installed - began)) s to install, $(($(date +%s) - installed)) s of tests"
exit $failed
