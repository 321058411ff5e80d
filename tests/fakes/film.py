"""A source made of pictures in memory, and outputs that remember: the loop without camera and
network."""
import time

from appliance.face import Frame


class Film:
    """A source of luma pictures 1/30 s apart; None among them is a moment without a picture."""

    def __init__(self, pictures, live=False):
        self._pictures, self._number = list(pictures), 0
        self.live, self.state, self.size = live, "running", None
        self.dropped = self.restarts = 0
        self.length, self.closed = len(self._pictures) / 30.0, False
        self.rate, self.absent = None, False

    @property
    def ended(self):
        """True after the last picture."""
        return not self._pictures

    def read(self, wait=0.5):
        """The next Frame, or None."""
        luma = self._pictures.pop(0)
        self.state = "running" if luma is not None else "waiting for a camera: unplugged"
        self.absent = luma is None
        if luma is None:
            return None
        self._number, self.size = self._number + 1, luma.shape[1::-1]
        number = self._number - 1
        return Frame(number, number / 30.0, time.perf_counter(), luma)

    def __iter__(self):
        while not self.ended:
            frame = self.read()
            if frame is not None:
                yield frame

    def close(self):
        """Nothing is open."""
        self.closed = True


class Memory:
    """Outputs that remember every call: (name, faces or state)."""

    hosts, moment = (), None

    def __init__(self):
        self.calls = []

    def send(self, faces, frame):
        """Remember the faces of a frame."""
        self.calls.append(("send", faces))

    def idle(self, now, camera_running):
        """Remember that no frame came."""
        self.calls.append(("idle", camera_running))

    def report(self, status):
        """Remember the state."""
        self.calls.append(("report", status.state))

    def change(self, *options):
        """Remember other options."""
        self.calls.append(("change", options))

    def close(self, reason=0):
        """Remember the reason."""
        self.calls.append(("close", reason))

    def of(self, name):
        """What was remembered under a name."""
        return [value for called, value in self.calls if called == name]
