#!/bin/sh
# Have programs and libraries that nobody here wrote read what Kagami sends; what is missing is
# installed first, and none of these tests may be passed over.
set -eu
cd "$(dirname "$0")/.."
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

[ "$(id -u)" = 0 ] || {
    echo "kagami: error: test-wires: its machines are network namespaces, which takes root;" \
        "try: sudo make test-wires" >&2
    exit 69
}
deploy/setup.sh wires
exec timeout 900 .venv/bin/python -m pytest -q --none-skipped tests/foreign \
    tests/network/test_discovery.py tests/network/test_oscquery.py -p no:cacheprovider
