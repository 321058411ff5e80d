"""The detector of another size is the same network."""
import os

import cv2
import numpy as np
import pytest

from appliance.backends.onnxruntime import OnnxRuntime
from benchmarks import resized
from benchmarks.detector import _Marked
from tests.fakes import dots

pytest.importorskip("onnx", reason="onnx is not installed")
pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")


def engine(folder, width, height):
    return OnnxRuntime(resized.detector(width, height, str(folder))).load("detector")


def test_cells_are_as_many_as_fit_the_size(tmp_path):
    found = engine(tmp_path, 640, 480)
    assert found.inputs["image"].shape == (1, 480, 640, 1)
    assert found.infer()["box16"].shape == (1, 4, 30, 40)


def test_at_its_own_size_it_answers_as_the_one_that_ships(tmp_path):
    shown = np.random.RandomState(0).uniform(0, 255, (192, 320)).astype(np.float32)
    shown = cv2.GaussianBlur(shown, (0, 0), 2)
    answers = []
    for one in (OnnxRuntime().load("detector"), engine(tmp_path, 320, 192)):
        one.inputs["image"][0, :, :, 0] = shown
        answers.append(one.infer())
    assert all(np.array_equal(answers[0][name], answers[1][name]) for name in answers[0])


def test_the_record_keeps_what_a_score_means(tmp_path):
    network = engine(tmp_path, 64, 64).network
    assert (network.score, network.tolerance) == (0.12, 0.1)
    assert os.path.dirname(network.path) == str(tmp_path)


@pytest.mark.parametrize("size, whole", [((64, 48), (64, 64)), ((640, 480), (640, 480)),
                                         ((1, 33), (32, 64))])
def test_a_picture_fits_into_whole_multiples(size, whole):
    assert resized.fitting(*size) == whole


def test_a_marked_engine_tells_when_it_ran():
    marked = _Marked(dots.Dots().load("detector"))
    marked.infer()
    assert 0 < marked.began <= marked.ended
