"""What Project Babble's receivers are told."""
import numpy as np
import pytest

from appliance.face import ARKIT_NAMES
from appliance.outputs.dialects.babble import NAMES, Babble
from appliance.outputs.moment import Moment, mirrored
from tests.fakes.people import person
from tests.golden import decoded


def told(dialect, face=None, time=0.0):
    datagrams = dialect(Moment(1, time, 0.0, (640, 480), face, 1, 0.0))
    return {address: args[0] for d in datagrams for address, _, args in decoded(d)}


def test_each_weight_is_a_datagram_of_its_own():
    datagrams = Babble()(Moment(1, 0.0, 0.0, (640, 480), person(), 1, 0.0))
    assert [decoded(d)[0][:2] for d in datagrams] == [("/" + name, ",f") for name in NAMES]
    assert not any(bytes(d).startswith(b"#bundle") for d in datagrams)


@pytest.mark.parametrize("name", ["jawOpen", "jawLeft", "mouthSmileRight", "tongueOut"])
def test_weights_keep_their_names_and_sides(name):
    values = told(Babble(), person(**{name: 0.5}))
    assert [a for a, v in values.items() if v] == ["/" + name] and values["/" + name] == 0.5


def test_both_cheeks_are_puffed_at_once():
    values = told(Babble(), person(cheekPuff=0.5))
    assert values["/cheekPuffLeft"] == values["/cheekPuffRight"] == 0.5


def test_weights_never_leave_0_to_1():
    values = told(Babble(), person(jawOpen=1.3, jawLeft=-0.2))
    assert (values["/jawOpen"], values["/jawLeft"]) == (1.0, 0.0)


def test_what_no_weight_tells_stays_zero():
    values = told(Babble(), person()._replace(blendshapes=np.ones(52)))
    zero = {a[1:] for a, v in values.items() if v == 0.0}
    assert zero == {n for n in NAMES if "Suck" in n or n[:6] == "tongue"} - {"tongueOut"}


def test_a_mirror_exchanges_the_sides():
    moment = Moment(1, 0.0, 0.0, (640, 480), person(mouthSmileLeft=0.5, jawRight=0.25), 1, 0.0)
    values = told(Babble(), mirrored(moment).face)
    assert (values["/mouthSmileRight"], values["/jawLeft"]) == (0.5, 0.25)


def test_the_52_names_are_sent_in_the_same_form():
    values = told(Babble(babble_set="arkit"), person(eyeBlinkLeft=0.5))
    assert list(values) == ["/" + name for name in ARKIT_NAMES] and values["/eyeBlinkLeft"] == 0.5


def test_a_prefix_stands_before_every_name():
    assert set(told(Babble(prefix="/face"), person())) == {"/face/" + name for name in NAMES}


def test_only_what_changed_is_sent_and_everything_once_a_second():
    dialect = Babble()
    assert len(told(dialect, person())) == 45
    assert told(dialect, person(jawOpen=0.5), 0.5) == {"/jawOpen": 0.5}
    assert told(dialect, person(jawOpen=0.503), 0.6) == {}
    assert len(told(dialect, person(jawOpen=0.5), 1.0)) == 45
    assert len(told(Babble(changed_only=False), person())) == 45


def test_the_lost_face_and_the_farewell_are_zeros():
    dialect, moment = Babble(), Moment(1, 0.0, 0.0, (640, 480), person(jawOpen=1.0), 1, 0.0)
    dialect(moment)
    assert set(told(dialect, None, 0.1).values()) == {0.0}
    last = [decoded(d)[0][2][0] for d in dialect.farewell(moment, 0)]
    assert last == [0.0] * 45 and Babble.lost == (1.0, float("inf"))
