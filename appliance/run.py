"""The loop: pictures from a source, faces from the tracker, datagrams to the targets.

It ends with the source, or with SIGINT or SIGTERM; SIGHUP reads the configuration again, SIGUSR1
prints the timing table, SIGUSR2 recenters. That no picture comes is a state, not an error.
"""
import json
import logging
import signal
import sys
from contextlib import ExitStack, closing, contextmanager
from time import monotonic, perf_counter

from appliance import backends, files, terminal
from appliance.errors import PartMissing
from appliance.network.cable import Cable
from appliance.network.control import Control
from appliance.network.surroundings import Surroundings
from appliance.outputs import Outputs
from appliance.person import Person
from appliance.preview import open_preview
from appliance.service import managed
from appliance.settings import STARTS, Settings, check
from appliance.sources import open_source
from appliance.sources.switch import Switch
from appliance.status import Status
from appliance.timing import Timing
from appliance.tracker import Tracker

LOG = logging.getLogger("kagami")
WAIT = 0.04        # seconds; while the camera is away a lost face still eases to neutral smoothly


class Signals:
    """While entered: `stopping` after SIGINT or SIGTERM, `table` after SIGUSR1, `recenter` after
    SIGUSR2, `reload` after SIGHUP, or `stopping` where the terminal that it was started from has
    gone. `restart`: it ends to start anew.

    A second SIGINT or SIGTERM kills, for a loop that hangs.
    """

    numbers = signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2, signal.SIGHUP

    def __init__(self):
        self.stopping = self.table = self.recenter = self.reload = self.restart = False
        # nohup says that the terminal does not matter
        self._leash = terminal.attached() and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN

    def __enter__(self):
        self._before = [signal.signal(number, self._caught) for number in self.numbers]
        return self

    def __exit__(self, *_):
        for number, handler in zip(self.numbers, self._before):
            signal.signal(number, handler)

    def _caught(self, number, _):
        if number == signal.SIGUSR1:
            self.table = True
        elif number == signal.SIGUSR2:
            self.recenter = True
        elif number == signal.SIGHUP and not (self._leash and not terminal.attached()):
            self.reload = True
        else:
            self.stopping = True
            signal.signal(number, signal.SIG_DFL)


def run(source, tracker, outputs, status, stop, line=None, beside=(), person=None, preview=None):
    """Track until the source ends or `stop.stopping`; the caller closes what it opened.

    stop: Signals, or anything with `stopping`, `table` and `recenter`. line: a terminal.LiveLine
    that shows the status, or None. beside: what else is called once a turn with the frame, or
    None, and must not wait. person: a person.Person between tracker and outputs, or None.
    preview: a preview.Preview of what is seen, or None.
    """
    while not stop.stopping and not source.ended:
        frame = source.read(WAIT)
        if frame is not None and source.live and status.strain.leaves_out():
            continue
        faces = []
        if frame is not None:
            faces = _turn(frame, tracker, outputs, status.timing, person, source.live)
        elif source.live:
            outputs.idle(monotonic(), source.state == "running")
        for turn in beside:
            turn(frame)
        status.turn(frame, faces, source)
        if person is not None:
            _tend(person, status, stop)
        if status.due():
            outputs.report(status)
        if preview is not None:
            preview(frame, faces, status.line)
        elif line is not None:
            line.show(status.line)
        if stop.table:
            stop.table = False
            print_table(status, line)


def _tend(person, status, stop):
    if stop.recenter:
        stop.recenter = False
        person.recenter()
    person.tend()
    status.notice = person.notice


def _turn(frame, tracker, outputs, timing, person, live):
    timing.add("capture", perf_counter() - frame.arrived)
    faces = tracker(frame.luma, frame.time)
    start = perf_counter()
    if person is not None:
        faces = person(faces, frame, live)
        outputs.calibrating = bool(person.notice)
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


