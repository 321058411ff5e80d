"""A dialect that answers is listened to for a while, and the first question there becomes a target
for whoever asked.

But for that while its port is closed to everybody whom no target names.
"""
from typing import NamedTuple

from appliance.errors import PartMissing, UsageError
from appliance.network.access import HERE, Access
from appliance.outputs.channel import dialect
from appliance.outputs.port import TURN, Port
from appliance.outputs.question import Question
from appliance.outputs.targets import checked

LONGEST = 60            # seconds that a port is open at most


class Asked(NamedTuple):
    """Who asked: the target to write, the address, what was asked."""

    to: str
    address: str
    question: Question


class Window:
    """`heard(now)` is the first Asked, or None so far. Open until `close()`.

    config: a config.Config, for the options of [target] and for who may ask, `allow` of [control]
    and this machine. form: DIALECT or DIALECT:PORT. UsageError for a dialect that does not answer,
    PartMissing where its port cannot be had.
    """

    def __init__(self, config, form):
        name, self._place = form.partition(":")[::2]
        self._place = ":" + self._place if self._place else ""
        target = checked(config.target._replace(to="%s@%s%s" % (name, HERE, self._place)))
        self._speaker = dialect(target, config.loss, config.output)
        if not hasattr(self._speaker, "question"):
            raise UsageError(form, "it does not wait to be asked", "leave the dialect out")
        self.name, self.number, self._access = name, target.port, Access(config.control.allow)
        self._port = Port("targets add " + form, target.port)
        if self._port.trouble:
            self._port.close()
            raise PartMissing("port %d" % target.port, self._port.trouble.lower(),
                              "`kagami targets` shows whether a target has it; drop that first")

    def heard(self, now):
        """Whoever has asked and may, at `now` seconds."""
        for _ in range(TURN):
            datagram, peer = self._port.receive() or (None, None)
            if peer is None:
                return None
            question = self._speaker.question(datagram) if self._access.hears(peer, now) else None
            if question is not None and question.seconds > 0:
                mask = "" if self._speaker.asked_only else "/32"
                return Asked(self.name + "@" + peer[0] + mask + self._place, peer[0], question)
        return None

    def close(self):
        """Listen no longer."""
        self._port.close()
