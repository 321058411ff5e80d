"""What runs on the processor, measured on this machine, and as a range for a Nano's Cortex-A57."""
import resource
import sys
from contextlib import closing

import numpy as np

from appliance import config as configuration
from appliance.sources import open_source
from benchmarks import outputs, parts
from benchmarks.stages import pictures

# How many times as long as here a Cortex-A57 at 1.43 GHz takes for the same work (no measurement;
# docs/benchmarks.md gives the reasons), and Python 3.6 with its libraries as long as 3.11: 1.39 to
# 1.46 over the stages, measured here.
CORE, PYTHON = (3.5, 8.5), 1.4
FRAMES = 120            # taken from a source, and published
HOT = 240.0             # pictures a second: hardly a sleep in between, as for the other rows


def slower():
    """(least, most) by which a Nano's times are taken to be longer than this machine's."""
    python = 1.0 if sys.version_info < (3, 8) else PYTHON
    return tuple(core * python for core in CORE)


def here(url, most):
    """{stage: ms} of the work outside the networks, on this machine: the fastest tenth of pictures
    in which one face is followed; "detector": of those in which it ran."""
    found = parts.measured(pictures(url, most))
    searching = parts.outside([rows for rows in found if "detector" in rows])
    rows = {"capture": capture(), "publish": publish(url)}
    rows.update((stage, parts.fastest_ms(seconds))
                for stage, seconds in parts.outside(parts.tracking(found)).items())
    rows.update((stage, parts.fastest_ms(seconds)) for stage, seconds in searching.items()
                if stage == "detector")
    return rows


def capture(count=FRAMES):
    """Processor ms of this thread to take a picture from GStreamer, the fastest tenth."""
    camera = configuration.defaults().camera._replace(rate=HOT)
    with closing(open_source("test", camera)) as source:
        spent = [_spent() for _ in zip(range(count), source)]
        return parts.fastest_ms(np.diff(spent))


def publish(url, count=FRAMES):
    """Ms to hand a face to one VMC target."""
    faces = outputs.tracked(url, count)
    with closing(outputs.Case("vmc", [outputs.to("vmc")])) as case:
        return parts.fastest_ms([case(faces[i % len(faces)]) for i in range(count)])


def _spent():
    """Processor seconds of this thread so far."""
    used = resource.getrusage(resource.RUSAGE_THREAD)
    return used.ru_utime + used.ru_stime
