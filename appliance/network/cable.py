"""A USB cable to a PC comes or goes, and the PC is sent to or no longer: where no target is
configured, one cable is all there is to connect.

The board's own device mode makes the network at the cable: the board has the first address of it,
and gives the PC the hundredth (192.168.55.1 and 192.168.55.100).
"""
import logging

from appliance.network import addresses
from appliance.outputs.channel import Channel, dialect
from appliance.outputs.targets import checked

LOG = logging.getLogger("kagami.network")
ADAPTERS = "l4tbr0", "usb0", "rndis0"       # the Jetson's bridge of both kinds, and each by itself
OURS, THEIRS = 1, 100                       # in the network of the cable
LOOK_EVERY = 0.5                            # seconds
TO = "vmc@%s:39539"
WHY = "the PC at the USB cable, for no target is set"


class Cable:
    """`turn()` once a frame. config: a config.Config. outputs: outputs.Outputs. at: gives the
    address of a running adapter by its name, as addresses.interface."""

    def __init__(self, config, outputs, clock, at=addresses.interface):
        self._config, self._outputs, self._clock, self._at = config, outputs, clock, at
        self._channel, self._next = None, 0.0

    def turn(self, _=None):
        """Look, if it is time, whether a PC is there to be sent to."""
        now = self._clock()
        if now >= self._next:
            self._next = now + LOOK_EVERY
            self._lead("" if _configured(self._config) else self._pc())

    def change(self, config):
        """Other targets and options from now on."""
        before, self._config = self._config, config
        if self._channel is not None and _options(before) != _options(config):
            self._lead("")
        self._next = 0.0

    def _pc(self):
        """The PC's address at the cable, "" where none is in."""
        for at in filter(None, map(self._at, ADAPTERS)):
            if at.network.prefixlen <= 24 and at.ip == at.network[OURS]:
                return str(at.network[THEIRS])
        return ""

    def _lead(self, address):
        """Send there and nowhere else, "": nowhere."""
        there = self._channel.target.host if self._channel is not None else ""
        if address == there:
            return
        if self._channel is not None:
            LOG.info("the USB cable: %s is sent to no longer", self._channel.target.to)
            self._outputs.drop(self._channel)
            self._channel = None
        if address:
            config = self._config
            target = checked(config.target._replace(to=TO % address, enabled=True))
            speaker = dialect(target, config.loss, config.output)
            self._channel = Channel(target, speaker, WHY)
            self._outputs.add(self._channel)
            LOG.info("the USB cable: %s is sent to, for no target is set", target.to)


def _configured(config):
    """Whether the user has said to whom to send, or that nobody is sent to."""
    return any(target.name for target in config.targets) or any(
        line.section.split(" ")[0] == "target" and line.key in ("to", "enabled")
        and line.origin != "default" for line in config.lines)


def _options(config):
    return config.target, config.loss.lost_keepalive_hz, config.output
