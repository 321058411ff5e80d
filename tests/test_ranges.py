"""How far somebody goes is learned slowly, within bounds."""
import numpy as np
import pytest

from appliance.face import ARKIT
from appliance.ranges import LIDS_FACTOR, SHAPES_FACTOR, Ranges
from tests.fakes.people import person

JAW, CLOSE, SMILE, SNEER = (ARKIT[name] for name in (
    "jawOpen", "mouthClose", "mouthSmileLeft", "noseSneerLeft"))


def lived(readings, seconds, ranges=None):
    """Ranges after so many seconds of (left openness, right openness, jawOpen) in turn."""
    ranges, faces = ranges or Ranges(), {}
    for i in range(int(10 * seconds)):
        left, right, jaw = reading = readings(i)
        if reading not in faces:
            faces[reading] = person(openness=(left, right), jawOpen=jaw)
        ranges.learn(faces[reading], faces[reading].blendshapes, 0.1)
    return ranges


def blinking(usual, shut):
    """A picture in forty has the eyes shut."""
    return lambda i: (shut if i % 40 == 0 else usual,) * 2 + (0.0,)


def test_a_narrower_eye_comes_to_count_as_open_on_its_side_alone():
    lids = lived(lambda i: (0.85, 1.0, 0.0), 600).lids
    assert lids[0][1] == pytest.approx(0.85, abs=0.01) and lids[1][1] == pytest.approx(1.0)


def test_it_takes_minutes():
    assert lived(lambda i: (0.85, 1.0, 0.0), 10).lids[0][1] > 0.98


def test_blinks_do_not_make_the_usual_eye_narrower():
    assert lived(blinking(1.0, 0.0), 300).lids[0] == pytest.approx([0.0, 1.0])


def test_blinks_that_end_early_come_to_count_as_shut():
    assert lived(blinking(1.0, 0.15), 120).lids[0][0] == pytest.approx(0.15, abs=0.01)


def test_half_a_blink_teaches_nothing():
    assert lived(blinking(1.0, 0.4), 120).lids[0][0] == 0.0


@pytest.mark.parametrize("readings", [
    lambda i: (0.55, 0.55, 0.0), lambda i: (1.3, 1.3, 0.0), blinking(0.7, 0.34),
    lambda i: (0.0, 0.0, 0.0), lambda i: (i % 2, i % 3 / 2.0, i % 5 / 4.0)])
def test_no_lid_is_told_more_than_its_factor(readings):
    for shut, wide in lived(readings, 400).lids:
        assert 1 / (wide - shut) <= LIDS_FACTOR + 1e-9


def test_an_eye_that_is_not_believed_teaches_nothing():
    ranges = Ranges()
    face = person(openness=(0.8, 0.8))
    face = face._replace(left=face.left._replace(score=0.2))
    for _ in range(3000):
        ranges.learn(face, face.blendshapes, 0.1)
    assert ranges.lids[0] == [0.0, 1.0] and ranges.lids[1][1] < 0.85


def test_a_jaw_that_never_passes_08_opens_wide_at_08():
    tops = lived(lambda i: (1.0, 1.0, 0.8 if i % 30 < 20 else 0.0), 900).tops
    assert tops[JAW] == pytest.approx(0.8, abs=0.01)


def test_a_mumbler_is_not_made_to_shout():
    tops = lived(lambda i: (1.0, 1.0, 0.3), 500).tops
    assert tops[JAW] == pytest.approx(1 / SHAPES_FACTOR)


def test_a_single_wild_picture_does_not_count():
    ranges = lived(lambda i: (1.0, 1.0, 0.7), 200)
    before = ranges.tops[JAW]
    lived(lambda i: (1.0, 1.0, 1.0 if i == 5 else 0.7), 1, ranges)
    assert ranges.tops[JAW] <= before


def test_a_wide_mouth_is_believed_at_once_when_it_lasts():
    ranges = lived(lambda i: (1.0, 1.0, 0.5), 500)
    lived(lambda i: (1.0, 1.0, 0.95), 0.5, ranges)
    assert ranges.tops[JAW] == pytest.approx(0.95, abs=0.01)


def test_lips_that_meet_go_with_the_jaw():
    tops = lived(lambda i: (1.0, 1.0, 0.5), 200).tops
    assert tops[CLOSE] == tops[JAW] < 1


def test_a_still_face_and_other_shapes_teach_nothing():
    tops = lived(lambda i: (1.0, 1.0, 0.1), 200).tops
    assert np.all(tops == 1.0)
    face, ranges = person(noseSneerLeft=0.5, mouthSmileLeft=0.5), Ranges()
    for _ in range(3000):
        ranges.learn(face, face.blendshapes, 0.1)
    assert ranges.tops[SNEER] == 1.0 and ranges.tops[SMILE] < 0.8
