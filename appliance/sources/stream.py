"""Raw pictures on standard input, from any other program, come in; a Source goes out."""
import re
import sys
from fractions import Fraction

from appliance.errors import UsageError, nearest

FORM = re.compile(r"(\d+)x(\d+)@(\d+(?:\.\d+)?|\d+/\d+):(\w+)$")
LARGEST, FASTEST = 8192, 240
# Bytes of a sample, and how many pixels share it across and down, for each plane. Rows come
# packed, as other programs write them; GStreamer alone would pad them to four bytes.
PLANES = {"GRAY8": ((1, 1, 1),),
          "I420": ((1, 1, 1), (1, 2, 2), (1, 2, 2)), "YV12": ((1, 1, 1), (1, 2, 2), (1, 2, 2)),
          "Y42B": ((1, 1, 1), (1, 2, 1), (1, 2, 1)), "Y444": ((1, 1, 1), (1, 1, 1), (1, 1, 1)),
          "NV12": ((1, 1, 1), (2, 2, 2)), "NV21": ((1, 1, 1), (2, 2, 2)),
          "YUY2": ((4, 2, 1),), "UYVY": ((4, 2, 1),), "RGB": ((3, 1, 1),), "BGR": ((3, 1, 1),),
          "RGBA": ((4, 1, 1),), "BGRA": ((4, 1, 1),), "RGBx": ((4, 1, 1),), "BGRx": ((4, 1, 1),)}


def open_stream(form, camera, every_frame=False, rgb=False):
    """The Source of raw pictures "WIDTHxHEIGHT@RATE:FORMAT" on standard input; it ends with its
    input. every_frame: the writer waits for us, times go by RATE; else the newest, on arrival.
    UsageError for a form that means nothing, or where standard input is a terminal."""
    from appliance.sources.gstreamer import Pipeline      # read() does without
    from appliance.sources.lines import line
    from appliance.sources.recording import Recording
    values = read(form)
    if sys.__stdin__ is not None and sys.__stdin__.isatty():
        raise UsageError("source stdin:" + form, "standard input is a terminal",
                         "pipe raw pictures into it: PROGRAM | kagami run --source stdin:...")
    text = line("stdin", camera, "every" if every_frame else "live", rgb, fd=0, **values)
    return Recording(Pipeline(text), "standard input", every_frame, live=not every_frame)


def layout(name, width, height):
    """(bytes in a row of each plane, where each plane starts, bytes of a whole picture)."""
    strides, offsets, size = [], [], 0
    for sample, across, down in PLANES[name]:
        strides.append(-(-width // across) * sample)
        offsets.append(size)
        size += strides[-1] * -(-height // down)
    return strides, offsets, size


def read(form):
    """{name: value} for the launch line of "WIDTHxHEIGHT@RATE:FORMAT"; UsageError where it means
    nothing."""
    url = "source stdin:" + form
    match = FORM.match(form)
    if not match:
        raise UsageError(url, "not WIDTHxHEIGHT@RATE:FORMAT", "write for instance "
                         "stdin:640x480@30:GRAY8")
    width, height, rate = int(match.group(1)), int(match.group(2)), _rate(match.group(3))
    if not (1 <= width <= LARGEST and 1 <= height <= LARGEST and 0 < rate <= FASTEST):
        raise UsageError(url, "out of bounds", "give 1 to %d pixels and a rate up to %d"
                         % (LARGEST, FASTEST))
    name = {known.lower(): known for known in PLANES}.get(match.group(4).lower())
    if name is None:
        near = nearest(match.group(4), PLANES)
        raise UsageError(url, "no such format", "did you mean %s?" % near if near
                         else "give one of " + ", ".join(PLANES))
    strides, offsets, size = layout(name, width, height)
    return {"width": width, "height": height, "rate": "%d/%d" % (rate.numerator, rate.denominator),
            "format": name.lower(), "size": size, "strides": _array(strides),
            "offsets": _array(offsets)}


def _rate(text):
    return Fraction(text).limit_denominator(1001) if not text.endswith("/0") else Fraction(0)


def _array(numbers):
    return "<" + ",".join("(int)%d" % number for number in numbers) + ">"
