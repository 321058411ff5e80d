"""`kagami-engines`: pycuda is built where there is none, then the engines are.

There is no wheel of pycuda for a Nano, so the install bundle carries its source with the wheels of
what it needs, and it is compiled once, for the Python that runs this. Others say that a Nano takes
5 to 10 minutes for that; on a PC the compiler took 86 s of one core and 1.1 GB at its largest.
"""
import glob
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile

import build_engines
from appliance.backends import tensorrt
from appliance.errors import DataError, KagamiError, PartMissing
from appliance.terminal import write
from engines import sheet

ROOT = os.path.dirname(os.path.abspath(build_engines.__file__))
# An unpacked bundle carries pycuda's source among its wheels, deploy/pycuda.sh fills the other.
CARRIED = os.path.join(ROOT, "wheels"), os.path.join(ROOT, "bundle")
CUDA = ("/usr/local/cuda", "/usr/local/cuda-10.2")
MEMORY_MB = 1200        # what the compiler may take
TELLING = {"--list", "--help", "-h"}        # words that ask for no engine
PYCUDA = "--pycuda"     # pycuda alone, for a service whose user may not install it
NOTE = ("kagami: building pycuda, once: 5 to 10 minutes on a Nano as others tell, not measured by "
        "us, and up to %d MB of memory" % MEMORY_MB)
# pycuda's setup reads this from the home folder; random numbers on the GPU are not needed.
DEFAULTS = "CUDA_ROOT = %r\nCUDA_ENABLE_CURAND = False\n"


def main(words=None):
    """Build what is missing; the words are those of build_engines.py, or PYCUDA; the exit
    status."""
    words = list(sys.argv[1:] if words is None else words)
    try:
        if not TELLING & set(words):
            tensorrt.library()      # without it pycuda is built in vain
            _with_pycuda()
    except KagamiError as e:
        write("kagami: error: %s" % e)
        return e.status
    return 0 if PYCUDA in words else build_engines.main(words)


def _with_pycuda():
    """Build pycuda where there is none, and tell so on the sheet."""
    why = lacking()
    if not why:
        return
    told = sheet.Sheet(["pycuda"])
    told.mark("pycuda", "building", "pycuda, once")
    try:
        build_pycuda(why)
    except KagamiError as e:
        told.end(str(e))
        raise


def lacking():
    """Why pycuda cannot be had, "" where it can; a driver that it lacks is told by what needs
    it."""
    try:
        import pycuda.driver  # noqa: F401
    except ImportError as why:
        return "" if "libcuda" in str(why) else str(why)
    return ""


def build_pycuda(why="", folders=CARRIED):
    """Compile and install pycuda from the newest source in the first of some folders that has one,
    without a network.

    why: it is needed. PartMissing with what is missing for it; DataError where the compiler fails.
    """
    source, cuda = _source(folders, why), _cuda()
    _check_tools()
    write(NOTE)
    with tempfile.TemporaryDirectory() as home:
        with open(os.path.join(home, ".aksetup-defaults.py"), "w") as f:
            f.write(DEFAULTS % cuda)
        _run([sys.executable, "-m", "pip", "install", "--no-index", "--find-links",
              os.path.dirname(source), "--no-build-isolation", source,
              "six"],       # which it imports without asking for it
             dict(os.environ, HOME=home, PATH="%s/bin:%s" % (cuda, os.environ.get("PATH", "")),
                  CPATH=cuda + "/include", LIBRARY_PATH=cuda + "/lib64", MAX_JOBS="1"))


def _source(folders, why):
    for folder in folders:
        found = sorted(glob.glob(os.path.join(folder, "pycuda-*.tar.gz")))
        if found:
            return found[-1]
    raise PartMissing("pycuda", "%s, and no pycuda-*.tar.gz in %s" % (why, " or ".join(folders)),
                      "on a PC run deploy/pycuda.sh and copy the folder `bundle` here")


def _cuda():
    for folder in (os.environ.get("CUDA_ROOT"),) + CUDA:
        if folder and os.path.exists(os.path.join(folder, "include", "cuda.h")):
            return folder
    raise PartMissing("cuda.h", "CUDA's headers are not in %s" % " or ".join(CUDA),
                      "install cuda-toolkit-10-2 with apt, or set CUDA_ROOT")


def _check_tools():
    if not shutil.which("g++"):
        raise PartMissing("g++", "there is no compiler", "install build-essential with apt")
    header = os.path.join(sysconfig.get_paths()["include"], "Python.h")
    if not os.path.exists(header):
        raise PartMissing(header, "Python's headers are missing", "install python3-dev with apt")
    free = _free_mb()
    if free < MEMORY_MB:
        raise PartMissing("memory", "%d MB are free, compiling pycuda may take %d" % (
            free, MEMORY_MB), "end what else uses memory, a desktop first")


def _free_mb():
    """Memory and swap that can be had, MB; the kernel knows."""
    with open("/proc/meminfo") as f:
        rows = dict(line.split(":") for line in f)
    return sum(int(rows.get(key, "0").split()[0]) for key in ("MemAvailable", "SwapFree")) >> 10


def _run(command, environment):
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, universal_newlines=True)
    if done.returncode:
        lines = [line for line in done.stdout.splitlines() if "rror" in line] or ["no reason"]
        log = os.path.join(tempfile.gettempdir(), "kagami-pycuda.log")
        with open(log, "w") as f:
            f.write(done.stdout)
        raise DataError("pycuda", "it cannot be built (%s)" % lines[0].strip()[:160],
                        "see " + log)


if __name__ == "__main__":
    sys.exit(main())
