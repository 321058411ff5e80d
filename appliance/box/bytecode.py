"""A version that came on a card, without any compiled file, comes in; its modules compiled go
out, so that later starts are quick.

The card was made on a PC, which cannot compile for the board's Python; the service may not write
beside its modules. A power cut at any moment leaves no half file, since a batch is on the disk
before any of it has its name; the next start goes on with what is left.
"""
import os
import py_compile
import sys
from importlib.util import cache_from_source

from appliance.box.versions import CURRENT, ROOT

TO_DO = ".uncompiled"       # lies in a version until all of it is compiled
NEW = ".kagami-new"
BATCH = 50                  # modules, some seconds on a Nano


def compile_all(folder):
    """Compile what a version's folder has, its environment included, and is not compiled yet; how
    many modules."""
    missing = [path for path in sorted(_modules(folder))
               if not os.path.exists(cache_from_source(path))]
    made = sum(_batch(missing[i:i + BATCH]) for i in range(0, len(missing), BATCH))
    mark = os.path.join(folder, TO_DO)
    if os.path.exists(mark):
        os.unlink(mark)
    return made


def _batch(paths):
    made = [name for name in map(_compiled, paths) if name]
    os.sync()
    for name in made:
        os.rename(name + NEW, name)
    return len(made)


def _modules(folder):
    """What is imported by a service: not the tests of libraries, which are as much again."""
    for here, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in ("__pycache__", "tests", "wheels")]
        yield from (os.path.join(here, name) for name in names if name.endswith(".py"))


def _compiled(path):
    """The name of a module's compiled file, whose bytes lie under another yet; "" where it is
    none that this Python understands."""
    name = cache_from_source(path)
    try:
        py_compile.compile(path, name + NEW, doraise=True)
    except (py_compile.PyCompileError, ValueError):
        return ""
    return name


if __name__ == "__main__":
    print("kagami: %d modules compiled" % compile_all(
        sys.argv[1] if sys.argv[1:] else os.path.join(ROOT, CURRENT)))
