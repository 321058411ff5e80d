#!/bin/sh
# What can be known of the engines without a GPU: the networks keep to the Nano's parser, NVIDIA's parser and builder
# take them, and half precision keeps them within their tolerances. What was printed is kept in
# benchmarks/results/engines.md.
set -eu
cd "$(dirname "$0")/.."
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1

deploy/setup.sh test
made=$(cat requirements-engines.txt | cksum)
if [ "$(cat .venv-engines/.made 2>/dev/null)" != "$made" ]; then
    echo "kagami: installing NVIDIA's parser into .venv-engines (367 MB)"
    "${PYTHON:-python3}" -m venv --clear .venv-engines
    .venv-engines/bin/python -m pip install -q --disable-pip-version-check -r requirements-engines.txt
    echo "$made" > .venv-engines/.made
fi

out=$(mktemp)
trap 'rm -f "$out" "$out.part"' EXIT
failed=0

run() {      # PYTHON WORDS...: do a command of ours and keep what it prints
    python=$1; shift
    printf '\n## `python %s`\n\n```\n' "$*" >> "$out"
    status=0
    "$python" "$@" > "$out.part" 2>&1 || status=$?
    tee -a "$out" < "$out.part"
    printf '```\n' >> "$out"
    [ $status = 0 ] || { failed=1; printf '\nIt ended with %s.\n' "$status" >> "$out"; }
}

printf '# Engines, without a GPU\n\nWritten by `make test-engines` on %s, commit %s.\n' "$(date +%F)" \
    "$(git rev-parse --short HEAD)" >> "$out"
run .venv/bin/python -m engines.operators engines/*.onnx
run .venv-engines/bin/python -m engines.training.parsed
run .venv/bin/python -m engines.training.half
cp "$out" benchmarks/results/engines.md
echo "kagami: kept in benchmarks/results/engines.md"
exit $failed
