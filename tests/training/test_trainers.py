"""Each trainer runs from a material folder to an ONNX file and goes on where it stopped."""
import os

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="networks are trained where torch is installed")
pytest.importorskip("onnx", reason="networks are exported where onnx is installed")

from appliance.backends import manifest  # noqa: E402 (needs what was looked for above)
from appliance.backends.onnxruntime import OnnxRuntime  # noqa: E402
from engines import recorded  # noqa: E402
from engines.training import evaluate, export, faces, mistakes, trainers  # noqa: E402
from engines.training import transfer  # noqa: E402
from engines.training.nets import INPUTS, NETS, PARTS, deploy  # noqa: E402
from engines.training.__main__ import main  # noqa: E402
from tests.training import sample  # noqa: E402

STEP = 1e-5         # minutes: one step each time the trainer is called
SMALL = {"landmarks": dict(batch=16, checks=2), "fine": dict(batch=16, checks=2),
         "iris": dict(batch=16),
         "detector": dict(batch=2, checks=2), "expression": dict(batch=16),
         "brows": dict(batch=16)}
# What a stage does to an answer that the network itself bounds while it is trained.
READ = {"score": lambda odds: 1 / (1 + np.exp(-odds)), "shapes": lambda x: np.clip(x, 0, 1),
        "openness": lambda x: np.clip(x, 0, 1.3)}


def cells_last(maps):
    """The detector's numbers as the losses want them, (N, h, w, K) of (N, K, h, w)."""
    return maps.transpose(0, 2, 3, 1)


for s in ("8", "16"):
    READ.update({"score" + s: lambda odds: READ["score"](cells_last(odds)),
                 "box" + s: lambda box: cells_last(box).clip(0), "points" + s: cells_last})


@pytest.fixture(scope="module")
def material(tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("material"))
    sample.write(folder)
    return folder


def steps(folder):
    return torch.load(os.path.join(folder, "checkpoint.pt"), weights_only=True)["steps"]


@pytest.mark.parametrize("name", sorted(SMALL))
def test_a_trainer_goes_on_where_it_stopped(name, material, tmp_path, capfd):
    for _ in range(2):
        trainers.TRAINERS[name](material, str(tmp_path), STEP, **SMALL[name])
    assert steps(str(tmp_path)) == 1, "no minutes were left for the second call"
    trainers.TRAINERS[name](material, str(tmp_path), _spent(str(tmp_path)) + STEP, **SMALL[name])
    assert steps(str(tmp_path)) == 2
    assert " of " in capfd.readouterr().out


def _spent(folder):
    return torch.load(os.path.join(folder, "checkpoint.pt"), weights_only=True)["spent"] / 60


@pytest.mark.parametrize("name", sorted(SMALL))
def test_what_was_trained_is_exported_with_its_row(name, material, tmp_path):
    run, out = str(tmp_path / "run"), tmp_path / "out"
    out.mkdir()
    trainers.TRAINERS[name](material, run, STEP, **SMALL[name])
    main(["export", name, "--material", material, "--run", run, "--out", str(out)])
    network = manifest.read(str(out / "manifest.ini"))[name]
    assert network.content() and list(network.inputs) == list(INPUTS[name])


@pytest.mark.parametrize("name", sorted(PARTS))
def test_what_is_exported_answers_as_the_network_does(name, tmp_path):
    torch.manual_seed(2)
    net = NETS[name]()
    for values in list(net.parameters()) + list(net.buffers()):
        if values.is_floating_point():
            values.data += 0.01 * torch.rand_like(values)
    deploy(net)
    given = {key: torch.rand(*shape) * (255 if key == "image" else 1)
             for key, shape in INPUTS[name].items()}
    with torch.no_grad():
        wanted = {key: value.numpy() for key, value in net(**given).items()}
    export.save(name, net, str(tmp_path))
    network = manifest.read(str(tmp_path / "manifest.ini"))[name]
    found = network.apart(OnnxRuntime().answers(
        network.content(), [{key: value.numpy() for key, value in given.items()}])[0])
    assert set(found) == set(wanted) == set(network.parts)
    for key, value in found.items():
        assert np.allclose(READ.get(key, np.array)(value), wanted[key], rtol=1e-5, atol=1e-5), key


def test_a_network_begins_with_the_layers_of_an_exported_one(tmp_path):
    torch.manual_seed(1)
    old, new = (NETS["landmarks"]().eval() for _ in range(2))
    for values in old.parameters():
        values.data += 0.01 * torch.randn_like(values)
    torch.save({"average": old.state_dict()}, str(tmp_path / "checkpoint.pt"))
    export.write("landmarks", str(tmp_path / "checkpoint.pt"), str(tmp_path), "a test")
    image = torch.randint(0, 255, (4, 128, 128, 1)).float()
    transfer.begin(new, str(tmp_path / "landmarks.onnx"), range(len(new.body)), image)
    true, found = (net.eval().body(net.stem(image)) for net in (old, new))
    assert torch.allclose(found, true, atol=1e-3 * float(true.abs().max()))


