"""A configuration and the outputs become what goes on beside the loop: we are found, others are
found, and those are served that answer.
"""
import asyncio
import ipaddress
import os

from appliance import keeping
from appliance.box import board
from appliance.network import addresses, oscquery
from appliance.network.avatars import Avatars
from appliance.network.background import Background
from appliance.network.broadcast import Broadcast
from appliance.network.control import heard_at
from appliance.network.discovery import Discovery, instance, services
from appliance.network.hosts import Hosts
from appliance.network.vts_api import VtsApi
from appliance.outputs.dialects import DIALECTS
from appliance.outputs.mailbox import Mailbox
from engines import sheet

LOOK_EVERY = 0.5        # seconds between looks at which targets there are
GOODBYE = 1.0           # seconds in which a last frame may be answered


class Surroundings:
    """Open while it exists; `hosts` is who is there. `close()` after the outputs are closed.

    config: a config.Config. outputs: outputs.Outputs. status: status.Status. One thread does all
    of it; the loop is never made to wait.
    """

    def __init__(self, config, outputs, status):
        self.hosts, self._config = Hosts(), config
        self._outputs, self._status, self._own = outputs, status, addresses.Own()
        parts = [self._plugins]
        if config.network.oscquery:
            parts.append(oscquery.OscQuery(self._state, self._is_near, self._name,
                                           lambda: heard_at(self._config)))
        if config.network.discovery:
            parts += [Discovery(self.hosts, self._offer, self._own),
                      Broadcast(self.hosts, self._own),
                      Avatars(lambda: outputs.channels, self.hosts, self._own)]
        self._background = Background(parts)
        self._background.start()

    def change(self, config):
        """Say from now on what this configuration says of us; [network] is read at the start."""
        self._config = config

    def close(self):
        """Say goodbye and end the thread."""
        self._background.close()

    def _name(self):
        """What lists show: the configured name, else the one of our services."""
        serial = addresses.serial([name for name, _ in self._own()])
        return self._config.network.name or instance(serial)

    def _state(self):
        return self._outputs.moment, self._status

    def _is_near(self, address):
        """Whether it belongs to this machine or to a network that it is attached to."""
        at = ipaddress.ip_address(address)
        return at.is_loopback or any(at in network.network for _, network in self._own())

    def _offer(self, serial):
        config = self._config
        network, panel = config.network, config.panel
        kind = "nano" if "Jetson Nano" in board.model() else "pc"
        ports = {"control": heard_at(config),
                 "web": 0 if panel.address.is_loopback else panel.port,
                 "oscquery": oscquery.PORT if network.oscquery else 0}
        return services(serial, ports, sorted(DIALECTS), config.tracker.max_faces,
                        bool(config.control.token), network.name, kind,
                        sheet.short(self._status.engines))

    async def _plugins(self):
        """Keep a connection for each mailbox among the targets."""
        kept = keeping.Kept(os.path.join(keeping.folder(), "vts", "tokens.json"))
        serving = {}
        try:
            while True:
                for channel in self._outputs.channels:
                    if isinstance(channel.link, Mailbox) and channel.link not in serving:
                        serving[channel.link] = asyncio.ensure_future(
                            self._background.guarded(VtsApi(channel.link, kept)))
                for box in [box for box, task in serving.items() if box.closed and task.done()]:
                    serving.pop(box)
                await asyncio.sleep(LOOK_EVERY)
        finally:
            if serving:
                await asyncio.wait(serving.values(), timeout=GOODBYE)
            for task in serving.values():
                task.cancel()
