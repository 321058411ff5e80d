"""Faces of each frame leave as datagrams to every target: loss, mirror, farewell in one place."""
import time

from appliance.errors import UsageError
from appliance.geometry import focal_length
from appliance.outputs import clock
from appliance.outputs.channel import Channel, dialect
from appliance.outputs.moment import Moment, mirrored
from appliance.outputs.slots import Slots
from appliance.outputs.targets import MOST, checked

ANNOUNCE_EVERY = 10.0       # seconds between version, names and camera
FAREWELLS, APART = 3, 0.02  # times, seconds


class Outputs:
    """The targets and the faces' slots before them.

    targets: records with `to` and the options of targets.Target. loss: record with hold_ms,
    return_ms, blend_ms, lost_keepalive_hz. output: record with neck_share, limit. fov: degrees
    across the picture. UsageError for a target that means nothing. Weather (no host, no network,
    no receiver) raises nothing. `channels`: those that are sent to now. `moment`: the newest, or
    None. `calibrating`: to be set while the shown face is measured or taught.
    """

    def __init__(self, targets, loss, output, fov=60.0):
        self.channels, self._own, self._common = [], [], None
        self._slots = Slots()
        self.change(targets, loss, output)
        self.moment = self._began = self._last = None
        self.calibrating = False
        self._interval, self._picture, self._number = 1 / 30.0, None, 0
        self._size, self._fov, self._synchronised = (1, 1), fov, clock.synchronised()
        self._announced = (None, 0.0)

    def change(self, targets, loss, output):
        """Other targets, times or sizes from now on; where nothing changes, socket and state stay.

        UsageError leaves everything as it was.
        """
        common = loss.lost_keepalive_hz, output
        left, plan = list(self._own), []
        for target, why in _wanted(targets):
            kept = next((c for c in left if c.leads_to(target)), None)
            left = [c for c in left if c is not kept]
            same = kept is not None and kept.target == target and self._common == common
            plan.append((target, why, kept, None if same else dialect(target, loss, output)))
        self._common = common
        self._slots.set_times(loss.hold_ms / 1000.0, loss.return_ms / 1000.0,
                              loss.blend_ms / 1000.0)
        for channel in left:
            self.drop(channel)
        others = [c for c in self.channels if c not in self._own]
        self._own = [_channel(*row) for row in plan]
        self.channels = self._own + others

    def add(self, channel):
        """Send to one more, beside the targets."""
        self.channels = self.channels + [channel]

    def wave(self, to):
        """Show a waving head to those targets that are written so; whether there are any."""
        meant = [channel for channel in self.channels if channel.target.to == to]
        for channel in meant:
            channel.wave()
        return bool(meant)

    def drop(self, channel):
        """Say farewell to one, and send to it no longer."""
        if self._began is not None:
            channel.farewell(self._moment(self._last, False))
        channel.close()
        self.channels = [c for c in self.channels if c is not channel]

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
        for channel in self.channels:
            channel.announce(status, everything)

    def close(self, reason=0):
        """Say farewell three times, 20 ms apart, then be silent; reason: 0 normal, 1 restart, 2
        error.
        """
        moment = self._moment(self._last or time.monotonic(), False)
        for i in range(FAREWELLS if self.channels else 0):
            if i:
                time.sleep(APART)
            for channel in self.channels:
                channel.farewell(moment, reason)
        for channel in self.channels:
            channel.close()
        self.channels = []

    def _publish(self, faces, now, running):
        self._slots(faces, now)
        self._last = now
        self.moment = moment = self._moment(now, running)
        self._number += 1
        reflected = None
        for channel in self.channels:
            if channel.target.mirror and reflected is None:
                reflected = mirrored(moment)
            channel.send(reflected if channel.target.mirror else moment)

    def _moment(self, now, running):
        self._began = now if self._began is None else self._began
        shown = self._slots.primary
        focal = focal_length(self._size[0], self._fov)
        return Moment(self._number, now - self._began, clock.unix(now), self._size, shown.face,
                      shown.id, shown.age, shown.fresh, running, self._synchronised, focal=focal,
                      slots=self._slots.shown(), calibrating=self.calibrating)


def _wanted(records):
    """[(Target, why)] of those that are enabled."""
    wanted = [(checked(record), _why(record)) for record in records]
    wanted = [(target, why) for target, why in wanted if target.enabled]
    if len(wanted) > MOST:
        raise UsageError("%d targets" % len(wanted), "at most %d are sent to" % MOST,
                         "leave some out")
    return wanted


def _channel(target, why, kept, speaker):
    """The channel of a target: the one that is kept, changed where there is another speaker."""
    channel = kept or Channel(target, speaker)
    if kept and speaker:
        kept.change(target, speaker)
    channel.why = why
    return channel


def _why(record):
    """Which line of the user's is the reason for a target."""
    name = getattr(record, "name", "")
    if name == record.to:
        return "added"
    return name if name[:2] == "--" else ("[target %s]" % name).replace(" ]", "]")
