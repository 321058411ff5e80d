"""Once a network is there it is asked whether another machine is called `kagami`; where one is,
this one becomes `kagami-XXXX`.

A program of its own unit, so that nothing waits for a network. Who was called so first keeps the
name; the other keeps its own from then on.
"""
import asyncio
import logging
import time

from appliance import terminal
from appliance.box import naming, system
from appliance.errors import KagamiError
from appliance.network import addresses, discovery

LOG = logging.getLogger("kagami.box")
PATIENCE, LOOK_EVERY = 600.0, 2.0       # seconds


def another(own):
    """The name to be called by where another machine of the network answers to `kagami`, else "".

    own: addresses.adapters() or its like, not empty.
    """
    mine = {str(at.ip) for _, at in own}
    told = asyncio.get_event_loop().run_until_complete(
        discovery.holders(naming.USUAL + ".local.", sorted(mine)))
    if not set(told) - mine:
        return ""
    return "%s-%s" % (naming.USUAL, addresses.serial([name for name, _ in own])[-4:])


def main():
    """Ask every network that comes up soon after the start, and take another name if need be."""
    terminal.log()
    until, asked = time.monotonic() + PATIENCE, []
    while naming.current() == naming.USUAL and time.monotonic() < until:
        own = [(name, at) for name, at in addresses.adapters() if not at.ip.is_loopback]
        if own and own != asked:        # the USB cable is there long before a router
            asked = own
            _ask(own)
        time.sleep(LOOK_EVERY)


def _ask(own):
    try:
        name = another(own)
        if not name:
            LOG.info("no other machine here is called %s", naming.USUAL)
            return
        LOG.warning("another machine here is called %s, so this one is %s from now on: "
                    "http://%s.local/", naming.USUAL, name, name)
        naming.call(name, "/", system.run)
        system.run("systemctl", "try-restart", "avahi-daemon", "kagami-panel")
    except (KagamiError, OSError) as e:
        LOG.warning("name: %s", e)


if __name__ == "__main__":
    main()