def session(config, timing_path=None, every_frame=False, line=None, again=None, known=False,
            show=False):
    """Open what `config` names, run, close, print the table; whether it is to start anew.

    timing_path: where the table goes as JSON too. every_frame: of a file, as fast as it goes.
    again: as of Settings; a service's is a fallback.Fallback. known: what is kept of the person
    applies. show: what is seen is shown too.
    """
    stop = Signals()
    timing = Timing()
    with stop, _timing_file(timing_path) as write:
        config = _with_backend(config)
        settings = Settings(config, again, stop, STARTS + ("camera",) * every_frame)
        status = Status(timing)
        status.follow(config)
        # What was chosen on the page must not end a box that has nobody to choose otherwise.
        patient = managed() and not every_frame or any(
            line in config.lines for line in config.kept if line.key == "source")
        with closing(Switch(config.camera, every_frame, patient, open_source)) as source:
            tracker = Tracker(config, timing)
            with ExitStack() as stack:
                person = stack.enter_context(closing(_person(config, tracker))) if known else None
                outputs, beside = stack.enter_context(_opened(settings, status, person, source,
                                                              tracker))
                settings.follow(lambda new: _track(new, tracker, source))
                view = open_preview(line, config.camera.fov) if show else None
                if show:
                    stack.callback(view.close)
                beside = [settings.turn] + beside + ([again.turn] if managed() else [])
                run(source, tracker, outputs, status, stop, None if managed() else line, beside,
                    person, view)
        print_table(status, line)
        write(timing.as_dict(status.dropped))
    return stop.restart


def _with_backend(config):
    """`config` with a backend that works here: a service does without the configured one."""
    try:
        backends.ready(*config.backend)
    except PartMissing as e:
        if not managed() or config.backend.name == "auto":
            raise
        LOG.error("%s (auto chooses instead)", e)
        config = config._replace(backend=config.backend._replace(name="auto"))
        backends.ready(*config.backend)
    return config


def _track(config, tracker, source):
    """Go over to other options of what sees and tracks."""
    tracker.change(config)
    if source.change(config.camera):
        tracker.reset()


def lesson(url, config, name, rounds, line=None):
    """Teach an expression to what `url` shows, with nothing sent; what came of it is logged."""
    check(config)
    status = Status(Timing(), config.camera.fov)
    backends.ready(*config.backend)
    with Signals() as stop, closing(open_source(url, config.camera)) as source:
        tracker = Tracker(config, status.timing)
        with closing(_person(config, tracker)) as person:
            person.teach(name, rounds)
            outputs = Outputs((), config.loss, config.output)
            run(source, tracker, outputs, status, _Until(person, stop), line, person=person)
            person.finish(source.ended)


class _Until:
    """Stops with the signals, and when the lesson is over."""

    table = False

    def __init__(self, person, signals):
        self._person, self._signals, self.recenter = person, signals, False

    @property
    def stopping(self):
        """Whether to stop now."""
        return self._signals.stopping or self._person.lesson is None


def _person(config, tracker):
    return Person(config.calibration, config.camera.fov, tracker.by_eyes)


@contextmanager
def _opened(settings, status, person, source, tracker):
    """The outputs, and what is called beside them once a turn; receivers are told how it ended."""
    config = settings.config
    outputs = Outputs(config.targets, config.loss, config.output, config.camera.fov)
    settings.follow(lambda new: outputs.change(new.targets, new.loss, new.output))
    surroundings = Surroundings(config, outputs, status)
    settings.follow(surroundings.change)
    control = Control(settings, outputs, status, person, source, tracker=tracker,
                      hosts=surroundings.hosts)
    settings.follow(control.change)
    cable = Cable(config, outputs, monotonic)
    settings.follow(cable.change)
    settings.follow(status.follow)
    if person is not None:
        settings.follow(person.change)
    failed = True
    try:
        yield outputs, [control.turn, cable.turn]
        failed = False
    finally:
        status.stop(failed)
        outputs.close(2 if failed else int(settings.restart))
        control.close()
        surroundings.close()


@contextmanager
def _timing_file(path):
    """A function that takes the figures; a path that cannot be written is told before the run."""
    if not path:
        yield lambda figures: None
        return
    with files.whole(path) as temporary, open(temporary, "w") as f:
        yield lambda figures: f.write(json.dumps(figures, indent=1) + "\n")
