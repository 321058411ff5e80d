"""Faces are pasted where the record says, and found ones are counted."""
import json
import os
import zipfile

import cv2
import numpy as np
import pytest

from appliance.errors import PartMissing
from benchmarks import detector, pasted
from benchmarks.__main__ import main
from tests.fakes import dots

POINTS = dots.face_points(128, 110, 1.0)


def material(folder, count=3):
    """A data folder with made-up portraits, each with one drawn face, and grey backgrounds."""
    os.makedirs(os.path.join(folder, "train", "portraits"))
    os.makedirs(os.path.join(folder, "backgrounds_test"))
    for i in range(2):
        cv2.imwrite(os.path.join(folder, "backgrounds_test", "%d.jpg" % i),
                    np.full((240, 320), 128, np.uint8))
    coded = cv2.imencode(".png", dots.draw(np.full((256, 256), 128, np.uint8), 128, 110))[1]
    path = os.path.join(folder, "train", "portraits", "portraits_01.zip")
    with zipfile.ZipFile(path, "w") as archive:
        for i in range(count):
            archive.writestr("in/%d.jpg" % i, coded.tobytes())
    mesh = np.zeros((count, 478, 3), np.float32)
    for point, ids in zip(POINTS, _ids()):
        mesh[:, np.atleast_1d(ids), :2] = point + 0.5
    np.savez(os.path.join(folder, "train", "portraits.npz"), val=[True] * count,
             quality=[2] * count, zip=[1] * count, name=["%d.jpg" % i for i in range(count)],
             mp=mesh * 64, mp_scale=1 / 64.0)
    return folder


def _ids():
    return pytest.importorskip("engines.training.portraits").MESH_TO_68


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    return pasted.Faces(material(str(tmp_path_factory.mktemp("data"))))


@pytest.mark.parametrize("width", [16, 64, 300])
def test_a_face_is_as_wide_as_is_asked_and_inside(faces, width):
    for picture, box in faces.pictures(width, 4):
        assert picture.shape == (480, 640)
        assert box[2] - box[0] == pytest.approx(width, abs=0.01)
        assert box[0] >= 0 and box[2] <= 639


def test_a_face_lies_where_its_box_says(faces):
    picture, box = next(iter(faces.pictures(150, 1)))
    eyes = np.argwhere(picture > 220).mean(axis=0)[::-1]
    low, high = POINTS.min(axis=0), POINTS.max(axis=0)
    there = box[:2] + (np.array([128, 110]) - low) * (box[2:] - box[:2]) / (high - low)
    assert eyes == pytest.approx(there, abs=2)


def test_found_faces_and_others_are_counted(faces):
    shown = list(faces.pictures(96, 3))
    share, others = detector.recall(dots.Dots().load("detector"), shown)
    assert share == 1 and others == 0
    moved = [(picture, box + 200) for picture, box in shown]
    assert detector.recall(dots.Dots().load("detector"), moved) == (0, 1)


def test_a_scale_that_the_backend_has_no_engine_for_is_named_and_left_out(tmp_path, capsys):
    pytest.importorskip("onnx", reason="onnx is not installed")

    class Built(dots.Dots):
        """Has what ships, and nothing else."""

        def __init__(self, path=None):
            super().__init__()
            if path:
                raise PartMissing("an engine", "not built", "build it")
    assert list(detector.detectors(Built(), str(tmp_path))) == ["as it ships"]
    assert "scale 0.4: not measured: an engine: not built" in capsys.readouterr().out


def test_every_picture_is_timed_in_three_parts():
    found = detector.times(dots.Dots().load("detector"), [dots.picture((320, 200))] * 3)
    assert {part: len(seconds) for part, seconds in found.items()} == dict.fromkeys(
        detector.PARTS, 3)


def test_the_command_writes_both_tables(tmp_path):
    pytest.importorskip("gi", reason="GStreamer's Python bindings are not here")
    pytest.importorskip("onnx", reason="onnx is not installed")
    words = ["detector", "--source", "test", "--frames", "2", "--faces", "1", "--data",
             material(str(tmp_path / "data")), "--out", str(tmp_path)]
    assert main(words) == 0
    with open(str(tmp_path / "detector.json")) as f:
        rows = json.load(f)["figures"]["rows"]
    assert rows["1"]["input"] == "640x480" and len(rows["2"]["recall"]) == len(detector.WIDTHS)
    assert "20.599" in (tmp_path / "detector.md").read_text()


def test_a_folder_without_portraits_is_named(tmp_path, capsys):
    pytest.importorskip("gi", reason="GStreamer's Python bindings are not here")
    assert main(["detector", "--source", "test", "--frames", "1", "--data", str(tmp_path),
                 "--out", str(tmp_path)]) == 66
    assert "give the folder with --data" in capsys.readouterr().err
