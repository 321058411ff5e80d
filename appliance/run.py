"""The loop: pictures from a source, faces from the tracker, datagrams to the targets. Read this
first.

It ends with the source, or with SIGINT or SIGTERM; SIGUSR1 prints the timing table. That no
picture comes is a state, not an error.
"""
import json
import signal
import sys
from contextlib import closing, contextmanager
from time import monotonic, perf_counter

from appliance import files
from appliance.outputs import Outputs
from appliance.sources import open_source
from appliance.status import Status
from appliance.timing import Timing
from appliance.tracker import Tracker

WAIT = 0.04        # seconds; short enough for a lost face to ease to neutral smoothly while the camera is away


class Signals:
    """While entered: `stopping` after SIGINT or SIGTERM, `table` after SIGUSR1. A second SIGINT
    kills."""

    def __init__(self):
        self.stopping = self.table = False

    def __enter__(self):
        self._before = [(s, signal.signal(s, self._caught)) for s in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)]
        return self

    def __exit__(self, *_):
        for number, handler in self._before:
            signal.signal(number, handler)

    def _caught(self, number, _):
        if number == signal.SIGUSR1:
            self.table = True
        else:
            self.stopping = True
            signal.signal(number, signal.SIG_DFL)


def run(source, tracker, outputs, status, stop, line=None):
    """Track until the source ends or `stop.stopping`; the caller closes what it opened.

    stop: Signals, or anything with its two attributes. line: a terminal.LiveLine that shows the
    status, or None.
    """
    timing = status.timing
    while not stop.stopping and not source.ended:
        frame = source.read(WAIT)
        faces = _turn(frame, tracker, outputs, timing) if frame is not None else []
        if frame is None and not source.ended:
            outputs.idle(monotonic(), source.state == "running")
        status.turn(frame, faces, source)
        if status.due():
            outputs.report(status)
        if line is not None:
            line.show(status.line)
        if stop.table:
            stop.table = False
            print_table(status, line)


def _turn(frame, tracker, outputs, timing):
    timing.add("capture", perf_counter() - frame.arrived)
    faces = tracker(frame.luma, frame.time)
    start = perf_counter()
    outputs.send(faces, frame)
    end = perf_counter()
    timing.add("publish", end - start)
    timing.add("total", end - frame.arrived)
    return faces


def print_table(status, line=None):
    """The timing table on standard output, above the status line."""
    if line is not None:
        line.clear()
    print(status.timing.table(status.dropped))
    sys.stdout.flush()


def session(url, config, timing_path=None, every_frame=False, line=None):
    """Open what `url` and `config` name, run, close, print the table; timing_path: also as JSON
    there."""
    timing = Timing()
    status = Status(timing, config.camera.fov, [t.to for t in config.targets])
    with _timing_file(timing_path) as write, closing(open_source(url, config.camera, every_frame)) as source:
        tracker = Tracker(config, timing)
        with _farewell(Outputs(config.targets, config.loss, config.output), status) as outputs, Signals() as stop:
            run(source, tracker, outputs, status, stop, line)
        print_table(status, line)
        write(timing.as_dict(status.dropped))


@contextmanager
def _farewell(outputs, status):
    try:
        yield outputs
    except BaseException:
        status.stop(failed=True)
        outputs.close(2)
        raise
    status.stop()
    outputs.close(0)


@contextmanager
def _timing_file(path):
    """A function that takes the figures; the file is begun before the run, so that a wrong path is
    told at once."""
    if not path:
        yield lambda figures: None
        return
    with files.whole(path) as temporary:
        with open(temporary, "w") as f:
            yield lambda figures: f.write(json.dumps(figures, indent=1) + "\n")
