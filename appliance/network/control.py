"""Commands that arrive on one UDP port are obeyed, each by whoever may give it.

Answers go to where the question came from, and are never much larger than it; what cannot be read
is counted, not answered. docs/osc.md has the table.
"""
import hmac
import logging
import time

from appliance.errors import KagamiError, NotPermitted, PartMissing, UsageError
from appliance.network.access import HERE, Access
from appliance.network.packets import messages
from appliance.outputs.dialects.kagami import Kagami
from appliance.outputs.osc import message
from appliance.outputs.port import TURN, Port
from appliance.outputs.subscriptions import Subscriptions, Wish
from appliance.outputs.targets import checked, numeric

LOG = logging.getLogger("kagami.control")
FACTOR = 4              # an answer is at most so many times as long as the question
WORDS = 400             # bytes of an error that this machine is told
SET = "/kagami/set/"
_TYPES = {"i": int, "f": float, "s": str}
ANYBODY, WRITER, CONSOLE = "anybody", "writer", "console"
# Address: who may, arguments before the trailing number, and the method.
COMMANDS = {
    "/kagami/ping": (ANYBODY, ("i",), "_ping"),
    "/kagami/subscribe": (ANYBODY, ("siiii",), "_subscribe"),
    "/kagami/subscribe/confirm": (ANYBODY, ("i",), "_confirm"),
    "/kagami/unsubscribe": (ANYBODY, ("", "s"), "_unsubscribe"),
    "/kagami/get": (ANYBODY, ("s",), "_get"),
    "/kagami/calibrate/recenter": (WRITER, ("s",), "_recenter"),
    "/kagami/calibrate/neutral": (WRITER, ("sf",), "_neutral"),
    "/kagami/calibrate/eyes": (WRITER, ("ss",), "_eyes"),
    "/kagami/calibrate/gaze": (WRITER, ("sff",), "_gaze"),
    "/kagami/calibrate/clear": (WRITER, ("ss",), "_clear"),
    SET: (WRITER, ("si", "sf", "ss"), "_set"),
    "/kagami/targets": (CONSOLE, ("",), "_targets"),
    "/kagami/reload": (CONSOLE, ("",), "_reload"),
    "/kagami/listen": (CONSOLE, ("i",), "_listen")}


