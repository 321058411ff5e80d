"""A sensor on the board's own connector comes in, its pictures go out: through the camera daemon
and the converter of the Jetson, in the size that is asked for."""
import logging

from appliance.sources import lines, sensors
from appliance.sources.cameras import Away
from appliance.sources.daemon import Daemon
from appliance.sources.gstreamer import Pipeline, known, need
from appliance.sources.lines import line
from appliance.sources.live import Live, Opening, written

log = logging.getLogger("kagami.source")
SHORTEST = 100000                   # nanoseconds of exposure
LONGEST = 16000000                  # longer blurs a head that turns; the gain makes up for it
ANTIBANDING = {"off": 0, "auto": 1, "50": 2, "60": 3}
NOISE_REDUCTION = 1                 # the fast one
BILINEAR = 1                        # without, three of four pixels are left out
NARROW = 5                          # degrees by which camera.fov may be off without a word


def csi(number, camera, rgb=False):
    """The sensor that is counted as `number` ("" is the first), in the mode nearest to the
    [camera] options."""
    need("nvarguscamerasrc", "nvvidconv")
    return Live("camera csi:%s" % (number or 0), Camera(int(number or 0), camera, rgb))


class Camera(Opening):
    """Opens a sensor; knows when its daemon needs a restart."""

    patience = 6.0          # the daemon may load its libraries from a card first

    def __init__(self, number, options, rgb):
        self._number, self._options, self._rgb = number, options, rgb
        self._daemon, self._told = Daemon(), set()
        self._pipeline, self._bounds = None, sensors.USUAL

    def __call__(self):
        """See Opening."""
        sensor = self._found()
        options, self._bounds = self._options, sensors.bounds(sensor)
        mode, rate = sensors.choose(sensor, options.width, options.height, options.rate)
        name = "camera %s (csi:%d)" % (sensor.model, sensor.number)
        self._pipeline = Pipeline(self._line(sensor, mode, rate))
        self._tell(name, mode, rate)
        return name, "of %dx%d at %g Hz" % (mode.width, mode.height, rate), rate, self._pipeline

    def expose(self, exposure):
        """See Source.expose; while the camera is away, it counts when it is back."""
        self._options = self._options._replace(exposure=exposure)
        if self._pipeline is not None:
            self._pipeline.change("camera", exposuretimerange=self._range())

    def first(self, picture):
        """See Opening."""
        self._daemon.here()

    def lost(self, reason, ran):
        """See Opening."""
        self._pipeline = None
        if isinstance(reason, Away):            # no sensor: no daemon brings it
            return super().lost(reason, ran)
        return self._daemon.lost(reason, ran)

    def soon(self):
        """See Opening."""
        return self._daemon.fresh()

    def _found(self):
        here = {sensor.number: sensor for sensor in sensors.found()}
        if self._number not in here:
            raise Away("not there" if here else "no sensor is there")
        return here[self._number]

    def _line(self, sensor, mode, rate):
        options = self._options
        wide, high = sensors.size(mode, options.width)
        if options.rotation in (90, 270):
            wide, high = high, wide
        asked = {"exposuretimerange": self._range(), "tnr-mode": NOISE_REDUCTION,
                 "aeantibanding": ANTIBANDING[str(options.power_line)]}
        if options.gain != "auto":
            asked["gainrange"] = "1 %g" % min(options.gain, self._bounds.gain)
        smooth = {"interpolation-method": BILINEAR}
        return line("csi", options, "live", self._rgb, sensor=sensor.number,
                    settings=lines.settings(asked, known("nvarguscamerasrc", *asked)),
                    converter=lines.settings(smooth, known("nvvidconv", *smooth)),
                    turn=lines.METHODS[options.rotation][options.flip], width=mode.width,
                    height=mode.height, rate=written(rate), wide=wide, high=high)

    def _range(self):
        """The exposures among which the camera chooses, nanoseconds, as it takes them."""
        asked, can = self._options.exposure, self._bounds
        low, high = (SHORTEST, LONGEST) if asked == "auto" else (1000 * asked, 1000 * asked)
        return "%d %d" % tuple(max(can.shortest, min(can.longest, n)) for n in (low, high))

    def _tell(self, name, mode, rate):
        """Once each: a rate that is not to be had, a field of view that is another."""
        asked = self._options
        if rate < asked.rate:
            self._once("%s: %g pictures a second are the most, not %g" % (name, rate, asked.rate))
        if mode.field and abs(mode.field - asked.fov) > NARROW:
            self._once("%s: with the usual lens it sees %.0f degrees in this mode, camera.fov is "
                       "%g" % (name, mode.field, asked.fov))

    def _once(self, words):
        if words not in self._told:
            self._told.add(words)
            log.warning(words)
