"""What the close-ups' networks are shown in training: crops as the tracker cuts them, sides."""
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="networks are trained where torch is installed")

from appliance.face import ARKIT, ARKIT_NAMES  # noqa: E402 (needs what was looked for above)
from appliance.stages import crop  # noqa: E402
from appliance.stages.closeup import VIEWS, Turned  # noqa: E402
from engines.training import expressions  # noqa: E402
from engines.training.nets import INPUTS  # noqa: E402
from tests.fakes import dots  # noqa: E402


def source(**labels):
    """One drawn head, its shapes as given."""
    shapes = np.zeros((1, 52), np.float32)
    for name, value in labels.items():
        shapes[0, ARKIT[name]] = value
    return {"luma": dots.picture((320, 200))[None], "points": dots.face_points(320, 200)[None],
            "rotation": np.eye(3)[None], "blendshapes": shapes, "blend_weight": np.ones((1, 52))}


@pytest.mark.parametrize("name", sorted(VIEWS))
def test_a_crop_has_the_size_of_its_network_s_input(name):
    row = expressions.Expressions(name, source(), None).row(source(), 0)
    assert row["image"].shape == INPUTS[name]["image"][1:3]
    assert row["shapes"].shape == row["weight"].shape == VIEWS[name].shapes.shape


@pytest.mark.parametrize("name", sorted(VIEWS))
def test_a_crop_is_the_one_that_the_tracker_cuts(name):
    one = source()
    points = one["points"][0]
    size = crop.around_points(points, 0.0).side / crop.LANDMARKS_MARGIN
    pixels = np.zeros(INPUTS[name]["image"][1:3], np.uint8)
    crop.cut(one["luma"][0], VIEWS[name].square(Turned(points, size, 0.0)), pixels)
    row = expressions.Expressions(name, one, None).row(one, 0, plain=True)
    assert np.ptp(pixels) > 50 and np.abs(row["image"] - pixels.astype(float)).max() <= 2


def test_a_mirrored_crop_has_its_labels_on_the_other_side():
    one = source(browDownLeft=1)
    rows = [expressions.Expressions("brows", one, None, seed=k).row(one, 0) for k in range(12)]
    names = [ARKIT_NAMES[i] for i in VIEWS["brows"].shapes]
    told = {names[int(row["shapes"].argmax())] for row in rows}
    assert told == {"browDownLeft", "browDownRight"}


def test_what_the_teacher_sees_in_faces_at_rest_is_no_frown():
    teacher = np.zeros((1, 52), np.float32)
    teacher[0, 1 + ARKIT["browDownLeft"]], teacher[0, 1 + ARKIT["browDownRight"]] = 0.3, 0.65
    told = expressions.with_teacher({"luma": np.zeros((1, 8, 8)), "teacher": teacher})
    assert told["blendshapes"][0, ARKIT["browDownLeft"]] == 0
    assert np.isclose(told["blendshapes"][0, ARKIT["browDownRight"]], 0.5)