class Control:
    """`turn()` once a frame; `ignored` counts what was not obeyed.

    settings: settings.Settings. outputs: outputs.Outputs. status: status.Status. calibration: what
    has recenter(), neutral(seconds), eyes(word), gaze(yaw, pitch) and clear(word), or None.
    """

    def __init__(self, settings, outputs, status, calibration=None, clock=time.monotonic):
        self.ignored = 0
        self._settings, self._outputs, self._status = settings, outputs, status
        self._calibration, self._clock = calibration, clock
        self._port = self._waiting = self._options = self._taken = None
        self._slow = Kagami()
        self._subscriptions = Subscriptions(outputs, settings.config, self._back)
        self.change(settings.config)

    def turn(self):
        """Obey what has come."""
        now = self._clock()
        self._subscriptions.turn(now)
        for _ in range(TURN if self._port is not None else 0):
            heard = self._port.receive()
            if heard is None:
                return
            self._take(heard[0], heard[1], now)

    def change(self, config):
        """Other options of [control] and of what subscribers get from now on."""
        self._subscriptions.change(config)
        taken = config.control.enabled and _taken(config)
        options = config.control if config.control.enabled and not taken else None
        if taken and self._taken != taken:
            LOG.info("control: port %d is left to %s; set [control] port to be asked",
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
        """Listen no longer."""
        if self._port is not None:
            self._port.close()

    def _back(self, datagram, peer):
        if self._port is not None:
            self._port.send(datagram, peer)

    def _take(self, datagram, peer, now):
        if not self._access.hears(peer, now):
            self.ignored += 1
            return
        if self._waiting is not None:
            self._word(peer, now)
        found = messages(datagram)
        self.ignored += not found
        for read in found:
            self._obey(_Order(read, peer, now, len(datagram) // len(found)))

    def _obey(self, order):
        address, arguments = order.read
        key = SET if address.startswith(SET) else address
        who, kinds, method = COMMANDS.get(key, (None, (), None))
        fitting = next((f for f in (_fitted(kind, arguments) for kind in kinds) if f), None)
        if fitting is None or who == CONSOLE and order.peer[0] != HERE:
            self.ignored += 1
            return
        arguments, number = fitting
        try:
            if who == WRITER:
                self._check(order.peer[0], arguments.pop(0))
            answer = getattr(self, method)(order, *arguments)
        except KagamiError as e:
            self.ignored += 1
            if self._access.complains(order.peer[0], order.now):
                most = WORDS if order.peer[0] == HERE else FACTOR * order.size
                self._answer(order, _error(address, e, most))
            return
        self._answer(order, answer or message("/kagami/ok", address, number))

    def _check(self, address, token):
        """NotPermitted unless the address may change something and knows the word for it."""
        options = self._options
        here = address == HERE or options.write == "lan"
        right = hmac.compare_digest(token.encode(), options.token.encode())
        if options.write == "off" or not here or not options.token or not right:
            raise NotPermitted("command", "not yours to give", "see [control] write and token")

    def _answer(self, order, datagram):
        """No answer is much longer than its question, but for those who are known by a lease."""
        address = order.peer[0]
        short = len(datagram) <= FACTOR * order.size
        if short or address == HERE or address in self._subscriptions:
            self._port.send(datagram, order.peer)

    # What the commands do: each gets its Order and its arguments, and may have an answer.

    def _ping(self, _, value):
        return message("/kagami/pong", value)

    def _subscribe(self, order, *wish):
        number = self._subscriptions.ask(order.peer, Wish(*wish), order.now)
        return None if number is None else message("/kagami/challenge", number)

    def _confirm(self, order, number):
        self._subscriptions.confirm(order.peer[0], number, order.now)

    def _unsubscribe(self, order, dialect=""):
        self._subscriptions.end(order.peer[0], dialect)

    def _get(self, _, address):
        wanted = address.encode() + b"\0"
        for datagram in self._slow.announce(self._status, True):
            if datagram.startswith(wanted):
                return datagram
        raise UsageError(address, "no slow message", "ask for /kagami/status")

    def _recenter(self, _):
        self._calibrated().recenter()

    def _neutral(self, _, seconds):
        self._calibrated().neutral(_within(seconds, 0.5, 5.0))

    def _eyes(self, _, word):
        self._calibrated().eyes(_one_of(word, "open", "shut"))

    def _gaze(self, _, yaw, pitch):
        self._calibrated().gaze(_within(yaw, -45.0, 45.0), _within(pitch, -45.0, 45.0))

    def _clear(self, _, what):
        self._calibrated().clear(_one_of(what, "all", "neutral", "eyes", "gaze"))

    def _calibrated(self):
        if self._calibration is None:
            raise PartMissing("calibration", "none applies here", "start `kagami run`")
        return self._calibration

    def _set(self, order, value):
        self._settings.set(order.read.address[len(SET):], value)

    def _targets(self, order):
        for c in self._outputs.channels:
            row = message("/kagami/target", c.target.to, c.why, c.rate, c.link.refused,
                          c.link.answer, c.link.failed)
            self._port.send(row, order.peer)

    def _reload(self, _):
        self._settings.reread()

    def _listen(self, order, seconds):
        self._waiting = order.peer, order.now + seconds

    def _word(self, peer, now):
        """Tell the console of the first other computer that says anything."""
        console, until = self._waiting
        if now > until:
            self._waiting = None
        elif peer[0] != HERE and peer[0] not in self._subscriptions:
            self._port.send(message("/kagami/heard", peer[0]), console)
            self._waiting = None


class _Order:
    """A message, who sent it, when, and how many bytes it was."""

    def __init__(self, read, peer, now, size):
        self.read, self.peer, self.now, self.size = read, peer, now, size


def _taken(config):
    """The target on this machine that wants the port for itself, or None."""
    for target in map(checked, config.targets):
        address = numeric(target.host)
        here = target.host == "localhost" or address is not None and address.is_loopback
        if here and target.port == config.control.port:
            return target.to
    return None


def _fitted(kind, arguments):
    """(arguments as `kind` spells them, the trailing number or 0), or None."""
    given, rest = list(arguments[:len(kind)]), arguments[len(kind):]
    given = [float(a) if k == "f" and type(a) is int else a for k, a in zip(kind, given)]
    if [type(a) for a in given] != [_TYPES[k] for k in kind]:
        return None
    if [type(a) for a in rest] not in ([], [int]):
        return None
    return given, rest[0] if rest else 0


def _error(address, mistake, most):
    """/kagami/error of at most `most` bytes, however long the words are."""
    text = str(mistake).splitlines()[0].encode("ascii", "replace").decode()
    bare = len(message("/kagami/error", address, mistake.status, ""))
    return message("/kagami/error", address, mistake.status, text[:max(0, most - bare)])


def _within(value, low, high):
    if not low <= value <= high:
        raise UsageError("%g" % value, "out of bounds", "give %g to %g" % (low, high))
    return value


def _one_of(word, *words):
    if word not in words:
        raise UsageError(repr(word), "not known", "give " + " or ".join(words))
    return word
