"""The loop, with the real tracker, drawn faces, a film in memory and outputs that remember."""
import json
import os
import signal
import socket

import pytest

from appliance import config, run as module
from appliance.box.strain import Strain
from appliance.errors import ConfigError, OutputError, UsageError
from appliance.outputs import Outputs
from appliance.outputs.osc import message
from appliance.person import Person
from appliance.run import Signals, lesson, run, session
from appliance.status import Status
from appliance.timing import ROWS, Timing
from appliance.tracker import Tracker
from tests.box.boards import put, zone
from tests.fakes import dots
from tests.fakes.film import Film, Memory
from tests.fakes.receiver import free_port

FACE, NOBODY = dots.picture((320, 200)), dots.picture()


class Stop:
    """Stops nothing."""

    stopping = table = recenter = False


def play(pictures, live=False, stop=None):
    """What the outputs remember of a film, and the status at its end."""
    memory, status = Memory(), Status(Timing())
    tracker = Tracker(timing=status.timing, backend=dots.Dots())
    run(Film(pictures, live), tracker, memory, status, stop or Stop())
    return memory, status


def test_every_picture_is_sent_with_its_faces():
    memory, _ = play([NOBODY, FACE, FACE, NOBODY])
    assert [[f.state for f in faces] for faces in memory.of("send")] == [
        [], ["tracked"], ["tracked"], ["held"]]


def test_a_face_keeps_its_id_over_five_hundred_pictures():
    memory, status = play([FACE] * 500)
    assert {face.id for faces in memory.of("send") for face in faces} == {1}
    assert status.timing.count("total") == 500 and status.dropped == 0


def test_five_hundred_pictures_leave_in_order_with_the_age_of_their_face():
    class Kept(Outputs):
        """Outputs that remember what their targets are told."""

        def __init__(self):
            settings = config.defaults()
            super().__init__([], settings.loss, settings.output)
            self.moments = []

        def send(self, faces, frame):
            super().send(faces, frame)
            self.moments.append(self.moment)
    outputs = Kept()
    run(Film([FACE] * 500), Tracker(backend=dots.Dots()), outputs, Status(Timing()), Stop())
    assert [moment.number for moment in outputs.moments] == list(range(500))
    for i, moment in enumerate(outputs.moments):
        assert moment.time == moment.age == pytest.approx(i / 30.0, abs=1e-9)
        assert (moment.id, moment.face.state) == (1, "tracked")


def test_every_row_of_the_timing_is_counted():
    _, status = play([FACE] * 5)
    assert [row for row in ROWS if not status.timing.count(row)] == []


def test_total_is_at_least_the_sum_of_what_it_spans():
    _, status = play([FACE] * 20)
    parts = [row for row in ROWS if row not in ("detector", "total")]
    spanned = sum(status.timing.percentile(row, 50) for row in parts)
    assert status.timing.percentile("total", 50) > 0.9 * spanned


def test_while_the_camera_is_away_the_outputs_go_on():
    memory, _ = play([FACE, None, None, FACE], live=True)
    called = [name for name, _ in memory.calls if name != "report"]
    assert called == ["send", "idle", "idle", "send"]
    assert memory.of("idle") == [False, False]


@pytest.mark.parametrize("live, sent", [(True, 5), (False, 10)])
def test_too_hot_every_second_picture_of_a_camera_is_left_out(live, sent, tmp_path):
    hot = Strain(put(tmp_path, zone(0, "CPU-therm", 95)))
    memory, status = Memory(), Status(Timing(), strain=hot)
    run(Film([FACE] * 10, live), Tracker(backend=dots.Dots()), memory, status, Stop())
    assert len(memory.of("send")) == sent and memory.of("idle") == []


def test_a_file_that_is_slow_loses_nobody():
    assert play([FACE, None, FACE])[0].of("idle") == []


def test_changes_are_reported_at_once():
    memory, _ = play([NOBODY, FACE, FACE, NOBODY])
    assert memory.of("report") == ["no face", "tracking", "no face"]


