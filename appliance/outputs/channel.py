"""The moments of one target become its datagrams, each at its turn."""
import time

from appliance.outputs.dialects import speaks
from appliance.outputs.leases import Leases
from appliance.outputs.link import Link
from appliance.outputs.mailbox import Mailbox
from appliance.outputs.pace import Pace
from appliance.outputs.parts import PARTS, Parted
from appliance.outputs.wave import Wave

COUNT = 0.9         # seconds at least over which frames are counted


def dialect(target, loss, output, mask=0):
    """The dialect of a target with those options that it has; UsageError where they do not fit.

    mask: of what a subscriber wants, see dialects.kagami.
    """
    known = dict(target._asdict(), limit=output.limit, neck_share=output.neck_share,
                 keepalive=loss.lost_keepalive_hz, mask=mask)
    make = speaks(target.dialect, target.port)
    return make(**{name: known[name] for name in make.options})


class Channel:
    """One target: its dialect, its link and its paces.

    why: words for whoever asks why it is sent to. link: what datagrams go through, else the
    target's own. every: send each so-maniest frame. `rate`: frames of the last second.
    `declared`: what declare() was told.
    """

    def __init__(self, target, speaker, why="", link=None, every=1):
        self.why, self.rate = why, 0.0
        self._frames, self._counted, self._told = 0, time.monotonic(), False
        self._wave = None
        self.link = link or _link(target, speaker)
        self.change(target, speaker, every)

    def change(self, target, speaker, every=1):
        """Speak otherwise from now on, through the same link."""
        self.target, self._dialect, self._every = target, speaker, every
        self._parted = Parted(target.parts) if target.parts != PARTS else None
        rate = min(target.rate or speaker.top_rate, speaker.top_rate)
        (repeat, self._repeats_for), self._slows_after = speaker.lost, speaker.slows_after
        self._pace, self._lost_pace = Pace(rate), Pace(min(rate, repeat or rate))
        self._lost_since, self._told, self.declared = 0.0, False, None

    def leads_to(self, target):
        """Whether the link serves a target too; one that is asked reads as its dialect does."""
        mine = self.target
        place = (mine.dialect, mine.host, mine.port) == target[1:4]
        return place and ("/" not in mine.host or mine == target)

    @property
    def avatar(self):
        """(How many parameters the avatar there has, how many of these are sent); None where it is
        not known."""
        return self.declared and (len(self.declared), self._dialect.understood)

    def declare(self, parameters):
        """Send from now on what an avatar has, see Vrchat.declare; for other threads: what that
        costs, the loop does not wait for."""
        self._dialect, self.declared = self._dialect.declared(parameters), parameters

    def wave(self):
        """Show a waving head for some seconds, in place of what is seen."""
        self._wave = Wave()

    def send(self, moment):
        """The frame, unless it is not its turn."""
        if self._wave is not None:
            moment = self._waving(moment)
        if self._parted is not None:
            moment = self._parted(moment)
        due = self._tracked_due if moment.face is not None else self._lost_due
        if due(moment):
            self._frames += 1
            send = self.link.send
            for datagram in self._dialect(moment):
                send(datagram)

    def announce(self, status, everything):
        """The slow messages, all of them at first."""
        self._out(self._dialect.announce(status, everything or not self._told))
        self._told = True
        now = time.monotonic()
        if now - self._counted >= COUNT:
            self.rate = self._frames / (now - self._counted)
            self._frames, self._counted = 0, now

    def farewell(self, moment, reason=0):
        """The last word."""
        self._out(self._dialect.farewell(moment, reason))

    def close(self):
        """Nothing is sent any more."""
        self.link.close()

    def _waving(self, moment):
        waving = self._wave(moment)
        if waving is None:      # whatever is true again must arrive
            self._wave = None
            return moment._replace(fresh=True)
        return waving

    def _tracked_due(self, moment):
        return moment.number % self._every == 0 and self._pace.due(moment.time)

    def _lost_due(self, moment):
        if moment.fresh:        # the end of the way to neutral must arrive, whatever the rate
            self._lost_since = moment.time
            self._lost_pace.restart(moment.time)
            return True
        for_so_long = moment.time - self._lost_since
        if for_so_long < self._slows_after:
            self._lost_pace.restart(moment.time)
            return self._tracked_due(moment)
        return (for_so_long <= self._repeats_for and moment.number % self._every == 0
                and self._lost_pace.due(moment.time))

    def _out(self, datagrams):
        for datagram in datagrams:
            self.link.send(datagram)


def _link(target, speaker):
    if speaker.posted:
        return Mailbox(target.to, target.host, target.port)
    if "/" in target.host:
        return Leases(target.to, target.host, target.port, speaker.question)
    return Link(target.to, target.host, target.port)
