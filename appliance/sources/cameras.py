"""Which cameras are there, under names that stay, with what they can do; which mode is the right
one.

Infrared, depth and metadata nodes and raw sensors are known for what they are and passed over,
unless one is asked for by its name.
"""
import glob
import math
import os
import re
from fractions import Fraction
from typing import NamedTuple, Optional, Tuple

from appliance.errors import PartMissing
from appliance.sources import sensors, v4l2

# The kernel's formats that can be read: (line of lines.LINES, its name there).
READ = {"YUYV": ("raw", "YUY2"), "UYVY": ("raw", "UYVY"), "NV12": ("raw", "NV12"),
        "NV21": ("raw", "NV21"), "YU12": ("raw", "I420"), "YV12": ("raw", "YV12"),
        "422P": ("raw", "Y42B"), "RGB3": ("raw", "RGB"), "BGR3": ("raw", "BGR"),
        "MJPG": ("jpeg", "JPEG"), "JPEG": ("jpeg", "JPEG"), "GREY": ("raw", "GRAY8")}
JPEG_FROM = 720        # rows; from here on USB is too slow for raw pictures at full rate
INFRARED = re.compile(r"\bIR\b|infra-?red", re.IGNORECASE)
BARRED = "no permission to open it"
ALLOW = "sudo usermod -aG video $USER, then log in again"
NUMBER = re.compile(r"(\d+)$")


class Away(Exception):
    """A camera that is not to be had now, with the reason."""


class Camera(NamedTuple):
    """path: /dev/videoN. card: the maker's name. names: stable ones (by-id, then by-path). modes:
    (v4l2.Mode, ...). passed: why `usb` alone does not take it, None for a camera."""

    path: str
    card: str
    names: Tuple[str, ...]
    modes: Tuple[v4l2.Mode, ...]
    passed: Optional[str]

    @property
    def name(self):
        """The name to ask for it by, on this and the next start."""
        return self.names[0] if self.names else self.path


def found(dev="/dev"):
    """[Camera] of every video node, in the order of their numbers."""
    links = {}
    for link in sorted(glob.glob(os.path.join(glob.escape(dev), "v4l", "by-*", "*"))):
        links.setdefault(os.path.realpath(link), []).append(os.path.basename(link))
    paths = glob.glob(os.path.join(glob.escape(dev), "video[0-9]*"))
    return [_camera(path, links.get(os.path.realpath(path), ()))
            for path in sorted(paths, key=_number)]


def find(device="", before=None, dev="/dev"):
    """The Camera that `device` names: number, path, stable name or a part of a name; "" the first
    that is a camera, and of those rather the one whose name was `before`. Away where it is not
    there, PartMissing where it may not be opened."""
    here = found(dev)
    fitting = [c for c in here if (_fits(c, device) if device else c.passed in (None, BARRED))]
    if not fitting:
        there = device.startswith("/") and os.path.exists(device)
        raise Away("not a camera" if there else "not there" if device else "none is there")
    camera = min(fitting, key=lambda c: (bool(c.passed), device not in c.names, c.name != before))
    if camera.passed == BARRED:
        raise PartMissing(camera.path, BARRED, ALLOW)
    return camera


def choose(modes, width, height, rate):
    """(v4l2.Mode, rate as a Fraction) that comes nearest to what is asked: first the size, then
    the rate, then the format: MJPEG for large pictures, raw for small ones. Away for no mode."""
    readable = [mode for mode in modes if mode.format in READ]
    if not readable:
        raise Away("it offers no format that can be read")

    def distance(mode):
        jpeg = READ[mode.format][0] == "jpeg"
        return (abs(mode.width - width) + abs(mode.height - height), _off(_rate(mode, rate), rate),
                jpeg != (mode.height >= JPEG_FROM), list(READ).index(mode.format))
    mode = min(readable, key=distance)
    return mode, _rate(mode, rate)


