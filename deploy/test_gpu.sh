#!/bin/sh
# On a machine with a GPU of NVIDIA and TensorRT: build every engine and verify it, do on the real libraries what
# the tests do elsewhere on played ones, follow the clip on both backends, measure, and keep what was printed as
# benchmarks/results/gpu_NAME.md.
set -eu
cd "$(dirname "$0")/.."
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
CUDA=${CUDA_HOME:-/usr/local/cuda}

fail() { echo "kagami: error: test-gpu: $1" >&2; exit 69; }

gpu() {      # its name, or nothing
    nvidia-smi --query-gpu=name --format=csv,noheader 2>/dev/null | head -n 1 && return
    [ ! -e /dev/nvhost-gpu ] || tr -d '\0' < /proc/device-tree/model
}

name=$(gpu)
[ -n "$name" ] ||
    fail "no GPU of NVIDIA here (neither nvidia-smi nor /dev/nvhost-gpu); run it on a machine that has one"
python=.venv/bin/python
[ -x "$python" ] || python=/usr/bin/python3
"$python" -c "import tensorrt" 2>/dev/null ||
    fail "no TensorRT for $python; take JetPack's, or install tensorrt 8.6 or 10 for it"
deploy/setup.sh test
if ! .venv/bin/python -c "import pycuda.driver" 2>/dev/null; then
    [ -e "$CUDA/include/cuda.h" ] || fail "pycuda: no $CUDA/include/cuda.h to compile it with; install CUDA's headers"
    echo "kagami: compiling pycuda"
    CPATH=$CUDA/include LIBRARY_PATH=$CUDA/lib64:$CUDA/lib64/stubs PATH=$CUDA/bin:$PATH \
        .venv/bin/python -m pip install -q --disable-pip-version-check -r requirements-gpu.txt
fi

file=benchmarks/results/gpu_$(echo "$name" | tr -cs 'A-Za-z0-9\n' '_' | sed 's/_*$//').md
out=$(mktemp)
trap 'rm -f "$out"' EXIT
failed=0

run() {      # do a command of ours and keep what it prints
    printf '\n## `%s`\n\n```\n' "$*" >> "$out"
    status=0
    .venv/bin/python "$@" > "$out.part" 2>&1 || status=$?
    tee -a "$out" < "$out.part"
    rm -f "$out.part"
    printf '```\n' >> "$out"
    [ $status = 0 ] || { failed=1; printf '\nIt ended with %s.\n' "$status" >> "$out"; }
}

printf '# %s\n\nWritten by `make test-gpu` on %s, commit %s, %s.\n' "$name" "$(date +%F)" \
    "$(git rev-parse --short HEAD)" "$(.venv/bin/python -V)" >> "$out"
run -c "import tensorrt, pycuda; from appliance.backends import cuda; gpu = cuda.gpu(); print(
'TensorRT', tensorrt.__version__, 'pycuda', pycuda.VERSION_TEXT, 'CUDA', gpu.driver.get_driver_version(), gpu.kind)"
run build_engines.py --again
if grep -q '^\[fine\]' engines/manifest.ini; then run build_engines.py --again --models fine; fi
run build_engines.py --list
run -m pytest -q -p no:cacheprovider --none-skipped tests/backends/test_gpu.py
run -m pytest -q -p no:cacheprovider --none-skipped tests/fakes/test_tensorrt.py -k real
run -m engines.memory
run -m benchmarks backends
cp "$out" "$file"
echo "kagami: kept in $file"
exit $failed
