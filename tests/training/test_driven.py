"""Which shapes may be sent, and by whom."""
import os
import shutil

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="networks are trained where torch is installed")
pytest.importorskip("onnx", reason="networks are exported where onnx is installed")

from appliance import geometry  # noqa: E402 (needs what was looked for above)
from appliance.backends import manifest  # noqa: E402
from appliance.face import ARKIT, ARKIT_NAMES  # noqa: E402
from appliance.stages.closeup import VIEWS  # noqa: E402
from engines.training import driven, export  # noqa: E402
from engines.training.nets import NETS, deploy  # noqa: E402
from tests.training import sample  # noqa: E402

HEADS = 60
UPPER = VIEWS["brows"].shapes


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Engines with an untrained network of the upper face among them."""
    folder = tmp_path_factory.mktemp("engines")
    for name in os.listdir(os.path.dirname(manifest.MANIFEST)):
        if name.endswith((".onnx", ".ini")):
            shutil.copy(os.path.join(os.path.dirname(manifest.MANIFEST), name), str(folder))
    torch.manual_seed(2)
    net = NETS["brows"]()
    for values in list(net.parameters()) + list(net.buffers()):
        if values.is_floating_point():      # weights that are alike are exported otherwise
            values.data += 0.01 * torch.rand_like(values)
    export.save("brows", deploy(net), str(folder), licence="MIT")
    return folder


@pytest.fixture
def path(folder, tmp_path):
    """A manifest of these engines."""
    shutil.copytree(str(folder), str(tmp_path / "engines"))
    return str(tmp_path / "engines" / "manifest.ini")


@pytest.fixture(scope="module")
def material(tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("material"))
    sample.write(folder)
    return folder


def told(path):
    """{section: the shapes that it drives}"""
    networks = manifest.read(path)
    return {name: set(networks[name].driven) for name in VIEWS}


def fading(path):
    """{section: those of them that fade}"""
    networks = manifest.read(path)
    return {name: set(networks[name].fading) for name in VIEWS}


@pytest.mark.parametrize("least", [-2, 2])
def test_every_shape_that_proves_right_is_driven_by_one_section(material, path, least):
    assert set(driven.record(material, path, least)) == set(ARKIT)
    found = told(path)
    assert not found["expression"] & found["brows"]
    assert len(found["expression"] | found["brows"]) == (52 if least < 0 else 0)


def test_a_manifest_without_the_upper_face_is_measured_too(material, path):
    with open(path) as f:
        text = f.read()
    with open(path, "w") as f:
        f.write(text[:text.index("[brows]")])
    assert set(driven.record(material, path)) == set(ARKIT)
    assert "brows" not in manifest.read(path)


def recorded(monkeypatch, path, yaws=(0.0,), **noise):
    """What is driven where each section errs by so much: noise of (2 HEADS, 52) or a number."""
    rng = np.random.RandomState(0)
    true = rng.uniform(size=(2 * HEADS, 52))
    said = {name: true + rng.normal(size=true.shape) * noise[name] for name in VIEWS}
    turned = [geometry.matrix_from_angles(yaw, 0, 0) for yaw in np.resize(yaws, HEADS)]
    monkeypatch.setattr(driven.faces, "drawn", lambda files: {"rotation": np.array(turned)})
    monkeypatch.setattr(driven, "answers", lambda heads, path: (said, true))
    return driven.record("nowhere", path)


@pytest.mark.parametrize("expression, brows, best", [
    (0.05, 0.1, "expression"), (0.1, 0.05, "brows"), (9.0, 0.1, "brows")])
def test_a_shape_that_both_could_tell_is_driven_by_whoever_tells_it_best(
        monkeypatch, path, expression, brows, best):
    found = recorded(monkeypatch, path, expression=expression, brows=brows)
    assert found["eyeWideLeft"][1] == best and found["eyeWideLeft"][0] > driven.LEAST
    assert [name for name, shapes in told(path).items() if "eyeWideLeft" in shapes] == [best]


def test_a_shape_that_is_right_from_the_front_alone_fades(monkeypatch, path):
    yaws = (10.0, -80.0, 49.0, 60.0)
    away = np.repeat(np.resize(np.abs(yaws) > 50, HEADS), 2)[:, None]
    every = set(ARKIT_NAMES) - set(driven.UNTRUE)
    recorded(monkeypatch, path, yaws, expression=9.0, brows=9.0 * away)
    assert told(path) == fading(path) == {"expression": set(), "brows": every}
    recorded(monkeypatch, path, yaws, expression=0.1, brows=9.0)
    assert told(path) == {"expression": every, "brows": set()} and not any(fading(path).values())
    recorded(monkeypatch, path, yaws, expression=9.0 * (1 - away), brows=9.0)
    assert told(path) == {"expression": set(), "brows": set()}


def test_what_the_eyes_tell_does_not_fade(monkeypatch, path):
    yaws = (10.0, -80.0, 49.0, 60.0)
    away = np.repeat(np.resize(np.abs(yaws) > 50, HEADS), 2)[:, None]
    recorded(monkeypatch, path, yaws, expression=9.0 * away, brows=9.0)
    assert told(path)["expression"] == fading(path)["expression"]
    assert not {"eyeBlinkLeft", "eyeLookUpLeft", "eyeWideLeft"} & told(path)["expression"]


def test_the_manifest_says_up_to_where_fading_shapes_are_told(monkeypatch, path):
    recorded(monkeypatch, path, expression=9.0, brows=0.1)
    with open(path) as f:
        lines = [line for line in f if line.startswith("fading_why")]
    assert len(lines) == 2
    assert lines[0].startswith("fading_why = told in full up to 50 degrees of yaw")


def test_each_section_is_asked_for_its_own_shapes(folder, material):
    heads = driven.faces.drawn([os.path.join(material, "val_faces.npz")])
    said, true = driven.answers(heads, str(folder / "manifest.ini"))
    assert true.shape == (2 * sample.COUNT, 52) and sorted(said) == sorted(VIEWS)
    others = np.setdiff1d(np.arange(52), UPPER)
    assert not said["brows"][:, others].any()
    lids = [ARKIT["eyeBlinkLeft"], ARKIT["eyeWideLeft"]]
    brows = np.setdiff1d(UPPER, [ARKIT["eyeWideLeft"], ARKIT["eyeWideRight"]])
    assert not said["expression"][:, brows].any() and said["expression"][:, lids].any()
