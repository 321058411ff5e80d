"""Faces of each frame leave as datagrams to every target: loss, mirror, rate and farewell in one
place.
"""
import time

from appliance.errors import UsageError
from appliance.geometry import focal_length
from appliance.outputs import clock
from appliance.outputs.dialects import DIALECTS
from appliance.outputs.leases import Leases
from appliance.outputs.link import Link
from appliance.outputs.moment import Moment, mirrored
from appliance.outputs.pace import Pace
from appliance.outputs.slots import Slots
from appliance.outputs.targets import MOST, checked, parse_target

__all__ = ["Outputs", "parse_target"]
ANNOUNCE_EVERY = 10.0       # seconds between version, names and camera
FAREWELLS, APART = 3, 0.02  # times, seconds


class Outputs:
    """The targets and the faces' slots before them.

    targets: records with `to` and the options of targets.Target. loss: record with hold_ms,
    return_ms, blend_ms, lost_keepalive_hz. output: record with neck_share, limit. fov: degrees
    across the picture. UsageError for a target that means nothing. Weather (no host, no network,
    no receiver) raises nothing.
    """

    def __init__(self, targets, loss, output, fov=60.0):
        wanted = [checked(t) for t in targets]
        wanted = [t for t in wanted if t.enabled]
        if len(wanted) > MOST:
            raise UsageError("%d targets" % len(wanted), "at most %d are sent to" % MOST,
                             "leave some out")
        self._channels = [_Channel(t, loss, output) for t in wanted]
        self._slots = Slots(loss.hold_ms / 1000.0, loss.return_ms / 1000.0, loss.blend_ms / 1000.0)
        self._began = self._last = None
        self._interval, self._picture, self._number = 1 / 30.0, None, 0
        self._size, self._fov, self._synchronised = (1, 1), fov, clock.synchronised()
        self._announced = (None, 0.0)

    def send(self, faces, frame):
        """Tell every target what to show; frame: a Frame, for its time and its luma's shape."""
        if self._picture is not None:
            passed = min(0.2, max(0.0, frame.time - self._picture))
            self._interval += 0.1 * (passed - self._interval)
        self._picture = frame.time
        self._size = frame.luma.shape[1::-1]
        self._publish(faces, frame.time, True)

    def idle(self, now, camera_running):
        """To be called at least every 50 ms while no frame comes: a stall of more than two frames
        loses the face.

        now: monotonic seconds. camera_running: what the source believes; a stall counts as not
        running.
        """
        stall = 2 * self._interval
        if camera_running and self._picture is not None and now - self._picture <= stall:
            return
        if self._last is None or now - self._last >= 0.9 * self._interval:
            self._publish((), now, False)

    def report(self, status):
        """The slow messages, from a status.Status; to be called once a second and on change."""
        self._synchronised = clock.synchronised()
        now, camera = time.monotonic(), (status.size, status.fov)
        self._fov = status.fov
        known, when = self._announced
        everything = camera != known or now - when >= ANNOUNCE_EVERY
        if everything:
            self._announced = camera, now
        for channel in self._channels:
            channel.announce(status, everything)

    def close(self, reason=0):
        """Say farewell three times, 20 ms apart, then be silent; reason: 0 normal, 1 restart, 2
        error.
        """
        moment = self._moment(self._last or time.monotonic(), False)
        for i in range(FAREWELLS if self._channels else 0):
            if i:
                time.sleep(APART)
            for channel in self._channels:
                channel.farewell(moment, reason)
        for channel in self._channels:
            channel.close()
        self._channels = []

    def _publish(self, faces, now, running):
        self._slots(faces, now)
        self._last = now
        moment = self._moment(now, running)
        self._number += 1
        reflected = None
        for channel in self._channels:
            if channel.mirror and reflected is None:
                reflected = mirrored(moment)
            channel.send(reflected if channel.mirror else moment)

    def _moment(self, now, running):
        self._began = now if self._began is None else self._began
        shown = self._slots.primary
        focal = focal_length(self._size[0], self._fov)
        return Moment(self._number, now - self._began, clock.unix(now), self._size, shown.face,
                      shown.id, shown.age, shown.fresh, running, self._synchronised, focal=focal,
                      slots=self._slots.shown())


class _Channel:
    """One target: its dialect, its link and its paces."""

    def __init__(self, target, loss, output):
        self.mirror = target.mirror
        self._dialect = _dialect(target, loss, output)
        top = self._dialect.top_rate
        rate = min(target.rate or top, top)
        repeat, self._repeats_for = self._dialect.lost
        self._pace, self._lost_pace = Pace(rate), Pace(min(rate, repeat or rate))
        self._lost_since = 0.0
        if "/" in target.host:
            self._link = Leases(target.to, target.host, target.port, self._dialect.question)
        else:
            self._link = Link(target.to, target.host, target.port)

    def send(self, moment):
        """The frame, unless it is not its turn."""
        due = self._tracked_due if moment.face is not None else self._lost_due
        if due(moment):
            self._out(self._dialect(moment))

    def announce(self, status, everything):
        """The slow messages."""
        self._out(self._dialect.announce(status, everything))

    def farewell(self, moment, reason):
        """The last word."""
        self._out(self._dialect.farewell(moment, reason))

    def close(self):
        """Nothing is sent any more."""
        self._link.close()

    def _tracked_due(self, moment):
        return self._pace.due(moment.time)

    def _lost_due(self, moment):
        if moment.fresh:        # the end of the way to neutral must arrive, whatever the rate
            self._lost_since = moment.time
            self._lost_pace.restart(moment.time)
            return True
        silent = moment.time - self._lost_since > self._repeats_for
        return not silent and self._lost_pace.due(moment.time)

    def _out(self, datagrams):
        for datagram in datagrams:
            self._link.send(datagram)


def _dialect(target, loss, output):
    """The dialect of a target with those options that it has."""
    known = dict(target._asdict(), limit=output.limit, neck_share=output.neck_share,
                 keepalive=loss.lost_keepalive_hz)
    make = DIALECTS[target.dialect]
    return make(**{name: known[name] for name in make.options})
