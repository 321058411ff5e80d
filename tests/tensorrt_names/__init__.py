"""Names of TensorRT, pycuda and libcuda, by version, as generate.py wrote them."""
import functools
import os
import re

HERE = os.path.dirname(os.path.abspath(__file__))


@functools.lru_cache(maxsize=None)
def read(library, version):
    """{class: set of members} of the newest list that is not newer than `version`; "module" is
    the top level. LookupError where there is none of that generation."""
    known = versions(library)
    fitting = [one for one in known if _numbers(one)[:1] == _numbers(version)[:1]
               and _numbers(one)[:2] <= _numbers(version)[:2]]
    if not fitting:
        raise LookupError("no names of %s %s: only %s" % (library, version, ", ".join(known)))
    return _lines(os.path.join(HERE, "%s-%s.txt" % (library, fitting[-1])))


def versions(library):
    """The versions of a library whose names are known, the oldest first."""
    found = [re.fullmatch(re.escape(library) + r"-([\d.]+)\.txt", n) for n in os.listdir(HERE)]
    return sorted((one.group(1) for one in found if one), key=_numbers)


def symbols(cuda):
    """{symbol: arguments} that libcuda of a version (10020 for 10.2) has, of those in the list.

    A function whose arguments changed keeps its old symbol; the newer one has _v2 behind it.
    """
    found = {}
    with open(os.path.join(HERE, "libcuda.txt")) as f:
        lines = [line.split(" ", 2) for line in f.read().splitlines()[1:]]
    for name, since, arguments in lines:
        older = [one for one in lines if one[0] == name and int(one[1]) < int(since)]
        if int(since) <= cuda:
            found[name + ("_v2" if older else "")] = arguments
    return found


def _lines(path):
    with open(path) as f:
        lines = [line.partition(":") for line in f.read().splitlines() if line[:1] != "#"]
    return {name: set(members.split()) for name, _, members in lines}


def _numbers(version):
    return [int(n) for n in version.split(".")]
