"""The trainers for one's own data, from the command line to an ONNX file and a table."""
import ast
import json
import os
import re
import shutil

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="networks are trained where torch is installed")
pytest.importorskip("onnx", reason="networks are exported where onnx is installed")
pytest.importorskip("h5py", reason="training from samples wants h5py")

from appliance import geometry  # noqa: E402 (needs what was looked for above)
from appliance.backends import manifest  # noqa: E402
from appliance.errors import UsageError  # noqa: E402
from engines.training import averaging, costs, drawn_samples, eye_line  # noqa: E402
from engines.training import face_gaze, labelling, runs, stages  # noqa: E402
from engines.training.__main__ import main  # noqa: E402
from engines.training.collection import Collection  # noqa: E402
from engines.training.samples import Reader  # noqa: E402
from tests.fakes.dots import picture  # noqa: E402
from tests.training import own_sample, sample  # noqa: E402

STEP = 1e-5         # minutes: one step each time
SMALL = ["--batch", "8", "--width", "0.25"]
# What Mobile FaceGaze's network takes
PARAMETERS, BYTES = 4.39e6, 17.7e6


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return own_sample.write(str(tmp_path_factory.mktemp("samples") / "made_up.h5"))


def step(name, path, folder, *words):
    """One step of a training, as a stranger would take it."""
    minutes = runs.Run.read(folder).minutes() if os.path.exists(folder) else 0.0
    main([name, path, "--run", folder, "--minutes", "%.9f" % (minutes + STEP)] + SMALL
         + list(words))


def refused(capsys, *words):
    """What is said of a mistake: one line."""
    with pytest.raises(SystemExit):
        main(list(words))
    said = capsys.readouterr().err
    assert said.startswith("kagami: error: ") and said.count("\n") == 1
    return said


@pytest.fixture(scope="module")
def trained(path, tmp_path_factory):
    """{network: folder} of trainings of one step."""
    folders = {name: str(tmp_path_factory.mktemp("runs") / name) for name in runs.NETS}
    for name, folder in folders.items():
        step(name, path, folder)
    return folders


@pytest.mark.parametrize("name", sorted(runs.NETS))
def test_a_training_ends_in_a_network_with_its_row_and_score(name, trained):
    network = manifest.read(os.path.join(trained[name], "manifest.ini"))[name]
    assert network.content() and list(network.parts) == list(runs.NETS[name]().parts)
    with open(os.path.join(trained[name], "score.json")) as f:
        assert json.load(f)


@pytest.mark.parametrize("name", sorted(runs.NETS))
def test_the_exported_network_answers_as_the_trained_one(name, trained):
    size = runs.SIZES[name]
    images = [np.random.RandomState(k).randint(0, 255, (size, size)).astype(np.uint8)
              for k in range(3)]
    ours = runs.asked(runs.Run.read(trained[name]).trained())(images)
    for key, value in runs.Exported(trained[name], name)(images).items():
        assert value == pytest.approx(ours[key], abs=1e-3), key


@pytest.mark.parametrize("name", sorted(runs.NETS))
def test_the_same_picture_gives_the_same_answer(name, trained):
    image = np.random.RandomState(1).randint(0, 255, (runs.SIZES[name],) * 2).astype(np.uint8)
    for answer in (runs.asked(runs.Run.read(trained[name]).trained()),
                   runs.Exported(trained[name], name)):
        first, second = answer([image]), answer([image])
        assert all((first[key] == second[key]).all() for key in first)


@pytest.mark.parametrize("name", sorted(runs.NETS))
def test_a_training_goes_on_where_it_stopped(name, path, tmp_path):
    folder = str(tmp_path / "run")
    for steps in (1, 2):
        step(name, path, folder)
        assert runs.Run.read(folder).state()["steps"] == steps


def test_of_several_processes_one_exports(path, trained, tmp_path, monkeypatch):
    monkeypatch.setenv("RANK", "1")
    folder = str(tmp_path / "run")
    shutil.copytree(trained["head"], folder, ignore=shutil.ignore_patterns("*.onnx"))
    with pytest.raises(SystemExit) as end:
        main(["head", path, "--run", folder, "--minutes", str(STEP)] + SMALL)
    assert end.value.code == 0 and not os.path.exists(os.path.join(folder, "head.onnx"))


def test_the_rotation_can_be_a_quaternion(path, tmp_path, capsys):
    folder = str(tmp_path / "run")
    step("head", path, folder, "--rotation", "quaternion")
    parts = manifest.read(os.path.join(folder, "manifest.ini"))["head"].parts
    assert parts["rotation"] == (1, 4)
    assert "geodesic" in capsys.readouterr().out


