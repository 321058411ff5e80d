"""A name of a USB camera and options come in, its pictures go out, decoded by the hardware where
that does."""
import logging
import os
from threading import Lock
from time import monotonic

from appliance.errors import PartMissing
from appliance.sources import cameras, lines, sensors, v4l2
from appliance.sources.cameras import Away
from appliance.sources.gstreamer import Broken, Pipeline, known, need
from appliance.sources.lines import line
from appliance.sources.live import Live, Opening, written

log = logging.getLogger("kagami.source")
PATIENCE = 10.0       # seconds for which the same camera is waited for while another is there
ENOUGH = 0.9          # of the rate that is asked for: a mode with less is told
HARDWARE = "nvv4l2decoder"
HARDWARE_FROM = 720   # rows; below, the processor decodes sooner than the hardware hands back


def usb(device, camera, rgb=False):
    """The camera that `device` names (cameras.find), in the mode nearest to the [camera] options.
    """
    need("v4l2src", "jpegdec", "videoconvert")       # told now, not when a camera is plugged in
    return Live("camera " + device if device else "a camera", Camera(device, camera, rgb))


class Camera(Opening):
    """Opens a camera; called again, the same one rather than another."""

    def __init__(self, device, options, rgb):
        self._device, self._options, self._rgb = device, options, rgb
        self._before = self._missed = self._path = self._card = None
        self._refused = self._slow = None
        self._decoder, self._failed = None, set()     # the cameras that the hardware fails at
        self._lock = Lock()     # letting go of a camera closes every handle of it

    def __call__(self):
        """See Opening."""
        with self._lock:
            return self._opened()

    def expose(self, exposure):
        """See Source.expose; while the camera is away, it counts when it is back."""
        with self._lock:
            options = self._options._replace(exposure=exposure)
            here = self._path and os.path.exists(self._path)
            if here and "exposure" in cameras.settle(self._path, exposure, options.power_line):
                raise PartMissing("exposure", "the camera does not take it",
                                  "set it where the camera is set up")
            self._options = options

    def first(self, picture):
        """Broken for a picture of one grey, which a decoder makes of what it cannot read."""
        if self._decoder == HARDWARE and picture.luma.min() == picture.luma.max():
            raise Broken("its pictures are of one grey")

    def lost(self, reason, ran):
        """A camera whose pictures the hardware could not decode is decoded by the processor from
        now on, and at once."""
        failed = self._decoder == HARDWARE and not ran and not isinstance(reason, Away)
        if failed and os.path.exists(self._path):
            self._failed.add(self._before)
            log.warning("camera %s: the hardware does not decode it (%s), the processor does",
                        self._card, reason)
            return 0.0
        return super().lost(reason, ran)

    def _opened(self):
        if self._path:
            v4l2.let_go(self._path)
        options, camera = self._options, self._found()
        self._path, self._card = os.path.realpath(camera.path), camera.card
        mode, rate = cameras.choose(camera.modes, options.width, options.height, options.rate)
        refused = cameras.settle(camera.path, options.exposure, options.power_line)
        if refused and refused != self._refused:
            log.warning("camera %s: does not take %s; it goes on as it is", camera.card,
                        " and ".join(refused))
        self._refused = refused
        kind, form = cameras.READ[mode.format]
        self._decoder = self._chosen(mode) if kind == "jpeg" else None
        text = line(kind, options, "live", self._rgb, path=camera.path, format=form,
                    width=mode.width, height=mode.height, rate=written(rate),
                    decoder=self._decoder and _spelt(self._decoder))
        name = "camera %s (%s)" % (camera.card, camera.path)
        if rate < ENOUGH * options.rate and self._slow != (name, mode, rate):
            log.warning("%s: %g pictures a second are the most at %dx%d, not %g", name, rate,
                        mode.width, mode.height, options.rate)
            self._slow = name, mode, rate
        return name, "%s at %g Hz" % (mode.format, rate), rate, Pipeline(text)

    def _chosen(self, mode):
        """The decoder for a mode of the camera that was found."""
        fits = mode.height >= HARDWARE_FROM and self._before not in self._failed
        return HARDWARE if fits and known(HARDWARE, "mjpeg") else "jpegdec"

    def _found(self):
        try:
            camera = cameras.find(self._device, self._before)
        except Away as e:
            if not self._device and sensors.offered():
                raise Away("%s, but one on the board is: set camera.source = csi" % e) from e
            raise
        if self._before not in (None, camera.name):
            self._missed = self._missed or monotonic()
            if monotonic() - self._missed < PATIENCE:
                raise Away("not there")
        self._before, self._missed = camera.name, None
        return camera


def _spelt(decoder):
    """A decoder as it stands in a launch line."""
    quick = {name: "true" for name in lines.QUICK}
    return lines.DECODERS[decoder].format(
        quick=lines.settings(quick, known(decoder, *lines.QUICK)))
