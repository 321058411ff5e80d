"""The name of the box: the one of kagami.txt, else `kagami`, else, where the network has one that
is called so, `kagami-XXXX`.

The network is asked once it is there, by a unit of its own, so that nothing waits for it.
"""
import asyncio
import logging
import os
import re
import time

from appliance import files, terminal
from appliance.box import blocks, system
from appliance.network import addresses, discovery

LOG = logging.getLogger("kagami.box")
USUAL = "kagami"
GIVEN = re.compile(USUAL + "(-[0-9a-f]{4})?")       # names that were taken without being asked for
FILE, HOSTS = "etc/hostname", "etc/hosts"
PATIENCE, LOOK_EVERY = 600.0, 2.0       # seconds


def settle(wanted, root, run):
    """Be called `wanted`, or without such a wish as before if that was no wish either, else
    `kagami`; the name. run: as of growing.grow."""
    before = current(root)
    name = wanted or (before if GIVEN.fullmatch(before) else USUAL)
    if name != before:
        call(name, root, run)
    return name


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
    with files.whole(os.path.join(root, FILE), 0o644) as temporary, open(temporary, "w") as f:
        f.write(name + "\n")
    run("hostname", name)


def another(own):
    """The name to be called by where another machine of the network answers to `kagami`, else "".

    own: addresses.adapters() or its like, not empty.
    """
    mine = {str(at.ip) for _, at in own}
    told = asyncio.get_event_loop().run_until_complete(
        discovery.holders(USUAL + ".local.", sorted(mine)))
    if not set(told) - mine:
        return ""
    return "%s-%s" % (USUAL, addresses.serial([name for name, _ in own])[-4:])


def main():
    """Wait for a network, ask it, and take another name if need be."""
    terminal.log()
    if current() != USUAL:
        return
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        own = [(name, at) for name, at in addresses.adapters() if not at.ip.is_loopback]
        if own:
            name = another(own)
            LOG.info("name: %s.local%s", name or USUAL,
                     " (another machine is called %s)" % USUAL if name else "")
            if name:
                call(name, "/", system.run)
                system.run("systemctl", "try-restart", "avahi-daemon")
            return
        time.sleep(LOOK_EVERY)
    LOG.info("name: no network within %d s; it stays %s", PATIENCE, USUAL)


if __name__ == "__main__":
    main()
