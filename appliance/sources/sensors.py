"""Which CSI sensors the board has, what each can do, and which mode fits what is asked."""
import glob
import math
import os
import re
from fractions import Fraction
from typing import NamedTuple, Optional

from appliance.errors import KagamiError

SYSTEM = "/sys/class/video4linux"
# What the Jetson's kernel calls a sensor's node, for instance "vi-output, imx219 7-0010"; the node
# itself is not opened, for that would switch the sensor on under the camera daemon.
NAMED = re.compile(r"vi-output, (\S+)")


class Mode(NamedTuple):
    """rate: pictures per second at most. field: degrees across, with the lens that the sensor is
    mostly sold with; None where nobody can know."""

    width: int
    height: int
    rate: int
    field: Optional[float]


class Bounds(NamedTuple):
    """Exposures in nanoseconds, shortest and longest; the highest gain."""

    shortest: int
    longest: int
    gain: float


class Sensor(NamedTuple):
    """number: what the camera daemon counts it as. model: for instance imx219."""

    number: int
    model: str


# As the drivers of L4T 32.7 have them. The IMX219 of Raspberry Pi's camera 2 sees 62.2 degrees
# with all its 3280 columns: 1640x1232 is all of it, 1280x720 its inner 2560, 1920x1080 1920.
ANY = (Mode(1280, 720, 60, None), Mode(1920, 1080, 30, None))
MODES = {"imx219": (Mode(1640, 1232, 30, 62.2), Mode(1280, 720, 60, 50.4),
                    Mode(1920, 1080, 30, 38.9)),
         "imx477": (Mode(1920, 1080, 60, None),)}
# What the camera daemon tells of an IMX219; of an unknown sensor what most have.
BOUNDS = {"imx219": Bounds(13000, 683709000, 10.625)}
USUAL = Bounds(30000, 300000000, 16.0)


def found(system=None):
    """[Sensor] in the order in which the camera daemon numbers them."""
    paths = glob.glob(os.path.join(glob.escape(system or SYSTEM), "video*", "name"))
    numbered = sorted((int(re.search(r"(\d+)/name$", path).group(1)), path) for path in paths)
    models = [match.group(1) for match in (NAMED.match(_text(path)) for _, path in numbered)
              if match]
    return [Sensor(number, model) for number, model in enumerate(models)]


def offered():
    """[Sensor] that could be opened: none without NVIDIA's elements."""
    sensors = found()
    if not sensors:
        return []
    try:
        from appliance.sources import gstreamer     # only where there is a sensor to ask for
        gstreamer.need("nvarguscamerasrc", "nvvidconv")
    except KagamiError:
        return []
    return sensors


def modes(sensor):
    """(Mode, ...) of a Sensor."""
    return MODES.get(sensor.model, ANY)


def bounds(sensor):
    """The Bounds of a Sensor."""
    return BOUNDS.get(sensor.model, USUAL)


def choose(sensor, width, height, rate):
    """(Mode, rate as a Fraction) that comes nearest: first the rate, then the shape, then the
    size, for the picture is made smaller at no cost."""
    def distance(mode):
        shape = abs(math.log(mode.width / mode.height) - math.log(width / height))
        return (round(max(0.0, math.log(rate / mode.rate)), 2), round(shape, 1),
                abs(mode.width - width) + abs(mode.height - height))
    mode = min(modes(sensor), key=distance)
    return mode, min(Fraction(rate).limit_denominator(1001), Fraction(mode.rate))


def size(mode, width):
    """(width, height) of the picture of a mode at most `width` wide: even numbers, for the
    converter takes no others."""
    wide = min(width, mode.width) // 2 * 2
    return wide, int(wide * mode.height / mode.width) // 2 * 2


def _text(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as f:
            return f.read(200)
    except OSError:
        return ""