def test_a_run_of_other_options_is_not_overwritten(path, trained, capsys):
    said = refused(capsys, "head", path, "--run", trained["head"], "--rotation", "quaternion")
    assert "a run of head (rotation=6d" in said


def test_what_the_network_learned_from_is_told_with_its_licence(trained):
    with open(os.path.join(trained["gaze"], "run.json")) as f:
        assert json.load(f)["about"]["licences"] == ["none"]
    with open(os.path.join(trained["gaze"], "manifest.ini")) as f:
        assert "licence = none" in f.read()


def test_a_score_tells_errors_and_how_far_answers_move(path, trained, capsys):
    main(["head-score", path, "--run", trained["head"], "--steady", "1", "--still"])
    told = capsys.readouterr().out
    for word in ("yaw", "geodesic", "68 points", "size", "noise, sigma 4", "square moved",
                 "pictures of one pose"):
        assert word in told


def test_gaze_is_scored_by_person(path, trained, capsys):
    main(["gaze-score", path, "--run", trained["gaze"]])
    rows = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert rows == ["person", "0", "1", "2", "mean"]


def test_each_person_is_left_out_of_one_training(path, tmp_path, capsys, monkeypatch):
    folder, learned = str(tmp_path / "folds"), []
    train = runs.Run.train

    def watched(run, source, *rest):
        learned.append(set(source.collection.persons()[source.rows]))
        return train(run, source, *rest)
    monkeypatch.setattr(runs.Run, "train", watched)
    for _ in range(2):          # the second time all are done, and only the table is printed anew
        main(["gaze-score", path, "--run", folder, "--minutes", str(STEP),
              "--leave-one-person-out"] + SMALL)
    assert learned == 2 * [{1, 2}, {0, 2}, {0, 1}]
    tables = capsys.readouterr().out.split("always mean\n")[1:]
    first, second = (text.splitlines()[:4] for text in tables)
    assert first == second and [line.split()[0] for line in first] == ["0", "1", "2", "mean"]
    assert runs.Run.read(os.path.join(folder, "without_1")).state()["steps"] == 1


def test_leaving_one_out_wants_two(tmp_path, capsys):
    path = own_sample.write(str(tmp_path / "alone.h5"), 6, 1)
    words = "gaze-score", path, "--run", str(tmp_path), "--leave-one-person-out"
    assert "names 1 people" in refused(capsys, *words)


@pytest.mark.parametrize("name, wanted", [("head", "a face"), ("gaze", "a gaze and eyes")])
def test_a_file_without_the_labels_is_refused(name, wanted, tmp_path, capsys):
    path = own_sample.write(str(tmp_path / "bare.h5"), 4, points=True, box=True, head=True)
    assert wanted in refused(capsys, name, path, "--run", str(tmp_path / "run"))
    assert not os.path.exists(str(tmp_path / "run"))


def test_a_score_of_no_run_is_told(path, tmp_path, capsys):
    said = refused(capsys, "head-score", path, "--run", str(tmp_path / "absent"))
    assert "no training" in said


def test_pictures_to_score_on_can_be_named(path, tmp_path, capsys):
    other = own_sample.write(str(tmp_path / "other.h5"), 5)
    step("gaze", path, str(tmp_path / "run"), "--held-out", other)
    assert "24 rows to learn from, 5 kept out" in capsys.readouterr().out


def test_a_run_can_begin_with_the_weights_of_another(path, trained, tmp_path):
    folder = str(tmp_path / "run")
    step("head", path, folder, "--start", trained["head"])
    old, new = (runs.Run.read(f).state()["average"] for f in (trained["head"], folder))
    key = "hidden.weight"
    fresh = runs.Run.read(folder).net().state_dict()
    assert (old[key] - new[key]).abs().mean() < 0.2 * (fresh[key] - new[key]).abs().mean()


