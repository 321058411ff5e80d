"""A head that waves to one target, through that target's own wire."""
import numpy as np
import pytest

from appliance import config
from appliance.outputs import Outputs
from appliance.outputs.dialects import DIALECTS
from appliance.outputs.moment import Moment
from appliance.outputs.wave import SECONDS, Wave, face
from tests.fakes.people import frame, person
from tests.fakes.receiver import Receiver

MOMENT = Moment(7, 0.0, 1.6e9, (640, 480), None, 3, 0.0, focal=554.0)
TIMES = np.arange(0.0, SECONDS, 1 / 30.0)


def waved():
    return [face(t, MOMENT) for t in TIMES]


def test_it_turns_to_both_sides_then_nods():
    angles = np.array([one.angles for one in waved()])
    half = len(angles) // 2
    yaw, pitch = angles[:half, 0], angles[half:, 1]
    assert yaw.max() > 20 > -20 > yaw.min() and pitch.max() > 10 > -10 > pitch.min()
    assert np.abs(angles[:half, 1]).max() < 0.01 and np.abs(angles[half:, 0]).max() < 0.01


def test_it_begins_and_ends_at_rest_and_never_jumps():
    angles = np.array([one.angles for one in waved()])
    assert np.abs(angles[[0, -1]]).max() < 5 and np.abs(np.diff(angles, axis=0)).max() < 5


def test_points_and_irises_are_where_such_a_head_is_seen():
    for one in waved():
        assert (one.landmarks.min(axis=0) > 0).all()
        assert (one.landmarks < MOMENT.size).all()
        for eye, corners in ((one.left, (42, 45)), (one.right, (36, 39))):
            low, high = sorted(one.landmarks[list(corners), 0])
            assert low < eye.iris[0, 0] < high
    ahead = face(0.0, MOMENT)
    assert ahead.left.iris[1, 0] < ahead.left.iris[0, 0] < ahead.left.iris[3, 0]   # nose first
    assert ahead.right.iris[1, 0] > ahead.right.iris[0, 0] > ahead.right.iris[3, 0]


def test_eyes_and_mouth_move_for_wires_without_a_head():
    weights = np.array([one.blendshapes for one in waved()])
    assert 0 <= weights.min() and weights.max() <= 1 and (weights.max(axis=0) > 0.2).sum() >= 8


def test_it_is_over_after_its_time():
    wave = Wave()
    assert wave(MOMENT).fresh and not wave(MOMENT._replace(time=1.0)).fresh
    assert wave(MOMENT._replace(time=SECONDS)) is None


@pytest.fixture
def two():
    """Outputs to two receivers."""
    settings = config.defaults()
    with Receiver() as one, Receiver() as other:
        targets = config.aim(settings, ["kagami@127.0.0.1:%d" % r.port for r in (one, other)])
        outputs = Outputs(targets.targets, settings.loss, settings.output)
        yield outputs, one, other
        outputs.close()


def yaws(receiver):
    return [arguments[0] for address, _, arguments in receiver.messages()
            if address == "/kagami/face/0/euler"]


@pytest.mark.parametrize("faces", [[person()], []])
def test_only_the_target_that_is_meant_is_waved_to(two, faces):
    outputs, one, other = two
    assert outputs.wave("kagami@127.0.0.1:%d" % one.port)
    for i, t in enumerate(TIMES):
        outputs.send(faces, frame(t, i))
    seen = yaws(one)
    assert max(seen) > 20 and min(seen) < -20
    assert len(set(yaws(other))) <= 1
    for i in range(3):
        outputs.send(faces, frame(SECONDS + i / 30.0, 100 + i))
    assert len(yaws(one)) == (3 if faces else 0)


def test_nobody_else_can_be_waved_to(two):
    assert not two[0].wave("kagami@127.0.0.1:1")


@pytest.mark.parametrize("name", sorted(DIALECTS))
def test_every_wire_can_wave(name):
    speaker, wave = DIALECTS[name](), Wave()
    known = person()._replace(taught={"smirk": 0.5})
    before = [bytes(d) for d in speaker(MOMENT._replace(face=known))]
    during = [[bytes(d) for d in speaker(wave(MOMENT._replace(face=known, time=t)))]
              for t in TIMES]
    assert len({tuple(each) for each in during}) > 20 and before != during[10]
