"""The loop: pictures from a source, faces from the tracker, datagrams to the targets.

It ends with the source, or with SIGINT or SIGTERM; SIGUSR1 prints the timing table. That no
picture comes is a state, not an error.
"""
import json
import signal
import sys
from contextlib import closing, contextmanager
from time import monotonic, perf_counter

from appliance import files
from appliance.errors import ConfigError, UsageError
from appliance.network.surroundings import Surroundings
from appliance.outputs import Outputs
from appliance.outputs.targets import checked
from appliance.sources import open_source
from appliance.status import Status
from appliance.timing import Timing
from appliance.tracker import Tracker

WAIT = 0.04        # seconds; while the camera is away a lost face still eases to neutral smoothly


class Signals:
    """While entered: `stopping` after SIGINT or SIGTERM, `table` after SIGUSR1.

    A second SIGINT or SIGTERM kills, for a loop that hangs.
    """

    numbers = signal.SIGINT, signal.SIGTERM, signal.SIGUSR1

    def __init__(self):
        self.stopping = self.table = False

    def __enter__(self):
        self._before = [signal.signal(number, self._caught) for number in self.numbers]
        return self

    def __exit__(self, *_):
        for number, handler in zip(self.numbers, self._before):
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
    while not stop.stopping and not source.ended:
        frame = source.read(WAIT)
        faces = []
        if frame is not None:
            faces = _turn(frame, tracker, outputs, status.timing)
        elif source.live:
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
    """Open what `url` and `config` name, run, close, print the table.

    timing_path: where the table goes as JSON too. every_frame: of a file, as fast as it goes.
    """
    _check(config)
    timing = Timing()
    status = Status(timing, config.camera.fov, [target.to for target in config.targets])
    with _timing_file(timing_path) as write:
        with closing(open_source(url, config.camera, every_frame)) as source:
            tracker = Tracker(config, timing)
            with _opened(config, status) as outputs, Signals() as stop:
                run(source, tracker, outputs, status, stop, line)
        print_table(status, line)
        write(timing.as_dict(status.dropped))


def _check(config):
    """Every target, before anything is opened; a configured one is named by its section."""
    for target in config.targets:
        try:
            checked(target)
        except UsageError as e:
            if target.name == "--to":
                raise
            section = "[%s]" % ("target " + target.name).strip()
            raise ConfigError("%s %s" % (section, e.what), e.why, e.do) from e


@contextmanager
def _opened(config, status):
    """The outputs; receivers are told how it ended."""
    outputs = Outputs(config.targets, config.loss, config.output, config.camera.fov)
    surroundings = Surroundings(config, outputs, status)
    failed = True
    try:
        yield outputs
        failed = False
    finally:
        status.stop(failed)
        outputs.close(2 if failed else 0)
        surroundings.close()


@contextmanager
def _timing_file(path):
    """A function that takes the figures; a path that cannot be written is told before the run."""
    if not path:
        yield lambda figures: None
        return
    with files.whole(path) as temporary, open(temporary, "w") as f:
        yield lambda figures: f.write(json.dumps(figures, indent=1) + "\n")
