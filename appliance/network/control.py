"""Commands that arrive at the UDP port or at the socket file are obeyed, each by whoever may give
it.

Answers go to where the question came from. On the network they are never much larger than it, and
what cannot be read is counted, not answered. docs/osc.md has the tables.
"""
import hmac
import logging
import time

from appliance.errors import KagamiError, NotPermitted, PartMissing, UsageError
from appliance.network.access import HERE, Access
from appliance.network.deeds import Deeds
from appliance.network.household import Household
from appliance.network.local import Local
from appliance.network.orders import LATER, LOCAL, WRITER, Order, command
from appliance.network.packets import messages
from appliance.network.pictures import Pictures
from appliance.network.ways import Ways
from appliance.outputs.port import TURN, Port
from appliance.outputs.subscriptions import Subscriptions
from appliance.outputs.targets import checked, numeric

LOG = logging.getLogger("kagami.control")
FACTOR = 4              # an answer is at most so many times as long as the question
WORDS = 400             # bytes of an error that this machine is told


class Control:
    """`turn()` once a frame; `ignored` counts what was not obeyed.

    settings: settings.Settings. outputs: outputs.Outputs. status: status.Status. person:
    person.Person, or None. source: what has expose(value), or None. tracker: tracker.Tracker, or
    None. hosts: hosts.Hosts that are found.
    """

    def __init__(self, settings, outputs, status, person=None, source=None, clock=time.monotonic,
                 tracker=None, hosts=()):
        self.ignored = 0
        self._clock, self._port, self._options, self._taken = clock, None, None, None
        self._subscriptions = Subscriptions(outputs, settings.config, self._back)
        ways = Ways(hosts)
        self._deeds = Deeds(settings, outputs, status, person, source, self._subscriptions, ways)
        self._local = Local(settings.config.calibration.folder, clock)
        self._pictures = Pictures(self._local)
        self._household = Household(settings, outputs, status, person, tracker, hosts,
                                    self._pictures, ways, source, lambda: self.ignored)
        self._outputs = outputs
        self.change(settings.config)

    def turn(self, frame=None):
        """Obey what has come; show the frame, if there is one, to whoever looks."""
        now = self._clock()
        self._subscriptions.turn(now)
        self._deeds.turn(now)
        self._household.turn()
        for port, take in ((self._local, self._take_local), (self._port, self._take)):
            for _ in range(TURN if port is not None else 0):
                heard = port.receive()
                if heard is None:
                    break
                take(heard[0], heard[1], now)
        if frame is not None:
            self._pictures(frame.luma, self._outputs.moment, now)

    def change(self, config):
        """Other options of [control] and of what subscribers get from now on."""
        self._subscriptions.change(config)
        self._pictures.allow(config.panel.preview)
        taken = config.control.enabled and _taken(config)
        options = config.control if heard_at(config) else None
        if taken and self._taken != taken:
            LOG.info("control: port %d is left to %s; set [control] port to be asked by others",
                     config.control.port, taken)
        self._taken = taken
        if options == self._options:
            return
        if self._port is not None and (options is None or options.port != self._port.number):
            self._port.close()
            self._port = None
        self._options = options
        if options is not None:
            self._access = Access(options.allow)
            self._port = self._port or Port("control", options.port)

    def close(self):
        """Listen no longer, when what was begun is done."""
        self._household.close()
        self._deeds.close()
        self._local.close()
        if self._port is not None:
            self._port.close()

    def _back(self, datagram, peer):
        if self._port is not None:
            self._port.send(datagram, peer)

    def _take(self, datagram, peer, now):
        if not self._access.hears(peer, now):
            self.ignored += 1
            return
        if peer[0] != HERE:
            self._deeds.word(peer[0])
        found = messages(datagram)
        self.ignored += not found
        for read in found:
            order = Order(read, now, len(datagram) // len(found), False, peer, self._answer,
                          self._back)
            asked = command(read.address)
            arguments = asked and order.arguments(asked.kinds)
            if arguments is None or asked.who == LOCAL:
                self.ignored += 1
            else:
                self._obey(order, asked, arguments)

    def _take_local(self, datagram, peer, now):
        for read in messages(datagram) if peer else ():     # one without a name hears no answer
            order = Order(read, now, len(datagram), True, peer, self._answer, self._local.send)
            asked = command(read.address)
            arguments = asked and order.arguments(asked.kinds)
            if arguments is None:
                self._answer(order, UsageError(read.address[:60], "not known, or not so",
                                               "see docs/osc.md, Control"))
            elif asked.method == "listen" and len(arguments) == 1 and self._port is None:
                self._answer(order, PartMissing("the control port", "it is not open",
                                                "see [control] enabled and port"))
            else:
                self._obey(order, asked, arguments)

    def _obey(self, order, asked, arguments):
        try:
            if asked.who == WRITER:
                self._check(order, arguments.pop(0))
            outcome = self._method(asked)(order, *arguments)
        except KagamiError as e:
            outcome = e
        if outcome is not LATER:
            self._answer(order, outcome)

    def _method(self, asked):
        return getattr(self._deeds, asked.method, None) or getattr(self._household, asked.method)

    def _check(self, order, token):
        """NotPermitted unless it comes from here, or from where something may be changed and with
        the word for it."""
        if order.local:
            return
        options = self._options
        here = order.address == HERE or options.write == "lan"
        right = hmac.compare_digest(token.encode(), options.token.encode())
        if options.write == "off" or not here or not options.token or not right:
            raise NotPermitted("command", "not yours to give", "see [control] write and token")

    def _answer(self, order, outcome):
        """No answer is much longer than its question, but for those who are known by a lease."""
        short = FACTOR * order.size
        trusted = order.local or order.address == HERE
        if isinstance(outcome, KagamiError):
            self.ignored += 1
            if not (order.local or self._access.complains(order.address, self._clock())):
                return
        datagram = order.ending(outcome, WORDS if trusted else short)
        if trusted or len(datagram) <= short or order.address in self._subscriptions:
            order.send(datagram)


def heard_at(config):
    """The UDP port at which a configuration has commands heard, 0 for none."""
    return config.control.port if config.control.enabled and not _taken(config) else 0


def _taken(config):
    """The target on this machine that wants the port for itself, or None."""
    for target in map(checked, config.targets):
        address = numeric(target.host)
        here = target.host == "localhost" or address is not None and address.is_loopback
        if here and target.port == config.control.port:
            return target.to
    return None
