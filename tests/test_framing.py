"""Words for whoever sets the camera up."""
import numpy as np
import pytest

from appliance.framing import Framing
from tests.fakes.faces import face

FAIR = np.full((480, 640), 120, np.uint8)


def words(luma=FAIR, *faces):
    return Framing()(luma, list(faces))


def test_a_face_in_the_middle_at_arms_length_needs_no_words():
    assert words(FAIR, face()) == ""


@pytest.mark.parametrize("changes, told", [
    ({"size": 0.3}, "too far"), ({"size": 2.6}, "too near"),
    ({"x": 565}, "face at the left edge"), ({"x": 75}, "face at the right edge"),
    ({"y": 30}, "face at the top edge"), ({"y": 365}, "face at the bottom edge")])
def test_each_word_has_its_place(changes, told):
    assert words(FAIR, face(**changes)) == told


def test_left_is_the_own_left_which_is_right_in_the_picture():
    assert "left" in words(FAIR, face(x=640))


@pytest.mark.parametrize("luma, told", [
    (20, "nobody there, too dark"), (120, "nobody there"), (250, "nobody there, too bright")])
def test_without_a_face_the_picture_is_judged(luma, told):
    assert words(np.full((480, 640), luma, np.uint8)) == told


def test_a_face_that_is_only_held_is_not_there():
    assert words(FAIR, face(state="held")) == "nobody there"


def test_the_light_is_that_of_the_face_not_of_the_room():
    luma = np.full((480, 640), 200, np.uint8)
    x0, y0, x1, y1 = face().box.astype(int)
    luma[y0:y1 + 1, x0:x1 + 1] = 30
    assert words(luma, face()) == "too dark"


def test_dark_skin_in_good_light_is_not_called_dark():
    luma = FAIR.copy()
    x0, y0, x1, y1 = face().box.astype(int)
    luma[y0:y1 + 1, x0:x1 + 1] = 45
    luma[y0:y0 + 30, x0:x1 + 1] = 110       # forehead and nose shine
    assert words(luma, face()) == ""


def test_a_word_does_not_flicker_at_its_limit():
    framing, told = Framing(), []
    for i in range(20):
        told.append(framing(FAIR, [face(size=0.4 + 0.005 * (i % 2))]))
    assert set(told[1:]) == {told[1]}


def test_a_face_outside_the_picture_is_no_crash():
    for changes in ({"x": -500}, {"x": 5000}, {"y": -900}, {"size": 40.0}):
        assert words(FAIR, face(**changes)) != ""
