"""The avatar that somebody wears in VRChat, or in another program with OSCQuery, tells its
parameters, and our vrchat targets then send those alone.

While nothing is known of an avatar everything is sent: knowing is never needed for it to work.
"""
import asyncio
import logging

from appliance.network.hosts import OSCQUERY, VRCHAT
from appliance.network.query import Pages

LOG = logging.getLogger("kagami.network")
LOOK_EVERY = 1.0        # seconds between looks at which avatar is worn
READ_EVERY = 30.0       # seconds after which one is read anew: it may be built anew under its name
_SHOW = VRCHAT, OSCQUERY    # kinds of programs that may show an avatar


class Avatars:
    """Call it for the coroutine that looks until it is cancelled.

    channels: () -> the outputs' channels. hosts: hosts.Hosts. own: addresses.Own or its
    like. PartMissing where aiohttp is.
    """

    def __init__(self, channels, hosts, own):
        self._channels, self._hosts, self._own = channels, hosts, own
        self._worn = {}         # host -> avatar, when it was read, its parameters

    async def __call__(self):
        pages, clock = Pages(), asyncio.get_event_loop().time
        try:
            while True:
                for channel in self._channels():
                    if channel.target.dialect == "vrchat":
                        await self._look(channel, pages, clock())
                self._worn = {host: worn for host, worn in self._worn.items()
                              if host in list(self._hosts)}
                await asyncio.sleep(LOOK_EVERY)
        finally:
            await pages.close()

    async def _look(self, channel, pages, now):
        """Hand a channel what the avatar of its VRChat has, once whenever that changes."""
        host = self._host(channel)
        found = await self._parameters(host, pages, now) if host else None
        if found != channel.declared:
            channel.declare(found)
            LOG.info("%s: %s", channel.target.to, "the avatar is not known, so all is sent"
                     if found is None else "the avatar has %d parameters" % len(found))

    def _host(self, channel):
        """The program that a channel sends to, as far as it was found, or None."""
        address, port = channel.link.address, channel.target.port
        address = "127.0.0.1" if address in [str(at.ip) for _, at in self._own()] else address
        there = [h for h in self._hosts
                 if h.kind in _SHOW and h.address == address and h.serves(port)]
        return min(there, key=lambda h: (h.hears != port, h.kind != VRCHAT), default=None)

    async def _parameters(self, host, pages, now):
        avatar = await pages.avatar(host)
        worn, when, found = self._worn.get(host, (None, 0.0, None))
        if avatar != worn or not found or now - when >= READ_EVERY:
            found = await pages.parameters(host)
            self._worn[host] = avatar, now, found
        return found or None        # who shows none may be between two avatars