def settle(path, exposure, power_line):
    """Set exposure ("auto" or microseconds) and power-line frequency as far as the camera has
    them; auto never slows the camera down in the dark. Returns the names of the options that ask
    for something and were not taken."""
    settings = {v4l2.POWER_LINE: v4l2.POWER_LINE_VALUES[str(power_line)]}
    if exposure == "auto":
        settings[v4l2.EXPOSURE_MODE] = v4l2.APERTURE_PRIORITY
    else:
        settings[v4l2.EXPOSURE_MODE] = v4l2.MANUAL
        settings[v4l2.EXPOSURE_TIME] = int(exposure) // 100
    settings[v4l2.EXPOSURE_SLOWS] = 0
    try:
        taken = v4l2.control(path, settings)
    except OSError:
        taken = {}
    asked = (("exposure", exposure, v4l2.EXPOSURE_TIME), ("power_line", power_line,
                                                          v4l2.POWER_LINE))
    return [name for name, value, number in asked if value != "auto" and number not in taken]


def choices(dev="/dev"):
    """[{"source": what [camera] takes, "name", "modes": [[width, height, rate], ...]}] of every
    camera that `usb` alone would take, then of the sensors; the largest picture first."""
    return [{"source": "usb:" + camera.name, "name": camera.card,
             "modes": sorted({(mode.width, mode.height, round(float(rate), 2))
                              for mode in camera.modes if mode.format in READ
                              for rate in mode.rates}, reverse=True)}
            for camera in found(dev) if not camera.passed] + [
                {"source": "csi:%d" % sensor.number, "name": sensor.model,
                 "modes": sorted((tuple(mode[:3]) for mode in sensors.modes(sensor)),
                                 reverse=True)} for sensor in sensors.offered()]


def lines(dev="/dev"):
    """What `kagami cameras` prints: each camera with its name and modes, then what was passed
    over."""
    here = found(dev)
    out = [row for camera in here if not camera.passed for row in _described(camera)]
    out += [row for sensor in sensors.offered() for row in _described_sensor(sensor)]
    if not out:
        out += ["No camera is here. Plug one in (`kagami run` waits for it), or try without:",
                "  kagami run --source test      a moving pattern",
                "  kagami run --source file:clip.mp4"]
    passed = ["  %s  %s: %s" % (c.path, c.card or "unknown", c.passed) for c in here if c.passed]
    out += ["", "Passed over:"] + passed if passed else []
    return out + (["To be permitted: " + ALLOW] if any(c.passed == BARRED for c in here) else [])


def _described(camera):
    yield camera.card
    yield "  usb:%s  (%s)" % (camera.name, camera.path)
    for mode in camera.modes:
        rates = " ".join("%g" % round(float(rate), 2) for rate in mode.rates)
        yield "  %-4s %9s  %s" % (mode.format, "%dx%d" % (mode.width, mode.height), rates)


def _described_sensor(sensor):
    yield "%s, on the board's own connector" % sensor.model
    yield "  csi:%d" % sensor.number
    for mode in sensors.modes(sensor):
        field = ", %.0f degrees wide with the usual lens" % mode.field if mode.field else ""
        yield "  NV12 %9s  %d%s" % ("%dx%d" % (mode.width, mode.height), mode.rate, field)


def _camera(path, names):
    try:
        node = v4l2.node(path)
    except PermissionError:
        return Camera(path, "", tuple(names), (), BARRED)
    except OSError as e:
        return Camera(path, "", tuple(names), (), "it does not answer (%s)" % e.strerror)
    return Camera(path, node.card, tuple(names), node.modes, _passed(node))


def _passed(node):
    formats = {mode.format for mode in node.modes}
    if not node.flags & v4l2.CAPTURE:
        return "no pictures (metadata, output or a codec)"
    if not formats & set(READ):
        return "no format that can be read (%s)" % (", ".join(sorted(formats)) or "none at all")
    if formats <= {"GREY"} or INFRARED.search(node.card):
        return "infrared or grey"
    return None


def _fits(camera, device):
    if device.isdigit():
        return _number(camera.path) == int(device)
    if device.startswith("/"):
        return os.path.realpath(device) == os.path.realpath(camera.path)
    names = camera.names + (camera.card, os.path.basename(camera.path))
    return any(device.lower() in name.lower() for name in names)


def _number(path):
    return int(NUMBER.search(path).group())


def _rate(mode, asked):
    """The rate of a mode that comes nearest; of two as near the higher."""
    rates = mode.rates or (Fraction(asked).limit_denominator(1000),)
    return min(rates, key=lambda rate: (_off(rate, asked), -rate))


def _off(rate, asked):
    return round(abs(math.log(float(rate) / asked)), 2)
