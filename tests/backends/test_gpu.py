"""TensorRT on a real GPU: engines that build_engines.py has built there, beside ONNX Runtime.

Passed over where there are none; `make test-gpu` builds them and passes over nothing.
"""
import threading

import numpy as np
import pytest

from appliance.backends import cuda, manifest
from appliance.backends.tensorrt import TensorRT
from appliance.errors import PartMissing
from appliance.tracker import Tracker
from tests.backends.test_tensorrt import pictures

pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
from appliance.backends.onnxruntime import OnnxRuntime  # noqa: E402

NAMES = sorted(manifest.read())


@pytest.fixture(scope="module")
def backend():
    """The backend, with engines."""
    try:
        return TensorRT()
    except PartMissing as why:
        pytest.skip(str(why))


@pytest.mark.parametrize("name", NAMES)
def test_an_engine_gives_the_same_answer_again(backend, name):
    try:
        engine = backend.load(name)
    except PartMissing as why:
        pytest.skip(str(why))
    engine.inputs["image"][...] = np.random.RandomState(0).uniform(
        0, 255, engine.inputs["image"].shape)
    first = {key: value.copy() for key, value in engine.infer().items()}
    for _ in range(20):
        again = engine.infer()
    assert all(np.array_equal(first[key], again[key]) for key in first)


def test_the_clip_is_followed_as_on_onnx_runtime(backend):
    ours, reference = Tracker(backend=backend), Tracker(backend=OnnxRuntime())
    for luma in pictures():
        one, other = ours(luma), reference(luma)
        assert [face.id for face in one] == [face.id for face in other]
        for face, true in zip(one, other):
            size = np.sqrt(np.prod(true.box[2:] - true.box[:2]))
            assert np.abs(face.landmarks - true.landmarks).max() < 0.02 * size
            assert np.abs(np.subtract(face.angles, true.angles)).max() < 1.0
            assert np.abs(face.blendshapes - true.blendshapes).max() < 0.1


def test_memory_stays_as_it_is_over_a_thousand_inferences(backend):
    engine = backend.load("iris")
    engine.infer()
    before = cuda.gpu().free_memory()
    for _ in range(1000):
        engine.infer()
    assert before - cuda.gpu().free_memory() < 8 << 20      # others use it too


def test_another_thread_loads_infers_and_gives_back(backend):
    answers = []

    def work():
        engine = backend.load("iris")
        answers.append({key: value.copy() for key, value in engine.infer().items()})
        engine.close()
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert np.isfinite(answers[0]["points"]).all()
