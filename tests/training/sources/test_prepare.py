"""`prepare` on folders of a stranger's own: from drawn people to a network's first step."""
import os

import cv2
import numpy as np
import pytest

for needed in ("scipy", "h5py"):
    pytest.importorskip(needed, reason="material is made where networks are trained")

from appliance.errors import DataError  # noqa: E402 (needs what was looked for above)
from engines.training import material  # noqa: E402
from engines.training.__main__ import main  # noqa: E402
from tests.training.sources.conftest import MODEL  # noqa: E402

COUNTS = ("--faces", "6", "--turned", "0", "--profiles", "2", "--pairs", "2", "--eyes", "4",
          "--looks", "2", "--brows", "2", "--speakers", "2", "--held-out", "4")


@pytest.fixture(scope="module")
def rooms(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rooms")
    shape = np.add.outer(np.arange(480), 2 * np.arange(640)) % 256
    cv2.imwrite(str(folder / "stripes.png"), shape.astype(np.uint8))
    return str(folder)


@pytest.fixture(scope="module")
def prepared(people, rooms, mediapipe, tmp_path_factory):
    """A material folder; its face model was made before."""
    folder = str(tmp_path_factory.mktemp("material"))
    os.mkdir(os.path.join(folder, "data"))
    os.symlink(MODEL, os.path.join(folder, "data", "ict_face.npz"))
    words = ["prepare", "--portraits", people, "--backgrounds", rooms, "--mediapipe", mediapipe,
             "--material", folder]
    main(words + list(COUNTS))
    return folder


def test_all_that_is_trained_on_is_there(prepared):
    assert set(os.listdir(prepared)) >= {
        "fits.npz", "portraits_luma.npz", "portrait_labels.npz", "val_faces.npz", "val_eyes.npz",
        "faces_1_000000.npz", "profiles_4_000000.npz", "pairs_6_000000.npz", "val_pairs.npz",
        "eyes_2_000000.npz", "looks_6_000000.npz", "speakers_7310_000000.npz", "backgrounds"}


def test_the_points_are_those_of_our_definition(prepared):
    """Few portraits tell no offsets: those that were measured on many are taken."""
    with np.load(os.path.join(prepared, "portrait_labels.npz")) as labels:
        table = np.genfromtxt(material.definition.OFFSETS, delimiter=",", skip_header=1)
        assert np.array_equal(labels["to_ours"], table[:, 1:4])
        assert np.isfinite(labels["points"]).all() and (labels["rms"] < 0.3).all()     # cm


def test_the_points_are_where_they_were_drawn(prepared, points_of_heads):
    with np.load(os.path.join(prepared, "portrait_labels.npz")) as labels:
        for found, true in zip(labels["points"], points_of_heads):
            assert away(found.astype(float), true.astype(float)) < 0.04


def away(found, true):
    """Mean distance of points (68, 2), share of the box, after size and place are made alike."""
    size = np.sqrt(np.prod(np.ptp(true, axis=0)))
    found, true = found - found.mean(0), true - true.mean(0)
    found = found * (found * true).sum() / (found ** 2).sum()
    return np.linalg.norm(found - true, axis=1).mean() / size


@pytest.mark.parametrize("name, choice", [
    ("landmarks", dict(batch=16, checks=2)), ("iris", dict(batch=16)),
    ("detector", dict(batch=2, checks=2)), ("expression", dict(batch=16))])
def test_a_network_takes_its_first_step(name, choice, prepared, tmp_path):
    torch = pytest.importorskip("torch", reason="networks are trained where torch is installed")
    from engines.training import trainers
    average = trainers.TRAINERS[name](prepared, str(tmp_path), 1e-5, **choice)
    assert all(torch.isfinite(values).all() for values in average.state_dict().values()
               if values.is_floating_point())


def test_other_portraits_are_fitted_anew(tmp_path):
    for name in material.PORTRAITS + ("faces_1_000000.npz",):
        (tmp_path / name).write_bytes(b"x")
    material.forget_portraits(str(tmp_path))
    assert os.listdir(str(tmp_path)) == ["faces_1_000000.npz"]


@pytest.mark.parametrize("words, told", [
    (["--portraits", "/no/folder"], "/no/folder: no such folder; "),
    (["--data", "/no/data"], "/no/data/ict_face.npz: it is not there; give its source with "
                             "--face-model"),
    (["--face-model", "{}"], "{}/vertex_indices.json: no such file; give the folder FaceXModel")])
def test_what_is_missing_is_told_in_one_line(words, told, tmp_path, capsys):
    words = [word.format(tmp_path) for word in words]
    with pytest.raises(SystemExit) as ended:
        main(["prepare", "--material", str(tmp_path / "m")] + words)
    assert ended.value.code == 66
    said = capsys.readouterr().err
    assert said.startswith("kagami: error: " + told.format(tmp_path)) and said.count("\n") == 1


def test_a_network_without_photographs_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["prepare", "--material", str(tmp_path), "--landmarker", "some.task"])
    assert ended.value.code == 2
    assert "--landmarker: there is nothing to look at; give" in capsys.readouterr().err


def test_without_a_sure_portrait_nobody_is_turned(prepared, studio, tmp_path):
    from engines.training import turned
    with np.load(os.path.join(prepared, "fits.npz")) as fits:
        unsure = dict(fits, rms=fits["rms"] + 1e3)
    np.savez(str(tmp_path / "fits.npz"), **unsure)
    with pytest.raises(DataError, match="sure enough to be a skin; give more photographs"):
        turned.Skins(os.path.join(prepared, "data"), str(tmp_path / "fits.npz"), studio.world)
