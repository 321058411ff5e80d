"""The opentrack wire: equal to another encoder's, and right in words."""
import struct

import numpy as np
import pytest

from appliance.outputs.dialects.opentrack import OpenTrack
from appliance.outputs.moment import Moment, mirrored
from tests import golden_apps
from tests.fakes.people import person

MOMENT = Moment(1, 2.0, 0.0, (640, 480), person(), 3, 0.0)


def numbers(moment):
    """x, y, z, yaw, pitch, roll."""
    datagram, = OpenTrack()(moment)
    return np.array(struct.unpack("<6d", bytes(datagram)))


@golden_apps.needs_wires
@pytest.mark.parametrize("name", golden_apps.SHOWN)
def test_equals_the_golden_datagram(name):
    wanted = np.array(struct.unpack("<6d", golden_apps.raw("opentrack/" + name)))
    off = np.abs(numbers(golden_apps.moment(name)) - wanted)
    assert off[:3].max() < 1e-4 and off[3:].max() < 1e-3


@pytest.mark.parametrize("moved, index, sign", [
    ((10, 0, 0), 0, 1), ((0, -10, 0), 1, 1), ((0, 0, 10), 2, 1)])
def test_left_up_and_away_are_positive_centimetres(moved, index, sign):
    face = person()
    later = numbers(MOMENT._replace(face=face._replace(translation=face.translation + moved)))
    assert later[index] - numbers(MOMENT)[index] == pytest.approx(sign)


@pytest.mark.parametrize("turn, wanted", [
    (dict(yaw=-15), (15, 0, 0)), (dict(pitch=15), (0, 15, 0)), (dict(roll=15), (0, 0, 15))])
def test_right_up_and_left_shoulder_are_positive_degrees(turn, wanted):
    face = person(**dict(dict(yaw=0, pitch=0, roll=0), **turn))
    assert numbers(MOMENT._replace(face=face))[3:] == pytest.approx(wanted, abs=1e-9)


def test_a_mirror_turns_x_yaw_and_roll():
    assert numbers(mirrored(MOMENT)) == pytest.approx(numbers(MOMENT) * [-1, 1, 1, -1, 1, -1])


def test_a_lost_face_is_silence_not_zeros():
    dialect, lost = OpenTrack(), MOMENT._replace(face=None, fresh=True)
    assert dialect(lost) == dialect.farewell(lost, 0) == dialect.announce(None, True) == ()
