"""One source after another comes out as one: pictures go on when another camera, or the same one
turned, is chosen.

What is chosen is opened beside the loop, which meanwhile gets no picture and goes on.
"""
import logging
from threading import Thread
from time import monotonic, sleep

from appliance.errors import KagamiError, PartMissing
from appliance.sources import Source, cameras, open_source

log = logging.getLogger("kagami.source")
AGAIN = 1.0             # seconds between two tries
GRACE = 3.0             # seconds at the end for what is being opened


class Switch(Source):
    """camera: the [camera] options, `source` among them. every_frame: as of open_source. patient:
    what cannot be opened is waited for from the beginning, as it is after every change. opened:
    what opens, as open_source."""

    def __init__(self, camera, every_frame=False, patient=False, opened=open_source):
        super().__init__(live=True)
        self._camera, self._opened = camera, opened
        self._opening = self._source = None
        self._patient, self._reason, self._again = patient, "", 0.0
        self._number, self._first, self._gone = -1, 0, (0, 0)
        if patient:
            self._open(None)
        else:
            self._take(opened(camera.source, camera, every_frame))

    def change(self, camera):
        """Go over to other [camera] options; whether that takes another source, for the field of
        view is not the source's."""
        before, self._camera = self._camera, camera
        if camera._replace(fov=before.fov) == before:
            return False
        self._patient, self._gone = True, (self.dropped, self.restarts + 1)
        self._open(self._opening or self._source)
        return True

    def read(self, wait=0.5):
        """The newest Frame (see Source.read)."""
        if self.ended or self._source is None and not self._arrived(wait):
            return None
        try:
            frame = self._source.read(wait)
        except KagamiError as e:                    # there was not one picture in it
            if not self._patient:
                raise
            return self._lose(e)
        self._follow()
        if frame is None:
            return None
        self._number = self._first + frame.number
        return frame._replace(number=self._number)

    @staticmethod
    def cameras():
        """Those that could be chosen, as cameras.choices() tells them; may take a moment."""
        return cameras.choices()

    def expose(self, exposure):
        """See Source.expose."""
        if self._source is None:
            raise PartMissing("exposure", "the camera is being opened", "ask again")
        self._source.expose(exposure)

    def close(self):
        """Let go of camera or file."""
        super().close()
        for one in (self._opening, self._source):
            if one is not None:
                one.close()

    def _open(self, before):
        """Begin to open; what there was before is closed first, for it may be the same camera."""
        self.live, self.rate, self._source = True, None, None
        if not self._reason:
            self.state = "waiting for %s: opening" % self._camera.source
        self._opening = _Opening(self._opened, self._camera, before)

    def _arrived(self, wait):
        """Whether a source is there, after `wait` seconds at most."""
        if self._opening is None:
            left = self._again - monotonic()
            sleep(max(0.0, min(wait, left)))
            if left <= wait:
                self._open(None)
            return False
        self._opening.join(wait)
        if self._opening.is_alive():
            return False
        made, self._opening = self._opening.made, None
        return bool(self._lose(made) if isinstance(made, KagamiError) else self._take(made))

    def _take(self, source):
        self._source, self._first, self._reason = source, self._number + 1, ""
        self._follow()
        return True

    def _lose(self, error):
        if self._source is not None:
            self._source.close()
        self.live, self._source, self._again = True, None, monotonic() + AGAIN
        self.state, self.absent = "waiting for %s: %s" % (self._camera.source, error.why), True
        if self._reason != self.state:
            log.warning("%s; %s", self.state, error.do)
        self._reason = self.state

    def _follow(self):
        """Be what the source is."""
        source = self._source
        self.live, self.ended, self.state = source.live, source.ended, source.state
        self.absent = source.absent
        self.rate, self.length = source.rate, source.length
        self.size = source.size or self.size
        self.dropped = self._gone[0] + source.dropped
        self.restarts = self._gone[1] + source.restarts


class _Opening(Thread):
    """`made`: the Source of some [camera] options, or the KagamiError; before: what is closed
    first, a Source, another _Opening or None."""

    def __init__(self, opened, camera, before):
        super().__init__(name="open " + camera.source, daemon=True)
        self.made, self._opened, self._camera, self._before = None, opened, camera, before
        self.start()

    def run(self):
        """What a thread does."""
        try:
            if self._before is not None:
                self._before.close()
            self.made = self._opened(self._camera.source, self._camera)
        except KagamiError as e:
            self.made = e

    def close(self):
        """Let go of what was opened."""
        self.join(GRACE)
        if isinstance(self.made, Source):
            self.made.close()