def test_it_stops_between_two_pictures():
    class After(Stop):
        left = 3

        @property
        def stopping(self):
            self.left -= 1
            return self.left < 0
    assert len(play([FACE] * 10, stop=After())[0].of("send")) == 3


def test_sigterm_stops_and_sigusr1_asks_for_the_table():
    before = signal.getsignal(signal.SIGTERM)
    with Signals() as stop:
        os.kill(os.getpid(), signal.SIGUSR1)
        assert stop.table and not stop.stopping
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.stopping
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL      # the second one kills
    assert signal.getsignal(signal.SIGTERM) == before


def test_sigusr2_recenters():
    with Signals() as stop:
        os.kill(os.getpid(), signal.SIGUSR2)
        assert stop.recenter and not stop.stopping
        memory, status, person = Memory(), Status(Timing()), Person(config.defaults().calibration)
        tracker = Tracker(timing=status.timing, backend=dots.Dots())
        run(Film([dots.picture((320, 200, 1.0, 20.0))] * 30), tracker, memory, status, stop,
            person=person)
    first, last = memory.of("send")[1][0], memory.of("send")[-1][0]
    assert abs(first.angles[2]) > 15 and abs(last.angles[2]) < 1


def test_while_the_face_is_measured_the_outputs_know():
    class Told(Memory):
        """Remembers what is told with each frame."""

        def send(self, faces, frame):
            self.calls.append(("send", self.calibrating))
    memory, person = Told(), Person(config.defaults().calibration)
    person.calibration.neutral(0.5)
    run(Film([FACE] * 30), Tracker(backend=dots.Dots()), memory, Status(Timing()), Stop(),
        person=person)
    told = memory.of("send")
    assert told[0] and not told[-1] and told == sorted(told, reverse=True)


def test_without_a_person_the_trackers_faces_are_sent_as_they_are():
    plain, _ = play([FACE] * 3)
    memory, status = Memory(), Status(Timing())
    run(Film([FACE] * 3), Tracker(timing=status.timing, backend=dots.Dots()), memory, status,
        Stop(), person=Person(config.defaults().calibration))
    for before, after in zip(plain.of("send"), memory.of("send")):
        assert [f.rotation.tolist() for f in before] == [f.rotation.tolist() for f in after]


def test_sighup_asks_for_the_configuration():
    with Signals() as stop:
        os.kill(os.getpid(), signal.SIGHUP)
        assert stop.reload and not stop.stopping


@pytest.mark.parametrize("before, there, stopping", [
    (signal.SIG_DFL, [True, False], True), (signal.SIG_DFL, [True, True], False),
    (signal.SIG_DFL, [False, False], False), (signal.SIG_IGN, [True, False], False)])
def test_it_ends_with_the_terminal_unless_told_otherwise(monkeypatch, before, there, stopping):
    answers = iter(there)
    monkeypatch.setattr(module.terminal, "attached", lambda: next(answers))
    kept = signal.signal(signal.SIGHUP, before)
    try:
        with Signals() as stop:
            os.kill(os.getpid(), signal.SIGHUP)
            assert (stop.stopping, stop.reload) == (stopping, not stopping)
    finally:
        signal.signal(signal.SIGHUP, kept)


def test_what_runs_beside_is_called_once_a_turn():
    calls = []
    run(Film([FACE, None, FACE]), Tracker(backend=dots.Dots()), Memory(), Status(Timing()), Stop(),
        None, (lambda _: calls.append("a"), lambda _: calls.append("b")))
    assert calls == ["a", "b"] * 3


def test_the_table_asked_for_is_printed_once(capsys):
    stop = Stop()
    stop.table = True
    play([FACE] * 3, stop=stop)
    assert capsys.readouterr().out.count("stage") == 1


class Asked(Film):
    """A film during which this machine is sent a datagram."""

    def __init__(self, pictures, port, datagram):
        super().__init__(pictures)
        self._port, self._datagram = port, datagram

    def read(self, wait=0.5):
        """The next Frame; with the fourth the datagram is on its way."""
        if self._number == 3:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as there:
                there.sendto(self._datagram, ("127.0.0.1", self._port))
        return super().read(wait)


