"""What the networks of the expression are shown: upright squares, crops of their size, sides."""
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="networks are trained where torch is installed")

from appliance import geometry  # noqa: E402 (needs what was looked for above)
from appliance.face import ARKIT, ARKIT_NAMES  # noqa: E402
from appliance.stages import crop  # noqa: E402
from appliance.stages.expression import Turned  # noqa: E402
from engines.training import closeups, expressions  # noqa: E402
from engines.training.nets import INPUTS  # noqa: E402
from tests.fakes import dots  # noqa: E402

SIZE = 64


def source(**labels):
    """One drawn head, its shapes as given."""
    shapes = np.zeros((1, 52), np.float32)
    for name, value in labels.items():
        shapes[0, ARKIT[name]] = value
    return {"luma": dots.picture((320, 200))[None], "points": dots.face_points(320, 200)[None],
            "rotation": np.eye(3)[None], "blendshapes": shapes, "blend_weight": np.ones((1, 52))}


@pytest.mark.parametrize("roll", [0, 30, -50])
def test_eyes_and_brows_stand_upright_in_the_middle_rows_of_their_square(roll):
    points = dots.face_points(300, 200, 1.2, roll)
    size = crop.around_points(points, roll).side / crop.LANDMARKS_MARGIN
    square = closeups.brows_square(Turned(points, size, roll))
    placed = geometry.apply(geometry.crop_transform(*(square + (SIZE,)))[0], points)
    seen = np.r_[placed[17:27], placed[36:48]]
    assert seen[:, 0].min() > 0 and seen[:, 0].max() < SIZE - 1
    assert seen[:, 1].min() > SIZE / 6 and seen[:, 1].max() < SIZE * 5 / 6
    assert placed[24, 1] < placed[44, 1] < placed[30, 1]


@pytest.mark.parametrize("name", sorted(closeups.CLOSEUPS))
def test_a_crop_has_the_size_of_its_network_s_input(name):
    row = expressions.Expressions(name, source(), None).row(source(), 0)
    assert row["image"].shape == INPUTS[name]["image"][1:3]
    assert row["shapes"].shape == row["weight"].shape == closeups.CLOSEUPS[name].shapes.shape


def test_a_mirrored_crop_has_its_labels_on_the_other_side():
    one = source(browDownLeft=1)
    rows = [expressions.Expressions("brows", one, None, seed=k).row(one, 0) for k in range(12)]
    names = [ARKIT_NAMES[i] for i in closeups.UPPER]
    told = {names[int(row["shapes"].argmax())] for row in rows}
    assert told == {"browDownLeft", "browDownRight"}


def test_what_the_teacher_sees_in_faces_at_rest_is_no_frown():
    teacher = np.zeros((1, 52), np.float32)
    teacher[0, 1 + ARKIT["browDownLeft"]], teacher[0, 1 + ARKIT["browDownRight"]] = 0.3, 0.65
    told = expressions.with_teacher({"luma": np.zeros((1, 8, 8)), "teacher": teacher})
    assert told["blendshapes"][0, ARKIT["browDownLeft"]] == 0
    assert np.isclose(told["blendshapes"][0, ARKIT["browDownRight"]], 0.5)
