"""A folder of photographs becomes crops with labels, as the trainers' material reads them."""
import os
import shutil

import cv2
import numpy as np
import pytest

from appliance.errors import DataError, InputMissing, KagamiError, UsageError
from engines.training.portraits import Portraits
from engines.training.sources import correspondence, photographs, rooms, second
from engines.training.sources.looking import Looking
from tests.training.sources.conftest import MODEL


def test_folders_are_sets_and_persons(tmp_path):
    for name in ("b.jpg", "party/x.PNG", "party/eve/1.jpg", "party/eve/2.jpg", "party/notes.txt",
                 "party/.hidden.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    found = photographs.find(str(tmp_path))
    assert [(one.name, one.set, one.group) for one in found] == [
        ("b.jpg", "portraits", "b.jpg"), ("party/eve/1.jpg", "party", "party/eve"),
        ("party/eve/2.jpg", "party", "party/eve"), ("party/x.PNG", "party", "party/x.PNG")]


def test_a_folder_without_photographs_is_told(tmp_path):
    with pytest.raises(InputMissing, match="no photograph in it"):
        photographs.find(str(tmp_path))


def test_more_photographs_move_no_group_into_training():
    few = ["set/%d.jpg" % k for k in range(0, 400, 2)]
    many = ["set/%d.jpg" % k for k in range(400)]
    kept = photographs.held_out(few)
    assert kept <= photographs.held_out(many)
    assert 0.03 < len(photographs.held_out(many)) / 400 < 0.12


def test_one_of_two_groups_measures_and_a_single_one_trains():
    assert len(photographs.held_out(["a", "b"])) == 1
    assert photographs.held_out(["a"]) == set()


def test_quality_is_that_of_the_worst_opinion():
    nan = np.nan
    jitter, mesh = np.array([0.5, 0.5, 0.5, 2.0, 3.0, 0.5]), np.array([1, 1, 1, 1, 1, 4.0])
    eyes = np.array([3, nan, 7, 3, 3, 3])
    assert photographs.quality(jitter, mesh, eyes).tolist() == [2, 2, 1, 1, 0, 1]


def test_every_point_has_a_partner_of_its_own():
    partners = correspondence.partners()
    assert (partners[partners] == np.arange(478)).all()
    assert partners[33] == 263 and partners[61] == 291 and partners[1] == 1


@pytest.mark.parametrize("across, down, at", [(10, 4, (10, 4)), (0, 27, (0, 27))])
def test_a_second_opinion_is_read_from_its_maps(across, down, at):
    maps = np.full((3, second.POINTS, second.GRID, second.GRID), 0.5, np.float32)
    maps[0, :] = 0.1
    maps[0, :, down, across] = 0.8
    found = second.decoded(maps.reshape(-1, second.GRID, second.GRID))
    assert found[0] == pytest.approx([at[0] / 27, at[1] / 27, 0.8])


def test_a_file_that_is_no_second_opinion_is_told(tmp_path):
    with pytest.raises(InputMissing, match="no such file; give models/lm_model0_opt.onnx"):
        second.OpenSeeFace(str(tmp_path / "none.onnx"))
    (tmp_path / "text.onnx").write_text("no network")
    with pytest.raises(DataError, match="text.onnx"):
        second.OpenSeeFace(str(tmp_path / "text.onnx"))


def test_a_python_without_mediapipe_is_told(tmp_path):
    import sys
    empty = "import sys; sys.modules['mediapipe'] = None\n"
    (tmp_path / "sitecustomize.py").write_text(empty)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(tmp_path))
        with pytest.raises(KagamiError, match="it does not start .*mediapipe.*--mediapipe PYTHON"):
            Looking(sys.executable, "empty")


def test_a_picture_over_which_mediapipe_dies_is_named(tmp_path):
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho ready\nread line\necho out of memory >&2\nexit 3\n")
    python.chmod(0o755)
    with pytest.raises(KagamiError, match=r"while it looked at a\.jpg \(out of memory\)"):
        with Looking(str(python), "faces") as looking:
            looking("a.jpg", "a.npz")


def test_a_face_that_the_border_cuts_is_left_out(mediapipe, heads, tmp_path):
    cut, whole = str(tmp_path / "cut.png"), str(tmp_path / "whole.png")
    cv2.imwrite(cut, heads[0][:, 160:])
    cv2.imwrite(whole, heads[0])
    with Looking(mediapipe, "faces") as looking:
        assert [looking(path, path + ".npz") for path in (cut, whole)] == [0, 1]


