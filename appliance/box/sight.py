"""The camera becomes a finding: of the program that has it, or of a short look where none runs."""
import json
import time

from appliance import backends, sources
from appliance.box.finding import BAD, OK, WARN, Finding
from appliance.box.strain import TOO_HOT
from appliance.errors import KagamiError
from appliance.sources import cameras

LOOK = 2.0          # seconds of pictures that are counted
PATIENCE = 6.0      # seconds until the first
ENOUGH = 0.85       # of the rate that is asked for
SLOW = "light from the front; `kagami cameras` lists the rates, [camera] exposure bounds the time"
NONE = "plug one in, a USB one into a blue socket; `kagami cameras` lists what is there"
BUSY = "end the program that has it: sudo fuser -v /dev/video*"


def camera(config, about=None):
    """A Finding. about: what the running program says of itself."""
    if about is None:
        return _looked(config.camera)
    if about["state"] in ("no camera", "error"):
        return Finding("camera", BAD, about["text"], _help(about["text"]))
    if about["state"] == "starting":
        return Finding("camera", OK, "the program has just started; ask again")
    if TOO_HOT in about["text"]:        # see `temperature`
        return Finding("camera", OK, "%s: half of its pictures are tracked" % about["source"])
    return _judged(about["source"], about.get("fps"), config.camera.rate)


def _looked(options):
    usb = options.source.partition(":")[0] == "usb"
    there = [found for found in cameras.found() if not found.passed]
    barred = [found for found in cameras.found() if found.passed == cameras.BARRED]
    if usb and barred and not there:
        return Finding("camera", BAD, "%s: %s" % (barred[0].path, cameras.BARRED), cameras.ALLOW)
    if usb and not there:
        return Finding("camera", BAD, "none is here", NONE)
    if not sources.endless(options.source):
        return Finding("camera", OK, "%s is no camera" % options.source)
    try:
        backends.ready()            # before GStreamer, see there
        return _opened(options)
    except KagamiError as e:
        return Finding("camera", BAD, "%s: %s" % (e.what, e.why), e.do)


def _opened(options):
    source = sources.open_source(options.source, options)
    try:
        rate = _counted(source)
        if rate is None:
            return Finding("camera", BAD, source.state, _help(source.state))
        return _judged(options.source, rate, source.rate or options.rate)
    finally:
        source.close()


def _counted(source):
    """Pictures a second in a short look; None where none came."""
    until, first, count = time.monotonic() + PATIENCE, None, 0
    while time.monotonic() < until:
        if source.read(0.5) is None:
            continue
        if first is None:
            first = time.monotonic()
            until = first + LOOK
        count += 1
    return None if first is None else max(0, count - 1) / LOOK


def _judged(name, rate, asked):
    if rate is None:
        return Finding("camera", OK, name)
    words = "%s: %.1f of %g pictures a second" % (name, rate, asked)
    return Finding("camera", WARN, words, SLOW) if rate < ENOUGH * asked else Finding(
        "camera", OK, words)


def _help(state):
    return BUSY if "busy" in state else cameras.ALLOW if cameras.BARRED in state else NONE


def told(program):
    """What the running program says of itself."""
    return json.loads(program.text("/kagami/about"))
