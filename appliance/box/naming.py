"""The name of the box is kept, and taken: the one of kagami.txt, else `kagami` or what it was
called when another machine of the network had that (see namesake.py).
"""
import os
import re

from appliance import files
from appliance.box import blocks

USUAL = "kagami"
GIVEN = re.compile(USUAL + "(-[0-9a-f]{4})?")       # names that were taken without being asked for
FILE, HOSTS = "etc/hostname", "etc/hosts"


def settle(wanted, root, run):
    """Be called `wanted`, or without such a wish as before if that was no wish either, else
    `kagami`. run: as of growing.grow."""
    before = current(root)
    name = wanted or (before if GIVEN.fullmatch(before) else USUAL)
    if name != before:
        call(name, root, run)


def current(root="/"):
    """The name as it is kept, "" where none is."""
    try:
        with open(os.path.join(root, FILE)) as f:
            return f.read().strip()
    except OSError:
        return ""


def call(name, root, run):
    """Give this machine a name, for now and for later starts."""
    blocks.replace(os.path.join(root, HOSTS), ["127.0.1.1\t" + name])
    files.write(os.path.join(root, FILE), name + "\n", 0o644)
    run("hostname", name)