@pytest.fixture(scope="module")
def gathered(people, mediapipe, tmp_path_factory):
    """(data folder, what was printed is not kept) made of the drawn people."""
    data = str(tmp_path_factory.mktemp("data"))
    os.symlink(MODEL, os.path.join(data, "ict_face.npz"))
    assert photographs.gather(people, data, mediapipe)
    return data


@pytest.fixture(scope="module")
def table(gathered):
    return dict(np.load(os.path.join(gathered, "portraits.npz")))


def test_each_face_is_there_once(table):
    assert [str(name) for name in table["src"]] == ["drawn/ann/1.jpg", "drawn/bob/1.png",
                                                    "in a room.jpg"]


def test_where_it_comes_from_is_kept(table):
    assert table["set_names"].tolist() == ["drawn", "portraits"]
    assert table["set_licence"].tolist() == ["CC0-1.0", "not stated"]
    assert len(set(table["group"])) == 3 and 1 <= table["val"].sum() <= 2


def test_the_material_reads_it(gathered):
    portraits = Portraits(gathered)
    assert portraits.luma.shape == (3, 256, 256) and portraits.points.shape == (3, 68, 2)
    width = np.ptp(portraits.mesh[..., :2], axis=1).max(1)
    assert width == pytest.approx(0.55 * 256, rel=0.02)


def test_points_lie_on_the_pixels(gathered):
    """A pupil is darker than the white beside it."""
    portraits = Portraits(gathered)
    for luma, iris, mesh in zip(portraits.luma, portraits.iris, portraits.mesh):
        x, y = np.rint(iris[0]).astype(int)
        white = [luma[tuple(np.rint(0.5 * (mesh[corner, :2] + iris[0])).astype(int)[::-1])]
                 for corner in (33, 133)]
        assert luma[y - 1:y + 2, x - 1:x + 2].mean() < max(white)


def test_heads_turn_as_they_were_drawn(table):
    yaw, _, roll = table["ypr"].T
    assert yaw == pytest.approx([8] * 3, abs=6)     # to the image's right
    assert roll == pytest.approx([-4] * 3, abs=4)   # ours lowers the left eye, theirs lifts it


def test_no_shape_is_known_without_the_landmarker(table):
    assert np.isnan(table["blend"].astype(float)).all() and np.isnan(table["osf"]).all()


def test_nobody_is_looked_at_twice(gathered, people, table):
    never = "/no/python"        # would be asked for anything that is new
    os.utime(os.path.join(gathered, "portraits.npz"), (1, 1))
    kept = os.path.join(gathered, "faces", "mesh")
    before = sorted(os.listdir(kept))
    some = os.path.join(os.path.dirname(gathered), "without broken")
    shutil.copytree(people, some, ignore=shutil.ignore_patterns("broken.jpg"))
    assert photographs.gather(some, gathered, never) is False
    assert sorted(os.listdir(kept)) == before
    assert os.path.getmtime(os.path.join(gathered, "portraits.npz")) == 1


def test_files_that_were_made_otherwise_stay(tmp_path, people):
    np.savez(str(tmp_path / "portraits.npz"), x=1)
    with pytest.raises(UsageError, match="not made from a folder of photographs"):
        photographs.gather(people, str(tmp_path), "/no/python")


def test_photographs_of_nobody_are_told(mediapipe, tmp_path):
    (tmp_path / "in").mkdir()
    cv2.imwrite(str(tmp_path / "in/grey.jpg"), np.full((200, 200), 90, np.uint8))
    with pytest.raises(DataError, match="no face of 40 pixels and more in 1 photographs"):
        photographs.gather(str(tmp_path / "in"), str(tmp_path), mediapipe)


def test_pictures_with_faces_are_no_backgrounds(mediapipe, heads, tmp_path):
    (tmp_path / "in").mkdir()
    cv2.imwrite(str(tmp_path / "in/face.jpg"), heads[0])
    shape = np.add.outer(np.arange(480), np.arange(640)) % 256
    cv2.imwrite(str(tmp_path / "in/room.jpg"), shape.astype(np.uint8))
    assert rooms.backgrounds(str(tmp_path / "in"), str(tmp_path), mediapipe) == rooms.PARTS
    assert rooms.backgrounds(str(tmp_path / "in"), str(tmp_path), "/no/python") == rooms.PARTS
