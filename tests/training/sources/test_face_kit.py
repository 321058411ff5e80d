"""The face model from OBJ files: the arrays that were written as such files come back."""
import os

import numpy as np
import pytest

pytest.importorskip("scipy", reason="the face model is made where networks are trained")

from appliance.errors import DataError, InputMissing  # noqa: E402 (needs what was looked for)
from appliance.face import ARKIT  # noqa: E402
from engines.training.sources import face_kit  # noqa: E402
from tests.data import DATA  # noqa: E402
from tests.training.sources import obj  # noqa: E402

MODEL = os.path.join(DATA, "train/ict_face.npz")
# Of float16 at 128 degrees and more, and what an axis a thousandth of a degree off makes there.
STEPS = {"eye_angle_deg": 0.126, "eye_axis_rest": 1e-4}


@pytest.fixture(scope="module")
def ict():
    if not os.path.exists(MODEL):
        pytest.skip("no face model at %s" % MODEL)
    return dict(np.load(MODEL))


@pytest.fixture(scope="module")
def folder(ict, tmp_path_factory):
    path = str(tmp_path_factory.mktemp("FaceXModel"))
    obj.write_folder(path, ict)
    return path


@pytest.fixture(scope="module")
def made(folder, tmp_path_factory):
    path = str(tmp_path_factory.mktemp("data") / "ict_face.npz")
    face_kit.convert(folder, path)
    return dict(np.load(path))


def test_it_has_all_that_is_read(made, ict):
    assert set(made) == set(ict)
    assert all(made[key].dtype == ict[key].dtype for key in ict)


def test_what_was_written_comes_back(made, ict):
    for key in set(ict) - {"id_q", "ex_q"}:
        if key in STEPS:
            away = np.abs(made[key].astype(float) - ict[key].astype(float)).max()
            assert away <= STEPS[key], key
        else:
            assert np.array_equal(made[key], ict[key], equal_nan=ict[key].dtype.kind == "f"), key


def test_shapes_come_back_to_the_step(made, ict):
    names = [str(name) for name in ict["ex_names"]]
    for name in obj.WRITTEN:
        key, row = ("ex_q", names.index(name)) if name in names else ("id_q", int(name[-3:]))
        assert np.array_equal(made[key][row], ict[key][row]), name
    assert not made["ex_q"][names.index("eyeBlink_L")].any(), "a link to the neutral face"


def test_a_missing_file_is_named(folder, tmp_path):
    for name in os.listdir(folder):
        if name != "identity007.obj":
            os.symlink(os.path.join(folder, name), str(tmp_path / name))
    with pytest.raises(InputMissing, match="identity007.obj: no such file; give the folder"):
        face_kit.arrays(str(tmp_path))


def test_another_mesh_is_refused(tmp_path):
    (tmp_path / face_kit.INDICES).write_text(
        '{"expressions": [], "idx_to_landmark_verts": [], "idx_to_rigid_verts": [],'
        ' "idx_to_fitting_verts": []}')
    (tmp_path / face_kit.NEUTRAL).write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nf 1/1 2/1 3/1\n")
    with pytest.raises(DataError, match="3 vertices and 1 polygons, not 26719 and 26384"):
        face_kit.arrays(str(tmp_path))


@pytest.mark.parametrize("text", ["v 0 zero 0\n", "v 0 0\nv 0 0 0\n", "f 1/1 a/b 3/3\n"])
def test_what_is_no_obj_is_refused(text, tmp_path):
    path = tmp_path / "broken.obj"
    path.write_text(text)
    with pytest.raises(DataError, match="broken.obj"):
        face_kit.Mesh(str(path))


def test_polygons_become_fans_around_their_first_corner(tmp_path):
    path = tmp_path / "quad.obj"
    path.write_text("v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nvt 0 0\nvt 1 1\nusemtl M\n"
                    "f 1/1 2/2 3/1 4/2\n")
    mesh = face_kit.Mesh(str(path)).arrays()
    assert mesh["tris"].tolist() == [[0, 1, 2], [0, 2, 3]]
    assert mesh["tris_uv"].tolist() == [[0, 1, 0], [0, 0, 1]]


def test_arkit_shapes_are_their_sides():
    names = ["browInnerUp_L", "browInnerUp_R", "eyeBlink_L", "jawLeft"]
    table = face_kit.arkit(names)
    assert table[ARKIT["browInnerUp"]].tolist() == [1, 1, 0, 0]
    assert table[ARKIT["eyeBlinkLeft"]].tolist() == [0, 0, 1, 0]
    assert table[ARKIT["jawLeft"]].tolist() == [0, 0, 0, 1]
    assert not table[ARKIT["tongueOut"]].any()


def test_a_sphere_is_found_through_part_of_it():
    rng = np.random.RandomState(3)
    rays = rng.normal(size=(200, 3))
    rays[:, 2] = np.abs(rays[:, 2])
    points = 1.5 * rays / np.linalg.norm(rays, axis=1)[:, None] + [3, 2, 1]
    centre, radius = face_kit.sphere(points)
    assert centre == pytest.approx([3, 2, 1]) and radius == pytest.approx(1.5)
