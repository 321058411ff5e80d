"""The listening side of the program without camera and networks: control, outputs and settings."""
import threading
import time
from contextlib import contextmanager

from appliance import config
from appliance.network.control import Control
from appliance.network.local import Program
from appliance.options import Networks
from appliance.outputs import Outputs
from appliance.outputs.osc import message
from appliance.settings import Settings
from appliance.status import Status
from tests.fakes.people import frame, person
from tests.fakes.receiver import Receiver, free_port
from tests.golden import decoded

PEERS = "127.0.0.2 127.0.0.3 127.0.0.4 127.0.0.5 127.0.0.6"


class Hours:
    """A clock that is set by hand."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


class Stop:
    """What a signal would set."""

    stopping = restart = reload = False


class Recorder:
    """A calibration that remembers its calls."""

    def __init__(self):
        self.calls = []

    def __getattr__(self, name):
        return lambda *arguments: self.calls.append((name,) + arguments)


class Sitter:
    """A person whose every command is over at once; `calibration` remembers the calls."""

    def __init__(self):
        self.calibration = Recorder()

    def then(self, part, asker):
        """Who wants to know, knows."""
        asker.done("%s: taken" % part)


class Box:
    """Control on a free port; `allow` are addresses of this machine that play its neighbours."""

    def __init__(self, *targets, again=None, person=None, source=None, **control):
        given = dict(dict(port=free_port(), allow=PEERS), **control)
        given["allow"] = Networks().parse(given["allow"])
        base = config.aim(config.defaults(), targets)
        self.config = base._replace(control=base.control._replace(**given),
                                    targets=base.targets if targets else [])
        self.clock, self.port, self._number = Hours(), given["port"], 0
        self.settings = Settings(self.config, again, Stop())
        self.outputs = Outputs(self.config.targets, base.loss, base.output)
        self.settings.follow(lambda c: self.outputs.change(c.targets, c.loss, c.output))
        self.status = Status()
        self.control = Control(self.settings, self.outputs, self.status, person, source,
                               self.clock)
        self.settings.follow(self.control.change)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.outputs.close()
        self.control.close()

    def turn(self, count=1):
        """So many frames of somebody, a thirtieth of a second apart."""
        for _ in range(count):
            self._number += 1
            self.clock.now += 1 / 30.0
            self.outputs.send([person()], frame(self._number / 30.0))
            self.control.turn()

    @contextmanager
    def turning(self):
        """Meanwhile its loop turns in a thread, by the real clock."""
        over, self.control._clock = threading.Event(), time.monotonic

        def loop():
            while not over.wait(0.005):
                self.control.turn()
        thread = threading.Thread(target=loop)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


class Neighbour(Program):
    """A program of this machine that talks to a Box, each question within a turn."""

    def __init__(self, box):
        super().__init__(box.control._local.path)
        self._box = box

    def say(self, address, *arguments):
        """Send a message; gives [(address, arguments)] of what comes back within two turns."""
        self._socket.send(message(address, *arguments))
        for _ in range(2):
            self._box.control.turn()
        return self.heard()

    def heard(self):
        """[(address, arguments)] of what lies there."""
        self._socket.settimeout(0)
        out = []
        while True:
            try:
                out += [(a, args) for a, _, args in decoded(self._socket.recv(1 << 18))]
            except BlockingIOError:
                return out


class Peer(Receiver):
    """A program at `host` that talks to a Box."""

    def __init__(self, box, host="127.0.0.2"):
        super().__init__(host)
        self.host, self._box = host, box

    def send(self, datagram):
        """Send bytes."""
        self.socket.sendto(datagram, ("127.0.0.1", self._box.port))

    def say(self, address, *arguments):
        """Send a message; gives [(address, arguments)] of what comes back within a turn."""
        self.send(message(address, *arguments))
        self._box.control.turn()
        return [(a, args) for a, _, args in self.messages()]

    def subscribe(self, dialect="kagami", port=0, seconds=30, every=1, mask=0):
        """Go both steps; gives what the second was answered."""
        (address, (number,)), = self.say("/kagami/subscribe", dialect, port, seconds, every, mask)
        assert address == "/kagami/challenge"
        return self.say("/kagami/subscribe/confirm", number)
