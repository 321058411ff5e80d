#!/bin/sh
# Put into `bundle` what kagami-engines builds pycuda from where there is no network: its source, and what it
# needs at run time. The versions are the last for Python 3.6; TensorRT 8.2 asks for a pycuda before 2021.1.
set -eu
cd "$(dirname "$0")/.."
deploy/setup.sh
python=.venv/bin/python
to=${1:-bundle}
mkdir -p "$to"
get() { "$python" -m pip download -q --disable-pip-version-check --no-deps --no-build-isolation -d "$to" "$@"; }
get --no-binary pycuda pycuda==2020.1
get --no-binary pytools pytools==2021.2.9
get --no-binary markupsafe markupsafe==2.0.1
get appdirs==1.4.4 decorator==5.1.1 mako==1.1.6 six==1.16.0      # pycuda imports six without asking for it
get --python-version 3.6 --only-binary :all: dataclasses==0.8
ls "$to"
