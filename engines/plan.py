"""Engine files: where they lie, what they are called, written whole or not at all, and told apart
from stale, foreign, truncated and corrupt ones.

A name carries all that an engine depends on:

    landmarks-7c15a871c422-trt8.2.1.8-sm53-fp16.engine
    NETWORK - first 12 digits of the ONNX file's SHA-256 - TensorRT - GPU - precision [- flags]

Flags are what it took: `cudnn`, `cublas+cudnn` (libraries whose kernels take part), `fp32x3`
(layers kept in FP32). The file is a line with the checksum of all that follows, a line of JSON
that tells what it is and how it was verified, then TensorRT's own bytes. Only an engine that was
verified is ever written, so one that reads well may be used.

To run a network, as the backend does:

    runtime.deserialize_cuda_engine(plan.best(network, trt.__version__, "sm53"))

This ends, as find() and read() do, with InputMissing (there is none) or DataError (there is one,
and what is wrong with it).
"""
import fcntl
import glob
import hashlib
import json
import os
import re
import shutil
from contextlib import contextmanager

from appliance import files
from appliance.errors import DataError, InputMissing, OutputError, PartMissing

MAGIC = b"KAGAMI-ENGINE 1 "
NAME = re.compile(r"(?P<network>.+)-(?P<onnx>[0-9a-f]{12})-trt(?P<tensorrt>\d[\w.]*)"
                  r"-(?P<gpu>sm\d+)-(?P<precision>fp16|fp32)(-(?P<flags>[\w+]+))?\.engine")
PRECISIONS = ("fp16", "fp32")       # the one to be preferred first
ROOM = 64 * 2 ** 20     # free bytes that a folder must have before minutes are spent on it
ELSEWHERE = "give a folder that this user can write with --folder"


def folder(given=None):
    """Where engines lie: `given`, else "engines" in the cache folder that systemd gives a service
    ($CACHE_DIRECTORY), else ~/.cache/kagami/engines."""
    cache = os.environ.get("CACHE_DIRECTORY", "").split(":")[0]
    return given or os.path.join(cache or os.path.expanduser("~/.cache/kagami"), "engines")


def path_of(network, tensorrt, gpu, precision, flags="", within=None):
    """The path of an engine.

    network: the manifest's record. tensorrt: its version, "8.2.1.8". gpu: "sm53". precision:
    "fp16" or "fp32". flags: words joined by "-" or "+". within: as for folder().
    """
    words = [network.name, network.sha256[:12], "trt" + tensorrt, gpu, precision]
    return os.path.join(folder(within), "-".join(words + [flags] * bool(flags)) + ".engine")


def cache_path(tensorrt, cuda, gpu, within=None):
    """The path of the timing cache: how long each kernel took is true of one TensorRT, CUDA and
    GPU."""
    name = "timing-trt%s-cuda%s-%s.cache" % (tensorrt, cuda, gpu)
    return os.path.join(folder(within), name)


def find(network, tensorrt, gpu, precision, within=None):
    """The path of the newest engine whose name fits; InputMissing where the network has none,
    DataError where it has others, with what does not fit."""
    wanted = _identity(network, tensorrt, gpu, precision)
    named = [(path, match.groupdict()) for path, match in _named(folder(within))
             if match.group("network") == network.name]
    for path, has in named:
        if not _differs(has, wanted):
            return path
    if not named:
        raise InputMissing("engine of " + network.name, "none in " + folder(within),
                           again(network.name))
    raise DataError(named[0][0], _differs(named[0][1], wanted), again(network.name))


def best(network, tensorrt, gpu, within=None):
    """TensorRT's bytes of a network's engine, in the best precision that there is a good file of;
    DataError where there are none but bad ones, InputMissing where there are none."""
    lacking = []
    for precision in PRECISIONS:
        try:
            path = find(network, tensorrt, gpu, precision, within)
            return read(path, network, tensorrt, gpu, precision)
        except (DataError, InputMissing) as why:
            lacking.append(why)
    raise next((why for why in lacking if isinstance(why, DataError)), lacking[0])


def read(path, network, tensorrt, gpu, precision):
    """TensorRT's bytes of an engine file that fits; InputMissing or DataError else, one line."""
    about, content = _opened(path)
    why = _differs(about, _identity(network, tensorrt, gpu, precision))
    if why:
        raise DataError(path, why, again(network.name))
    return content


def about(path):
    """What a whole file tells of itself, a dict; InputMissing or DataError else.

    network, onnx (SHA-256), tensorrt, cuda, gpu, device, precision, flags, fp32 (layers),
    workspace_mb, build_s, ms, size (bytes of the plan), difference {output: largest}, effects.
    """
    return _opened(path)[0]


