"""A command with its arguments becomes what it asks for: each method gives its answer, or does so
when it is done.

No method waits: what takes time is begun here and told later.
"""
import json
from threading import Thread
from typing import NamedTuple, Optional

from appliance.errors import KagamiError, PartMissing, UsageError
from appliance.keeping import BROKEN
from appliance.keys import parsed
from appliance.network.orders import COMMANDS, LATER, SET, Order, within
from appliance.network.pairing import LONGEST, Window
from appliance.outputs.dialects.kagami import Kagami
from appliance.outputs.osc import message
from appliance.outputs.subscriptions import Wish

LISTEN = 1, 600         # seconds that a word from another computer is waited for
WELCOME = 10.0          # seconds within which whoever asked gets a target
ROUNDS = 2, 5           # of a lesson


class Deeds:
    """One method for each of orders.COMMANDS, called with the Order and its arguments.

    settings: settings.Settings. outputs: outputs.Outputs. status: status.Status. person:
    person.Person or None. source: what has expose(value), or None. subscriptions:
    outputs.subscriptions.Subscriptions. ways: ways.Ways.
    """

    def __init__(self, settings, outputs, status, person, source, subscriptions, ways):
        self._settings, self._outputs, self._status = settings, outputs, status
        self._person, self._source, self._subscriptions = person, source, subscriptions
        self._ways = ways
        self._slow, self._waiting, self._aside = Kagami(), None, None
        self._asked = None          # who is to be sent to as soon as there is a target for it

    def turn(self, now):
        """Tell what has come to an end."""
        if self._waiting is not None:
            self._listened(now)
        if self._asked is not None:
            self._welcome(now)
        if self._aside is not None and not self._aside.is_alive():
            aside, self._aside = self._aside, None
            aside.order.done(aside.outcome)

    def word(self, address):
        """Another computer has said something: tell whoever waits for one."""
        waiting = self._waiting
        if waiting is not None and waiting.window is None and address not in self._subscriptions:
            self._heard(address)

    def close(self):
        """Listen no longer."""
        if self._waiting is not None:
            self._heard(KagamiError("nothing was heard", "Kagami ends", "start it anew"))

    def _listened(self, now):
        waiting = self._waiting
        asked = waiting.window.heard(now) if waiting.window is not None else None
        if asked is not None:
            self._asked = asked, now + WELCOME
            self._heard(asked.to)
        elif now > waiting.until:
            self._heard(_silence(waiting.window))

    def _heard(self, outcome):
        waiting, self._waiting = self._waiting, None
        if waiting.window is not None:
            waiting.window.close()
        waiting.order.done(outcome)

    def _welcome(self, now):
        """Whoever asked while its port was listened to need not ask anew."""
        asked, until = self._asked
        channel = next((c for c in self._outputs.channels if c.target.to == asked.to), None)
        if channel is not None:
            channel.link.grant(asked.address, asked.question)
        if channel is not None or now > until:
            self._asked = None

    def ping(self, _, value):
        """The number back."""
        return message("/kagami/pong", value)

    def subscribe(self, order, *wish):
        """A number that has to come back; nothing where the lease goes on."""
        number = self._subscriptions.ask((order.address, order.source), Wish(*wish), order.now)
        return None if number is None else message("/kagami/challenge", number)

    def confirm(self, order, number):
        """The lease begins."""
        self._subscriptions.confirm(order.address, number, order.now)

    def unsubscribe(self, order, dialect=""):
        """The leases end."""
        self._subscriptions.end(order.address, dialect)

    def get(self, _, address):
        """A slow message."""
        wanted = address.encode() + b"\0"
        for datagram in self._slow.announce(self._status, True):
            if datagram.startswith(wanted):
                return datagram
        raise UsageError(address[:40], "no slow message", "ask for /kagami/status")

    def recenter(self, order):
        """Straight ahead is now."""
        return self._begun(order, "recenter")

    def neutral(self, order, seconds):
        """The face of the next seconds is at rest."""
        return self._begun(order, "neutral", seconds)

    def eyes(self, order, word):
        """The eyes are open or shut now."""
        return self._begun(order, "eyes", word)

    def gaze(self, order, yaw, pitch):
        """The eyes look there now."""
        return self._begun(order, "gaze", yaw, pitch)

    def clear(self, order, what):
        """As at first."""
        return self._begun(order, "clear", what)

    def _begun(self, order, name, *values):
        command = COMMANDS["/kagami/calibrate/" + name]
        for i, value in enumerate(values, 1):
            within(value, command, i)
        return self._then("calibration", order, getattr(self._known().calibration, name), *values)

    def _then(self, part, order, begin, *values):
        begin(*values)
        self._known().then(part, order)
        return LATER

    def _known(self):
        if self._person is None:
            raise PartMissing("calibration", "none applies here", "start `kagami run`")
        return self._person

    def person(self, _):
        """What is known of the person."""
        return json.dumps(self._known().knowledge())

    def restore(self, _, text):
        """Take over a calibration."""
        try:
            self._known().restore(calibration=json.loads(text))
        except BROKEN as e:
            raise UsageError("import", "not understood (%s)" % str(e)[:80],
                             "name a file that export wrote") from e
        return "taken over"

    def teach(self, order, name, rounds):
        """A lesson; each prompt is said."""
        if not ROUNDS[0] <= rounds <= ROUNDS[1]:
            raise UsageError("%d times" % rounds, "out of bounds", "give %d to %d" % ROUNDS)
        return self._then("lesson", order, self._known().teach, name, rounds)

    def forget(self, _, name):
        """A taught expression is gone."""
        self._known().forget(name)
        return "%s: forgotten" % name

    def set(self, order, value):
        """One of keys.KEYS, until the next start."""
        key = order.read.address[len(SET):]
        if key != "exposure":
            if key.startswith("gain/"):
                self._known()
            self._settings.set(key, value)
            return None
        value = parsed(key, value)
        if self._source is None:
            raise PartMissing("exposure", "there is no camera", "start `kagami run --source usb`")
        if self._aside is not None:
            raise UsageError("exposure", "the one before is not set yet", "ask again")
        self._aside = Aside(order, self._source.expose, value)
        return LATER

    def targets(self, _):
        """A row for each."""
        return [message("/kagami/target", *self._ways(channel))
                for channel in self._outputs.channels]

    def reload(self, _):
        """The configuration is read again."""
        self._settings.reread()

    def listen(self, order, seconds, form=""):
        """The address of the first other computer that says anything at the UDP port; with a
        dialect that answers, the target of the first who asks at its own."""
        most = LONGEST if form else LISTEN[1]
        if not LISTEN[0] <= seconds <= most:
            raise UsageError("--listen %d" % seconds, "out of bounds",
                             "give %d to %d s" % (LISTEN[0], most))
        if self._waiting is not None:
            self._heard(UsageError("listen", "somebody else listens now", "ask again"))
        window = Window(self._settings.config, form) if form else None
        self._waiting = _Waiting(order, order.now + seconds, window)
        return LATER


class _Waiting(NamedTuple):
    """Whoever wants to know who speaks; window: None is the UDP port of commands."""

    order: Order
    until: float
    window: Optional[Window]


def _silence(window):
    if window is None:
        return KagamiError("nothing was heard", "no computer has said anything",
                           "send from a network that [control] allows")
    return KagamiError("nothing was heard", "nobody has asked at port %d" % window.number,
                       "connect there in the application, from a network that [control] allows")


class Aside(Thread):
    """What may wait for a device, beside the loop; `outcome` when it is no longer alive."""

    def __init__(self, order, function, *values):
        super().__init__(daemon=True)
        self.order, self.outcome, self._function, self._values = order, None, function, values
        self.start()

    def run(self):
        """What a thread does."""
        try:
            self.outcome = self._function(*self._values)
        except KagamiError as e:
            self.outcome = e
