"""People who are drawn again differ in what was changed alone; where networks are trained."""
import itertools
import os

import numpy as np
import pytest

from appliance.face import ARKIT, ARKIT_NAMES
from tests.data import DATA

WHERE = "the renderer runs where networks are trained"
pytest.importorskip("scipy", reason=WHERE)
pytest.importorskip("moderngl", reason=WHERE)
TRAIN = os.path.join(DATA, "train")
if not os.path.exists(os.path.join(TRAIN, "ict_face.npz")):
    pytest.skip("no face model in %s" % TRAIN, allow_module_level=True)

from benchmarks import acted, drawings, sitters  # noqa: E402
from engines.training.render import dataset  # noqa: E402


@pytest.fixture(scope="module")
def studio():
    return dataset.Studio(TRAIN)


@pytest.fixture(scope="module")
def alone(studio):
    """{(shape, level): true shapes}."""
    return {(one["shape"], one["level"]): one["blendshapes"]
            for _, one in sitters._alone(studio, 3)}


def test_tone_changes_the_skin_and_no_point(studio):
    pictures, labels = zip(*sitters._tones(studio, 0))
    assert [one["tone"] for one in labels] == list(sitters.TONES)
    assert all(np.array_equal(one["points"], labels[0]["points"]) for one in labels)
    assert all((one != pictures[0]).any() for one in pictures[1:])


def test_spectacles_leave_the_face_where_it_was(studio):
    without, glasses = (one[1] for one in sitters._spectacles(studio, 1))
    assert (without["glasses"], glasses["glasses"]) == (False, True)
    assert np.array_equal(without["blendshapes"], glasses["blendshapes"])
    assert np.array_equal(without["gaze"], glasses["gaze"])


def test_lids_are_drawn_open_winking_and_shut(studio):
    shut = [one["openness"] < 0.5 for _, one in sitters._lids(studio, 2)]
    assert np.array(shut).tolist() == [[False, False], [True, False], [False, True], [True, True]]


def test_a_shape_moves_alone(alone):
    assert len(alone) == 1 + 52 * len(sitters.LEVELS)
    assert not alone[-1, 0.0].any()
    brow = alone[ARKIT["browDownLeft"], 0.5]
    assert brow[ARKIT["browDownLeft"]] == 0.5 and np.count_nonzero(brow) == 1


@pytest.mark.parametrize("name, others", [("eyeLookInLeft", ["eyeLookOutRight"]),
                                          ("mouthClose", ["jawOpen"]), ("mouthSmileRight", [])])
def test_what_has_to_move_along_does(alone, name, others):
    moved = [ARKIT_NAMES[k] for k in np.flatnonzero(alone[ARKIT[name], 1.0])]
    assert sorted(moved) == sorted([name] + others)


def test_who_talks_says_every_vowel(studio):
    labels = [one for _, one in sitters._talking(studio, 4)]
    assert [one["said"] for one in labels] == list(range(len(sitters.TALKING)))
    assert not labels[0]["blendshapes"].any() and labels[1]["blendshapes"][ARKIT["jawOpen"]] > 0.5


def test_only_the_face_moves_before_a_camera_that_stands_still(studio):
    pictures, labels = zip(*itertools.islice(acted._acting(studio, 0), 3))
    assert [one["act"] for one in labels] == [-1] + [
        acted.ACTS.index("blink")] * 2
    rest, shut = (pictures[k].astype(int) for k in (0, 2))
    assert rest.shape == (acted.SIDE, acted.SIDE)
    moved = np.abs(shut - rest) > 3
    assert 0 < moved.mean() < 0.03 and not moved[:, :60].any() and not moved[300:].any()


def test_a_swing_begins_and_ends_where_the_head_rests(studio):
    yaw = np.array([one["yaw"] for _, one in acted._swinging(studio, 0)])
    yaw = yaw.reshape(len(acted.SWINGS), acted.PERIOD)
    assert np.ptp(yaw, axis=1) == pytest.approx(2 * np.array(acted.SWINGS), rel=0.01)
    assert yaw[:, 0] == pytest.approx(yaw[0, 0])


def test_heads_tell_what_people_they_are(studio):
    (_, labels), = drawings._head(studio, 0)
    assert {"tone", "female", "beard", "folds"} <= set(labels)


def test_what_was_drawn_is_kept(tmp_path):
    first = drawings.turning(DATA, str(tmp_path), 1)
    assert len(first["pictures"]) == len(drawings.YAWS)
    again = drawings.turning("nowhere", str(tmp_path), 1)
    assert np.array_equal(first["pictures"], again["pictures"])
