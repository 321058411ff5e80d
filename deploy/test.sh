#!/bin/sh
# Run the tests on the system's Python and, where one is found, on 3.6, the oldest that is supported.
set -eu
cd "$(dirname "$0")/.."
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

python36() {
    for python in $(command -v python3.6) "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.6*/bin/python3.6; do
        "$python" -c "" 2>/dev/null && echo "$python" && return
    done
}

deploy/setup.sh test
[ -d "${KAGAMI_DATA:-../shared/data}/clips" ] ||
    echo "kagami: no ../shared/data (or \$KAGAMI_DATA) here: the tests on real clips are passed over"
echo "kagami: tests on $(.venv/bin/python -V)"
failed=0
timeout 1800 .venv/bin/python -m pytest -q || failed=1

old=$(python36 || true)
if [ -n "$old" ]; then
    deploy/setup.sh test36 "$old"
    echo "kagami: tests on $(.venv36/bin/python -V)"
    timeout 1500 .venv36/bin/python -m pytest -q -p no:cacheprovider || failed=1
else
    echo "kagami: no Python 3.6 here (python3.6 on the path, or pyenv's): the tests on it are passed over"
fi
exit $failed
