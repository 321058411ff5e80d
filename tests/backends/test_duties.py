"""A network of one's own takes the place of ours through the manifest, if it does its work."""
import configparser
import os
import shutil

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not installed")
pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")

from appliance.backends import duties, manifest  # noqa: E402 (needs what was looked for above)
from appliance.backends.onnxruntime import OnnxRuntime  # noqa: E402
from appliance.errors import DataError  # noqa: E402
from appliance.stages.landmarks import log_odds  # noqa: E402
from appliance.tracker import Tracker  # noqa: E402
from tests.fakes import dots  # noqa: E402

ANSWERS = {"points": dots.face_points(64, 40, 0.5)[None], "log_sigma": np.zeros((1, 68)),
           "rotation": np.array([[1.0, 0, 0, 0, 1, 0]]), "score": np.full((1, 1), log_odds(0.9))}
IMAGE = (1, 128, 128, 1)


def network(path, answers=ANSWERS, image=IMAGE, more=()):
    """Write a network that answers the same whatever it sees; its bytes' path as text."""
    from onnx import TensorProto, helper, numpy_helper
    inputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
              for name, shape in (("image", image),) + tuple(more)]
    nodes = [helper.make_node("ReduceMean", [name.name], ["mean_" + name.name], keepdims=0)
             for name in inputs]
    nodes += [helper.make_node("Mul", ["mean_image", "nothing"], ["zero"])]
    held = [numpy_helper.from_array(np.zeros((), np.float32), "nothing")]
    for name, value in answers.items():
        held.append(numpy_helper.from_array(np.asarray(value, np.float32), "held_" + name))
        nodes.append(helper.make_node("Add", ["held_" + name, "zero"], [name]))
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, np.shape(value))
               for name, value in answers.items()]
    model = helper.make_model(helper.make_graph(nodes, "mine", inputs, outputs, held),
                              opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 7
    onnx.save(model, str(path))
    return str(path)


@pytest.fixture
def ini(tmp_path):
    """A copy of the manifest with its networks."""
    folder = os.path.dirname(manifest.MANIFEST)
    for name in os.listdir(folder):
        if name.endswith((".onnx", ".ini")):
            shutil.copy(os.path.join(folder, name), str(tmp_path))
    return str(tmp_path / "manifest.ini")


def written(ini, name, path, inputs, outputs):
    """Give the manifest's section another file, and nothing that it had."""
    manifest.record(name, os.path.basename(path), inputs, outputs, ini, anew=True)


def shapes(answers):
    return {name: np.shape(value) for name, value in answers.items()}


def test_the_tracker_runs_another_network_of_the_manifest(ini, tmp_path):
    """It answers in outputs of its own and sees a picture of another size."""
    answers = dict(ANSWERS, points=dots.face_points(80, 50, 0.6)[None])
    path = network(tmp_path / "mine.onnx", answers, (1, 160, 160, 1))
    written(ini, "landmarks", path, {"image": (1, 160, 160, 1)}, shapes(answers))
    face, = Tracker(backend=OnnxRuntime(ini))(np.full((480, 640), 90, np.uint8),
                                             rois=[(250, 150, 350, 250)])
    found, wanted = (points - points.mean(0) for points in (face.landmarks, dots.MEAN))
    assert np.allclose(found / np.ptp(found[:, 0]), wanted / np.ptp(wanted[:, 0]), atol=1e-4)
    assert face.score == pytest.approx(0.9, abs=0.01)


def refused(ini, name, path, inputs, outputs, **more):
    """The line that a tracker ends in."""
    written(ini, name, path, inputs, outputs)
    with pytest.raises(DataError) as told:
        Tracker(backend=OnnxRuntime(ini))
    line = str(told.value)
    assert "\n" not in line and line.startswith(path + ": ")
    return line


@pytest.mark.parametrize("change, why", [
    ({"points": np.zeros((1, 98, 2))}, "output points is 1x98x2, the tracker wants 1x68x2"),
    ({"score": np.zeros((1,))}, "output score is 1, the tracker wants 1x1"),
    ({"rotation": None}, "output rotation is absent, the tracker wants 1x6")])
def test_answers_of_another_kind_are_told(ini, tmp_path, change, why):
    answers = {name: value for name, value in dict(ANSWERS, **change).items() if value is not None}
    path = network(tmp_path / "mine.onnx", answers)
    assert why in refused(ini, "landmarks", path, {"image": IMAGE}, shapes(answers))


@pytest.mark.parametrize("image, why", [
    ((1, 128, 96, 1), "input image is 1x128x96x1, the tracker wants 1x128x128x1"),
    ((1, 128, 128, 3), "input image is 1x128x128x3, the tracker wants 1x128x128x1"),
    ((1, 3, 128, 128), "input image is 1x3x128x128, the tracker wants 1x3x3x1"),
    ((2, 128, 128, 1), "input image is 2x128x128x1, the tracker wants 1x128x128x1")])
def test_a_picture_of_another_kind_is_told(ini, tmp_path, image, why):
    path = network(tmp_path / "mine.onnx", image=image)
    assert why in refused(ini, "landmarks", path, {"image": image}, shapes(ANSWERS))


@pytest.mark.parametrize("vowels, why", [
    ({}, None), ({"vowels": np.zeros((1, 5))}, None),
    ({"vowels": np.zeros((1, 6))}, "output vowels is 1x6, the tracker wants 1x5")])
def test_a_network_of_the_mouth_may_tell_five_vowels_or_none(vowels, why):
    answers = shapes(dict({"shapes": np.zeros((1, 29))}, **vowels))
    inputs = {"image": (1, 96, 96, 1), "turn": (1, 2)}
    one = manifest.Network("expression", "mine.onnx", "", inputs, answers, 0.5, 0.0, 1)
    if why is None:
        return duties.check(one)
    with pytest.raises(DataError) as told:
        duties.check(one)
    assert why in str(told.value)


def test_an_input_that_nobody_fills_is_told(ini, tmp_path):
    path = network(tmp_path / "mine.onnx", more=[("age", (1, 1))])
    line = refused(ini, "landmarks", path, {"image": IMAGE, "age": (1, 1)}, shapes(ANSWERS))
    assert "the tracker has nothing for its input age" in line


def test_a_file_that_is_not_as_the_manifest_says_is_told(ini, tmp_path):
    path = network(tmp_path / "mine.onnx", dict(ANSWERS, score=np.zeros((1, 2))))
    line = refused(ini, "landmarks", path, {"image": IMAGE}, shapes(ANSWERS))
    assert "output score is (1, 2), the manifest says float (1, 1)" in line


def detector(height, width):
    return {"%s%d" % (name, stride): np.full((1, count, height // stride, width // stride), -9.0)
            for stride in (8, 16) for name, count in (("score", 1), ("box", 4), ("points", 10))}


def test_a_detector_of_any_size_is_taken(ini, tmp_path):
    answers = detector(256, 448)
    path = network(tmp_path / "mine.onnx", answers, (1, 256, 448, 1))
    written(ini, "detector", path, {"image": (1, 256, 448, 1)}, shapes(answers))
    assert Tracker(backend=OnnxRuntime(ini))(np.zeros((480, 640), np.uint8)) == []


@pytest.mark.parametrize("size, cells, why", [
    ((250, 448), (256, 448), "its picture is 448x250, no multiples of 32"),
    ((256, 448), (192, 320), "output score8 is 1x1x24x40, the tracker wants 1x1x32x56")])
def test_a_detector_whose_cells_do_not_fit_is_told(ini, tmp_path, size, cells, why):
    answers, image = detector(*cells), (1,) + size + (1,)
    path = network(tmp_path / "mine.onnx", answers, image)
    assert why in refused(ini, "detector", path, {"image": image}, shapes(answers))


def test_a_detector_whose_numbers_come_last_is_told(ini, tmp_path):
    answers = {name: value.transpose(0, 2, 3, 1) for name, value in detector(192, 320).items()}
    path = network(tmp_path / "mine.onnx", answers, (1, 192, 320, 1))
    line = refused(ini, "detector", path, {"image": (1, 192, 320, 1)}, shapes(answers))
    assert "output score8 is 1x24x40x1, the tracker wants 1x1x24x40" in line


def test_every_shipped_network_does_its_duty():
    found = manifest.read()
    for name in found:
        duties.check(found[name])
    assert {"detector", "landmarks", "iris", "expression"} <= set(found) <= set(duties.DUTIES)


def test_a_section_written_anew_keeps_nothing(ini, tmp_path):
    path = network(tmp_path / "mine.onnx")
    written(ini, "landmarks", path, {"image": IMAGE}, shapes(ANSWERS))
    parser = configparser.ConfigParser()
    parser.read(ini)
    assert sorted(parser["landmarks"]) == ["file", "inputs", "outputs", "sha256"]
    assert "parts" in parser["iris"]