def test_the_mean_of_runs_is_that_of_their_weights(path, trained, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(averaging, "BATCHES", 2)
    other, out = str(tmp_path / "other"), str(tmp_path / "mean")
    step("gaze", path, other, "--start", trained["gaze"])
    main(["average", trained["gaze"], other, "--run", out])
    a, b, mean = (runs.Run.read(f).state()["average"] for f in (trained["gaze"], other, out))
    assert torch.allclose(mean["hidden.weight"], 0.5 * (a["hidden.weight"] + b["hidden.weight"]))
    assert capsys.readouterr().out.count("kept out: error") == 4      # two trainings say one each
    assert manifest.read(os.path.join(out, "manifest.ini"))["gaze"].content()


def test_runs_of_other_networks_have_no_mean(trained, tmp_path):
    with pytest.raises(UsageError, match="another network"):
        averaging.write([trained["head"], trained["gaze"]], str(tmp_path / "mean"))


def test_statistics_settle_on_what_the_mean_network_sees(path, monkeypatch):
    monkeypatch.setattr(averaging, "BATCHES", 3)
    net, source = face_gaze.FaceGaze(0.25), face_gaze.Gazes(Collection([path]), batch=16)
    before = net.stem.first.norm.running_mean.clone()
    averaging.settle(net, source)
    norm = net.stem.first.norm
    assert not torch.allclose(before, norm.running_mean) and int(norm.num_batches_tracked) == 3
    assert not net.training and norm.momentum == 0.1


def test_the_gaze_network_is_a_fraction_of_what_it_replaces(tmp_path):
    run = runs.Run.make(str(tmp_path), "gaze", {"width": 1.0}, {"files": [], "licences": []})
    state = run.net().state_dict()
    for values in state.values():       # layers that are alike would be written once
        if values.is_floating_point():
            values += 0.01 * torch.rand_like(values)
    run.keep({"average": state})
    run.export()
    assert sum(p.numel() for p in run.net().parameters()) < min(1e6, PARAMETERS)
    assert os.path.getsize(str(tmp_path / "gaze.onnx")) < min(4e6, BYTES)


def test_prepared_material_becomes_samples(tmp_path):
    folder, out = tmp_path / "material", str(tmp_path / "drawn.h5")
    folder.mkdir()
    sample.write(str(folder))
    main(["samples", "from-material", str(folder), out, "--people", "2"])
    reader, shard = Reader(out), np.load(str(folder / "faces_1_000000.npz"))
    assert len(reader) == sample.COUNT and set(reader["person"]) == {0, 1}
    assert (reader.luma(3) == shard["pictures"][3]).all()
    assert reader["points"][3] == pytest.approx(shard["points"][3])
    assert reader.known("head").all() and reader.known("eyes").all()
    # the head is not turned: gaze relative to it is gaze relative to the camera
    one = shard["gaze"][5].mean(0)
    assert reader["gaze"][5] == pytest.approx(one, abs=1.0)


def test_no_material_is_told(tmp_path, capsys):
    out = str(tmp_path / "out.h5")
    assert "no faces_" in refused(capsys, "samples", "from-material", str(tmp_path), out)
    assert not os.path.exists(out)


def test_a_closed_eye_looks_nowhere():
    shard = {"openness": np.array([[0.0, 0.1], [0.1, 0.9]]), "eye_visible": np.ones((2, 2), bool),
             "gaze": np.array([[[5, 5], [5, 5]], [[9, 9], [20, -3]]], float)}
    assert drawn_samples.seen_gaze(shard, 0, np.eye(3)) is None
    assert drawn_samples.seen_gaze(shard, 1, np.eye(3)) == pytest.approx((20, -3))


def test_answers_become_labels(path, trained, tmp_path, capsys):
    out = str(tmp_path / "labelled.h5")
    main(["label", path, out, "--run", trained["head"]])
    given, found = Reader(path), Reader(out)
    assert len(found) == len(given) and (found.luma(5) == given.luma(5)).all()
    assert found.known("rotation").all() and found.known("head").all()
    assert (found["person"] == given["person"]).all() and found.licence == "none"
    # one step from the mean face: its points lie about the face
    apart = np.linalg.norm(found["points"] - given["points"], axis=2).mean(1)
    assert (apart < 0.3 * given["head"][:, 2]).all()


def test_labels_of_gaze_are_told_in_the_pictures_axes(path, trained, tmp_path):
    out = str(tmp_path / "labelled.h5")
    main(["label", path, out, "--run", trained["gaze"]])
    gazes = face_gaze.Gazes(Collection([path]))
    answer = runs.Exported(trained["gaze"], "gaze")([gazes.image(0)])["gaze"][0]
    seen = eye_line.to_square(Reader(out)["gaze"][0], eye_line.square(gazes.corners[0]).roll)
    assert seen == pytest.approx(answer, abs=1e-4)


def test_what_a_crop_shows_is_told_in_the_axes_of_a_camera_of_known_view(path, trained, tmp_path):
    out, ahead = (str(tmp_path / name) for name in ("labelled.h5", "ahead"))
    always(trained["head"], ahead, 0.0)
    main(["label", path, out, "--run", ahead, "--field-of-view", "60"])
    focal = geometry.focal_length(160, 60.0)
    for points, rotation in zip(Reader(path)["points"], Reader(out)["rotation"]):
        x, y = 0.5 * (points.min(0) + points.max(0)) - (79.5, 59.5)
        assert rotation == pytest.approx(geometry.ray_rotation(x / focal, y / focal), abs=1e-3)


def test_rows_about_which_runs_differ_are_left_out(path, trained, tmp_path, capsys):
    out, ahead, turned = (str(tmp_path / name) for name in ("labelled.h5", "ahead", "turned"))
    always(trained["head"], ahead, 0.0)
    always(trained["head"], turned, 10.0)
    main(["label", path, out, "--run", ahead, turned, "--agree", "20"])
    assert len(Reader(out)) == len(Reader(path))
    assert "runs differ by 10.00 degrees" in capsys.readouterr().out
    main(["label", path, out, "--run", ahead, turned, "--agree", "5"])
    assert len(Reader(out)) == 0


def always(folder, out, yaw):
    """A run that says the same yaw of every picture, made of another."""
    old = runs.Run.read(folder)
    run, state = runs.Run.make(out, old.name, old.options, old.about), old.state()
    state["average"]["out.weight"][:6] = 0
    turn = geometry.matrix_from_angles(yaw, 0, 0)[:, :2].T.reshape(-1)
    state["average"]["out.bias"][:6] = torch.from_numpy(turn).float()
    run.keep(state)
    run.export()


def test_a_face_that_nobody_labelled_is_looked_for(trained, tmp_path, monkeypatch):
    bare = own_sample.write(str(tmp_path / "bare.h5"), 2, points=True, box=True, head=True,
                            rotation=True)
    where = own_sample.drawn_labels(80, 50, 0.5, 0.0)["points"]
    seen = [None, where]
    monkeypatch.setattr(labelling.Finder, "points", lambda self, luma: seen.pop(0))
    out = str(tmp_path / "labelled.h5")
    main(["label", bare, out, "--run", trained["head"]])
    assert len(Reader(out)) == 1
    assert Reader(out)["points"][0].mean(0) == pytest.approx(where.mean(0), abs=15)


def test_the_appliances_networks_find_faces_to_label():
    luma = cv2.imread(os.path.join(os.path.dirname(__file__), "..", "..", "docs", "images",
                                   "stage_pose.jpg"), 0)
    points = labelling.Finder().points(luma)
    assert points is not None and points.shape == (68, 2)
    assert labelling.Finder().points(np.full((120, 160), 90, np.uint8)) is None


@pytest.mark.parametrize("name, tiles", [("head", 6), ("gaze", 7)])
def test_the_stages_of_rows_are_drawn(name, tiles, path, trained, tmp_path):
    out = str(tmp_path / "stages.jpg")
    main(["stages", path, "--run", trained[name], "--rows", "1", "4", "--out", out])
    picture = cv2.imread(out)
    across = tiles * (stages.TILE + stages.EDGE) - stages.EDGE
    assert picture.shape == (2 * stages.TILE + stages.EDGE, across, 3)
    assert all(tile.std() > 5 for tile in np.array_split(picture[:stages.TILE], tiles, 1))


def examples(network):
    """The Python of docs/own_networks.md that loads a network."""
    root = os.path.join(os.path.dirname(__file__), "..", "..")
    with open(os.path.join(root, "docs", "own_networks.md"), encoding="utf-8") as f:
        blocks = re.findall("```python\n(.*?)```", f.read(), re.S)
    return [block for block in blocks if 'load("%s")' % network in block]


@pytest.mark.parametrize("name, told", [("head", ("yaw", "pitch", "roll", "points")),
                                        ("gaze", ("yaw", "pitch"))])
def test_the_example_of_the_document_runs(name, told, trained, tmp_path, monkeypatch):
    os.makedirs(str(tmp_path / "runs"))
    os.symlink(trained[name], str(tmp_path / "runs" / name))
    monkeypatch.chdir(tmp_path)
    cv2.imwrite("me.jpg", picture((215, 150, 1.0)))
    example, = examples(name)
    found = {}
    exec(example, found)
    assert np.isfinite(np.hstack([np.ravel(found[word]) for word in told])).all()
    ast.parse(example, feature_version=(3, 6))


def test_what_a_step_costs_is_told_of_each_trainer(path, monkeypatch, capsys):
    monkeypatch.setattr(costs, "BATCH", 4)
    monkeypatch.setattr(costs, "TIMES", 1)
    monkeypatch.setattr(costs.sys, "argv", ["costs", path])
    costs.main()
    told = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in told] == 3 * ["head"] + 3 * ["gaze"]
