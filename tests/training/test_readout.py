"""The vowels that an exported network is given: what is fitted, and what is written."""
import os
import shutil

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="networks are trained where torch is installed")
onnx = pytest.importorskip("onnx", reason="networks are exported where onnx is installed")

from appliance.backends import manifest  # noqa: E402 (needs what was looked for above)
from appliance.backends.onnxruntime import OnnxRuntime  # noqa: E402
from appliance.face import ARKIT, VOWELS  # noqa: E402
from appliance.stages.closeup import spoken  # noqa: E402
from engines import recorded  # noqa: E402
from engines.training import readout, speakers, transfer  # noqa: E402
from engines.training.nets import NETS  # noqa: E402
from tests.training import sample  # noqa: E402


@pytest.fixture
def path(tmp_path):
    """A manifest with a copy of the shipped network of the mouth, without its vowels."""
    for name in ("manifest.ini", "expression.onnx"):
        shutil.copy(os.path.join(os.path.dirname(manifest.MANIFEST), name), str(tmp_path))
    path = str(tmp_path / "manifest.ini")
    model = readout.Source(manifest.read(path)["expression"].path)
    weight, bias = (values[:readout.SHAPES] for values in model.last)
    readout.write(model.model, weight, bias, path)
    return path


def answers(network):
    """{part: array} of a recorded crop."""
    return network.apart(OnnxRuntime().answers(network.content(), recorded.inputs(network)[:1])[0])


def test_the_regression_finds_the_shares_that_were_there():
    rng = np.random.RandomState(0)
    features, weight = rng.normal(0, 1, (800, 6)), rng.normal(0, 1.5, (5, 6))
    said = readout.shares(features @ weight.T - 1)
    rows, bias = readout.regression(features, said, np.ones(800), smooth=0)
    assert np.abs(readout.shares(features @ rows.T + bias) - said).max() < 0.01
    assert np.allclose(readout.shares(bias[None])[0], spoken(bias))


def test_what_counts_more_is_told_better():
    rng = np.random.RandomState(0)
    features, said = rng.normal(0, 1, (400, 2)), np.zeros((400, 5))
    said[::2, 0] = 1        # nothing tells one half from the other
    shares = [readout.shares(features @ rows.T + bias)[:, 0].mean() for rows, bias in (
        readout.regression(features, said, np.where(said.any(1), 1.0, more)) for more in (1, 3))]
    assert shares == pytest.approx([0.5, 0.25], abs=0.01)


def test_the_network_gets_its_vowels_and_keeps_its_shapes(path, tmp_path):
    before = manifest.read(path)["expression"]
    shapes, material = answers(before)["shapes"], str(tmp_path / "material")
    assert "vowels" not in before.parts
    os.mkdir(material)
    sample.write(material)
    told = []
    readout.tell(material, path, say=told.append)
    after = manifest.read(path)["expression"]
    assert after.parts["vowels"] == (1, len(VOWELS)) and after.driven == before.driven
    assert np.allclose(answers(after)["shapes"], shapes, atol=1e-5)
    assert "speakers" in told[0]
    readout.tell(material, path, say=told.append)       # a second time no vowel is added
    assert manifest.read(path)["expression"].outputs["answers"] == (1, readout.SHAPES + 5)


def test_a_training_goes_on_from_a_network_with_vowels():
    net, old = NETS["expression"](), manifest.read()["expression"]
    image = torch.from_numpy(recorded.inputs(old)[0]["image"]).repeat(8, 1, 1, 1)
    transfer.take(net, old.path, image)
    assert len(net.out.weight) == readout.SHAPES


def test_only_portraits_that_say_nothing_are_silent():
    rng = np.random.RandomState(0)
    teacher = np.zeros((4, 52))
    teacher[1, 1 + ARKIT["jawOpen"]], teacher[2, 1 + ARKIT["mouthPucker"]] = 0.3, 0.3
    teacher[3, 1 + ARKIT["mouthSmileLeft"]] = 0.8
    luma = rng.randint(0, 255, (4, 8, 8)).astype(np.uint8)
    found = readout.silent({"luma": luma, "teacher": teacher})
    assert np.array_equal(found["luma"], luma[[0, 3]]) and not found["said"].any()


def test_speakers_say_what_their_labels_tell():
    for k in range(len(speakers.KINDS)):
        rng = np.random.default_rng(k)
        w, said = speakers.expression(rng, speakers.KINDS[k])
        assert 0 <= said.min() and said.sum() <= 1 + 1e-6 and 0 <= w.min() and w.max() <= 1
        if speakers.KINDS[k] in VOWELS:
            assert VOWELS[said.argmax()] == speakers.KINDS[k] and said.max() > 0.29
        if speakers.KINDS[k] in ("rest", "smile", "none"):
            assert not said.any()


def test_a_verdict_counts_what_is_told_right():
    said, found = np.zeros((2, 4, 5))
    said[:2, 0], said[2, 2] = 1, 0.8
    found[:, :3] = [(0.6, 0, 0), (0.2, 0.3, 0), (0, 0, 0.9), (0.1, 0, 0)]
    text = readout.judged(found, said)
    assert text.startswith("A 50 %, U 100 %") and "silence 0.10 in the middle" in text