@pytest.fixture
def opened(monkeypatch):
    """session() with a film and outputs that remember; gives both after the run."""
    made = {}

    def source(url, camera, every_frame=False):
        made["film"] = Film([FACE] * 4)
        return made["film"]

    def outputs(*_):
        made["memory"] = Memory()
        return made["memory"]
    monkeypatch.setattr(module, "open_source", source)
    monkeypatch.setattr(module, "Surroundings", lambda *_: Memory())
    monkeypatch.setattr(module, "Outputs", outputs)
    monkeypatch.setattr(module.backends, "choose", lambda *_: dots.Dots())
    return made


def test_a_session_says_farewell_closes_and_prints_the_table(opened, capsys, tmp_path):
    path = tmp_path / "ms.json"
    session(config.defaults(), str(path))
    assert opened["memory"].of("close") == [0] and opened["film"].closed
    assert "total" in capsys.readouterr().out
    assert json.loads(path.read_text())["rows"]["total"]["count"] == 4


@pytest.mark.parametrize("number, tables, sent", [(signal.SIGUSR1, 2, 4), (signal.SIGTERM, 1, 0)])
def test_a_signal_while_it_opens_counts(opened, monkeypatch, capsys, number, tables, sent):
    def slow(*_):
        os.kill(os.getpid(), number)
        return Film([FACE] * 4)
    monkeypatch.setattr(module, "open_source", slow)
    session(config.defaults())
    assert capsys.readouterr().out.count("stage") == tables
    assert len(opened["memory"].of("send")) == sent


@pytest.mark.parametrize("address, rest, told", [
    ("/kagami/calibrate/recenter", (), {"rotation"}), ("/kagami/calibrate/neutral", (0.5,), {
        "rotation"}), ("/kagami/calibrate/gaze", (9.0, -4.0), {"gaze"})])
def test_a_command_by_osc_calibrates_the_person_of_a_session(opened, monkeypatch, state, address,
                                                             rest, told):
    port = free_port()
    film = Asked([dots.picture((320, 200, 1.0, 20.0))] * 60, port,
                 message(address, "word", *rest))
    monkeypatch.setattr(module, "open_source", lambda *_: film)
    given = config.defaults()
    given = given._replace(control=given.control._replace(port=port, token="word"))
    session(given, known=True)
    first, last = opened["memory"].of("send")[1][0], opened["memory"].of("send")[-1][0]
    assert abs(first.angles[2]) > 15
    assert (abs(last.angles[2]) < 1) == ("rotation" in told)
    assert (last.left.gaze.tolist() == pytest.approx([9.0, -4.0])) == ("gaze" in told)
    assert "calibration.json" in os.listdir(state)


def test_a_session_that_fails_tells_the_receivers(opened, monkeypatch, tmp_path):
    def broken(*_):
        raise UsageError("a", "b", "c")
    monkeypatch.setattr(module, "run", broken)
    with pytest.raises(UsageError):
        session(config.defaults(), str(tmp_path / "ms.json"))
    assert opened["memory"].of("close") == [2] and opened["film"].closed
    assert os.listdir(str(tmp_path)) == []


def test_a_timing_file_that_cannot_be_written_is_told_before_the_run(opened):
    with pytest.raises(OutputError):
        session(config.defaults(), "/nowhere/ms.json")
    assert opened == {}


def test_a_wrong_target_on_the_command_line_is_wrong_usage(opened):
    with pytest.raises(UsageError, match="did you mean vmc"):
        session(config.aim(config.defaults(), ["vcm@127.0.0.1:39539"]))
    assert opened == {}


@pytest.mark.parametrize("start", [session, lambda wrong: lesson("file:x", wrong, "smirk", 2)])
def test_a_wrong_target_of_the_configuration_is_named_by_its_line(opened, start):
    wrong = config.load(overrides=["target pc.to=vmc@127.0.0.1:0"])
    with pytest.raises(ConfigError, match=r"--set: target pc.to = vmc@127.0.0.1:0: port"):
        start(wrong)
    assert opened == {}
