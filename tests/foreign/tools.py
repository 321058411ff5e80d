"""Programs and libraries of others, by name: where they are, or a test is passed over."""
import os
import shutil

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
MODULES = os.path.join(HERE, "node_modules")


def needs(*names):
    """Pass over unless these are here: programs by name, "npm:NAME" for a library of Node.js."""
    for name in names:
        there = (shutil.which("node") and os.path.isdir(os.path.join(MODULES, name[4:]))
                 if name.startswith("npm:") else shutil.which(name))
        if not there:
            pytest.skip("no %s here; `make test-wires` installs it" % name)


def script(name):
    """The path of a script of this folder."""
    return os.path.join(HERE, name)