def paths(within=None):
    """Paths of all engine files, the newest first."""
    return [path for path, _ in _named(folder(within))]


def write(path, about, content):
    """Write an engine under a temporary name, rename it when whole, then take away the file's
    predecessors: those of the same network, TensorRT, GPU and precision. OutputError where that
    is not possible; then the old one is still there."""
    told = json.dumps(dict(about, size=len(content)), sort_keys=True)
    rest = told.encode() + b"\n" + content
    files.write(path, b"%s%s\n%s" % (MAGIC, hashlib.sha256(rest).hexdigest().encode(), rest))
    for other, match in _named(os.path.dirname(path)):
        if other != path and _slot(match) == _slot(NAME.match(os.path.basename(path))):
            os.unlink(other)


@contextmanager
def held(within=None):
    """The folder, made, seen to be writable with room in it, and ours alone for the block.

    OutputError before any work is done. What was left half-written is taken away, be it by a power
    cut before or by a killed builder during the block.
    """
    path = folder(within)
    try:
        os.makedirs(path, exist_ok=True)
        lock = open(os.path.join(path, ".lock"), "w")
        free = shutil.disk_usage(path).free
    except OSError as why:
        raise OutputError(path, why.strerror, ELSEWHERE) from why
    with lock:
        _take(lock, path)
        if free < ROOM:
            raise OutputError(path, "only %d MB are free" % (free >> 20), "make room for 64 MB")
        _sweep(path)
        try:
            yield path
        finally:
            _sweep(path)


def _sweep(path):
    for name in os.listdir(path):
        if name.startswith(files.TEMPORARY):
            os.unlink(os.path.join(path, name))


def _take(lock, path):
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as why:
        raise PartMissing(path, "another program builds there", "wait until it has ended") from why


def again(name):
    """What to do about a network's engine that is not there or not good."""
    return "build it: kagami-engines --models %s" % name


def _slot(match):
    """What one file at a time may stand for."""
    return match.group("network", "tensorrt", "gpu", "precision")


def _identity(network, tensorrt, gpu, precision):
    return {"network": network.name, "onnx": network.sha256, "tensorrt": tensorrt, "gpu": gpu,
            "precision": precision}


def _differs(has, wanted):
    """Why an engine with these marks is not the one that is wanted; "" where it is."""
    if has["network"] != wanted["network"]:
        return "foreign: it is of the network %s" % has["network"]
    for key, built in (("tensorrt", "by TensorRT"), ("gpu", "for a GPU of the kind")):
        if has[key] != wanted[key]:
            return "foreign: built %s %s, here is %s" % (built, has[key], wanted[key])
    if has["onnx"][:12] != wanted["onnx"][:12]:
        return "stale: built from another %s.onnx" % wanted["network"]
    if has["precision"] != wanted["precision"]:
        return "of another precision: %s, not %s" % (has["precision"], wanted["precision"])
    return ""


def _named(path):
    """[(path, match of its name)] of a folder's engines, the newest first."""
    found = [(entry, NAME.fullmatch(os.path.basename(entry)))
             for entry in glob.glob(os.path.join(glob.escape(path), "*.engine"))]
    return sorted(((entry, match) for entry, match in found if match),
                  key=lambda pair: (-os.path.getmtime(pair[0]), pair[0]))


def _opened(path):
    """(what the file tells of itself, TensorRT's bytes) of a whole file."""
    try:
        with open(path, "rb") as f:
            first, second, content = f.readline(), f.readline(), f.read()
    except OSError as why:
        raise InputMissing(path, why.strerror or "cannot be read", again("NETWORK")) from why
    name = NAME.fullmatch(os.path.basename(path))
    way_out = again(name.group("network") if name else "NETWORK")
    if not MAGIC.startswith(first[:len(MAGIC)]):
        raise DataError(path, "foreign: not written by Kagami", way_out)
    if not second.endswith(b"\n"):
        raise DataError(path, "truncated: it ends after %d bytes" % len(first + second), way_out)
    whole = hashlib.sha256(second + content).hexdigest().encode() == first[len(MAGIC):].strip()
    if whole:
        return json.loads(second.decode()), content
    size = re.search(rb'"size": (\d+)', second)
    short = size and len(content) < int(size.group(1))
    raise DataError(path, "truncated: %d of %s bytes" % (len(content), size.group(1).decode())
                    if short else "corrupt: its checksum differs", way_out)