def test_a_slimmer_network_loses_what_says_nothing_new(tmp_path):
    torch.manual_seed(3)
    wide = NETS["landmarks"](widths=(32, -64, 52, 64, -96, 96, -128, 128), narrow=None)
    net = NETS["landmarks"]()
    layer = wide.body[1]
    with torch.no_grad():       # two channels that are half of others, two that are never at work
        for one in wide.body:
            one.norm.bias.uniform_(0, 0.1)
        for values in (layer.conv.weight, layer.norm.bias):
            values[:2], values[20:22] = 0.5 * values[10:12], 0
    deploy(wide)
    export.save("landmarks", wide, str(tmp_path))
    image = torch.randint(0, 255, (8, 128, 128, 1)).float()
    transfer.begin(net, str(tmp_path / "landmarks.onnx"), range(len(net.body)), image)
    true, found = (one.eval().body(one.stem(image)) for one in (wide, net))
    assert len(net.body[1].conv.weight) < len(layer.conv.weight)
    assert torch.allclose(found, true, atol=1e-3 * float(true.abs().max()))


@pytest.mark.parametrize("name, grown, near", [
    ("landmarks", "landmarks", 0.01), ("landmarks", "fine", 1.0), ("iris", "iris", 0.01),
    ("expression", "expression", 0.02), ("detector", "detector", 0.01)])
def test_a_network_begins_as_the_shipped_one(name, grown, near):
    torch.manual_seed(1)
    old, net = manifest.read()[name], NETS[grown]()
    given = recorded.inputs(old)[0]
    height, width = INPUTS[grown]["image"][1:3]
    more = height / given["image"].shape[1]
    image = np.stack([cv2.resize(one, (width, height)) for one in given["image"]])[..., None]
    transfer.take(net, old.path, torch.from_numpy(image).repeat(64 // len(image), 1, 1, 1))
    with torch.no_grad():
        found = net.eval()(**{key: torch.from_numpy(value)
                              for key, value in dict(given, image=image).items()})
    wanted = old.apart(OnnxRuntime().answers(old.content(), [given])[0])
    for key, value in found.items():
        true = READ.get(key, np.array)(wanted[key])
        true = (true + 0.5) * more - 0.5 if key == "points" else true
        true = true + np.log(more) if key == "log_sigma" else true
        assert np.abs(value.numpy() - true).max() < near, key


def test_a_batch_is_shared_between_portraits_renders_and_negatives():
    assert trainers.shares(0) == (52, 0, 12)
    assert trainers.shares(2000) == (40, 12, 12)
    assert trainers.shares(8000) == (24, 28, 12)


def test_what_the_detector_takes_for_faces_is_collected(material, tmp_path):
    folder = tmp_path / "material"
    folder.mkdir()
    os.symlink(os.path.join(material, "backgrounds"), str(folder / "backgrounds"))
    count = mistakes.collect(str(folder))
    crops = np.load(str(folder / "hard.npz"))["crops"] if count else np.zeros((0, 166, 166))
    assert crops.shape == (count, 166, 166)


def test_mistakes_kept_out_are_told_beside_the_negatives(material):
    portraits, _, backgrounds = faces.load(material, (), validation=True)
    hard = np.full((3, mistakes.SIZE, mistakes.SIZE), 90, np.uint8)
    validate = evaluate.Landmarks(portraits, None, backgrounds, 2, hard=hard)
    line = validate(NETS["landmarks"]().eval())
    assert "negatives seen as faces" in line and "mistakes seen as faces" in line


def test_what_is_kept_out_is_never_trained_on(material):
    seen, _, _ = faces.load(material, ())
    unseen, _, _ = faces.load(material, (), validation=True)
    assert len(seen["luma"]) + len(unseen["luma"]) == sample.COUNT
    assert not any((a == b).all() for a in seen["luma"] for b in unseen["luma"])


def test_correlation_is_that_of_numpy():
    rng = np.random.RandomState(2)
    a, b = rng.normal(size=(40, 3)), rng.normal(size=(40, 3))
    assert evaluate.correlations(a, b) == pytest.approx([np.corrcoef(a[:, k], b[:, k])[0, 1]
                                                         for k in range(3)])


def test_a_shape_that_never_changes_has_no_correlation():
    assert np.isnan(evaluate.correlations(np.ones((5, 1)), np.arange(5.0)[:, None])[0])


def test_geodesic_is_the_angle_between_rotations():
    from appliance import geometry
    turned = geometry.matrix_from_angles(10, 0, 0)[None]
    assert evaluate.geodesic(turned, np.eye(3)[None])[0] == pytest.approx(10, abs=1e-6)
