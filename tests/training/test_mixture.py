"""Rows of files of samples become what the trainers draw from."""
import os

import cv2
import numpy as np
import pytest

pytest.importorskip("h5py", reason="files of samples need h5py")
pytest.importorskip("scipy", reason="Matlab's files need scipy")
torch = pytest.importorskip("torch", reason="networks are trained where torch is installed")

from appliance import geometry  # noqa: E402 (needs what was looked for above)
from appliance.backends import manifest  # noqa: E402
from appliance.errors import DataError, InputMissing, UsageError  # noqa: E402
from engines.training import eyes, faces, losses, mixture, pictures, trainers  # noqa: E402
from engines.training.__main__ import main  # noqa: E402
from engines.training.samples import Reader, Writer, all_faces  # noqa: E402
from engines.training.scenes import Mark, Scenes  # noqa: E402
from tests.fakes import dots  # noqa: E402
from tests.training import sample  # noqa: E402

STEP = 1e-5         # minutes: one step
SIZE = pictures.WIDTH, pictures.HEIGHT


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return sample.samples(tmp_path_factory.mktemp("samples") / "all.h5", 24)


@pytest.fixture
def files(path):
    return mixture.given([path])


def test_a_share_stands_behind_the_name(path):
    first, second = mixture.given([path, path + ":0.25"])
    assert (first.share, second.share) == (1, 0.25) and len(second.samples) == 24


@pytest.mark.parametrize("share", ["0", "-1", "much", "inf", "nan"])
def test_a_share_that_is_none_is_told(path, share):
    with pytest.raises(UsageError, match="is no share above 0"):
        mixture.given([path + ":" + share])


def test_every_tenth_person_is_kept_out(files):
    kept = mixture.kept_out(files[0].samples)
    people = files[0].samples["person"]
    assert set(people[kept]) == {9} and kept.sum() == 2


def test_without_people_every_tenth_row_is_kept_out(tmp_path):
    samples = Reader(sample.samples(tmp_path / "a.h5", 24, leave=("person",)))
    assert np.flatnonzero(mixture.kept_out(samples)).tolist() == [9, 19]


def test_of_few_people_the_last_is_kept_out(tmp_path):
    samples = Reader(sample.samples(tmp_path / "a.h5", 6))
    assert np.flatnonzero(mixture.kept_out(samples)).tolist() == [4, 5]


def test_a_single_row_is_trained_on(tmp_path):
    assert not mixture.kept_out(Reader(sample.samples(tmp_path / "a.h5", 1))).any()


def dark(luma, x, y):
    """How dark the picture is around a point."""
    return float(luma[int(round(y)), int(round(x))])


def test_points_lie_on_the_cut_face(files, tmp_path):
    """The mouth, a black dot 70 mm below the eyes' middle, is where the points say."""
    (source, share), = mixture.heads(files, str(tmp_path))
    assert share == 1 and source["luma"].shape == (22, mixture.SIDE, mixture.SIDE)
    for luma, points in zip(source["luma"], source["points"]):
        middle, chin = (points[36] + points[45]) / 2, points[8]
        x, y = middle + (chin - middle) * 69 / 112
        assert dark(luma, x, y) < 30


def test_where_no_rotation_is_known_a_crop_is_upright_by_the_eyes(tmp_path):
    with_, without = (mixture.heads(mixture.given([sample.samples(
        tmp_path / ("%d.h5" % k), 8, leave)]), str(tmp_path))[0][0]
        for k, leave in enumerate(((), ("rotation",))))
    assert np.allclose(with_["rotation"], without["rotation"], atol=0.01)
    assert with_["posed"].all() and not without["posed"].any()


def test_a_row_without_rotation_teaches_none(tmp_path):
    (source, _), = mixture.heads(mixture.given([sample.samples(
        tmp_path / "a.h5", 8, ("rotation",))]), str(tmp_path))
    batch = {k: torch.from_numpy(v) for k, v in faces.Faces(
        source, None, mixture.backgrounds(), (4, 0, 2)).batch().items()}
    assert (batch["point_weight"] > 0).sum() == 4 and not batch["rotation_weight"].any()
    parts = [losses.landmarks(dict(points=batch["points"], log_sigma=torch.zeros(6, 68),
                                   score=torch.full((6, 1), 0.5), rotation=rotation), batch)[1]
             for rotation in (torch.randn(6, 6), torch.randn(6, 6))]
    assert parts[0]["rotation"] == parts[1]["rotation"] == 0


def test_the_tracker_would_cut_the_same_crop(files, tmp_path):
    """A crop of the cut picture is that of the whole one: points and picture alike."""
    (source, _), = mixture.heads(files, str(tmp_path))
    rows = np.flatnonzero(~mixture.kept_out(files[0].samples))
    maker = faces.Faces(source, None, [], (1, 0, 0))
    whole = {"luma": [files[0].samples.luma(rows[3])],
             "points": files[0].samples["points"][rows[3:4]],
             "rotation": source["rotation"][3:4], "weight": np.ones(1, np.float32)}
    a, b = maker.row(source, 3, True), maker.row(whole, 0, True)
    assert np.abs(a["points"] - b["points"]).max() < 0.05
    assert np.abs(a["image"].astype(int) - b["image"]).mean() < 4


def test_shares_say_how_often_a_source_is_drawn():
    rng = np.random.RandomState(0)
    drawn = [faces.drawn_from(rng, [("a", 1.0), ("b", 3.0)]) for _ in range(4000)]
    assert 0.72 < drawn.count("b") / 4000 < 0.78


def test_shapes_that_are_not_known_weigh_nothing(tmp_path):
    with Writer(str(tmp_path / "s.h5"), "", "") as out:
        for _ in range(2):
            shapes = np.full(52, np.nan)
            shapes[7] = 0.5
            out.add(cv2.imencode(".png", dots.picture((300, 180)))[1].tobytes(),
                    points=dots.face_points(300, 180), rotation=np.eye(3), blendshapes=shapes)
    (source, _), = mixture.shaped(mixture.given([str(tmp_path / "s.h5")]), str(tmp_path))
    assert source["blend_weight"][0].nonzero()[0].tolist() == [7]
    assert source["blendshapes"][0].sum() == 0.5


def test_gaze_of_the_camera_becomes_that_of_the_head():
    turned = geometry.matrix_from_angles(30, 0, 0)[None]
    assert np.allclose(mixture.in_head(np.array([[30.0, 0]]), turned), 0, atol=1e-5)
    assert np.allclose(mixture.in_head(np.array([[0.0, 0]]), turned), [[-30, 0]], atol=1e-5)
    rolled = geometry.matrix_from_angles(0, 0, 90)[None]
    assert np.allclose(mixture.in_head(np.array([[20.0, 0]]), rolled), [[0, 20]], atol=1e-5)


@pytest.mark.parametrize("leave", [("eyes",), ("points",)])
def test_eyes_are_cut_by_their_corners_however_these_are_told(tmp_path, leave):
    (source, _), = mixture.looking(mixture.given([sample.samples(tmp_path / "a.h5", 8, leave)]),
                                   str(tmp_path))
    maker = eyes.Eyes([source], [1])
    for i in range(len(source["openness"])):
        row = maker.row(source, i, True)
        middle = row["image"][24:40, 24:40]
        assert middle.mean() > 200, "the eye, a white dot, is in the middle"
        assert row["gaze_weight"] == 1 and row["iris_weight"] == row["openness_weight"] == 0


def test_a_right_eye_is_mirrored_with_its_gaze(files, tmp_path):
    (source, _), = mixture.looking(files, str(tmp_path))
    assert np.allclose(source["gaze"][0::2] * [-1, 1], source["gaze"][1::2])
    assert source["flip"][:2].tolist() == [False, True]


def scenes(tmp_path, *shown):
    """Scenes of (picture, boxes, ignored) each."""
    path = str(tmp_path / "scenes.h5")
    with Writer(path, "", "") as out:
        for luma, boxes, ignored in shown:
            out.add(cv2.imencode(".png", luma)[1].tobytes(), faces=all_faces(boxes, ignored))
    return Scenes(Reader(path), np.arange(len(shown)))


def squared(width, height, *boxes):
    """Black with white squares, whose edges are those of the boxes."""
    luma = np.zeros((height, width), np.uint8)
    for x0, y0, x1, y1 in boxes:
        luma[y0:y1, x0:x1] = 255
    return luma, [(x0 - 0.5, y0 - 0.5, x1 - 0.5, y1 - 0.5) for x0, y0, x1, y1 in boxes]


def test_marks_lie_on_the_faces_of_a_scene(tmp_path):
    luma, boxes = squared(900, 700, (300, 200, 360, 260), (500, 400, 560, 480))
    drawn, rng = scenes(tmp_path, (luma, boxes, None)), np.random.RandomState(0)
    count = 0
    for _ in range(40):
        picture, marks = drawn.draw(rng, SIZE, rng.uniform(14, 80))
        assert picture.shape == SIZE[::-1]
        for mark in marks:
            x0, y0, x1, y1 = (int(round(v)) for v in np.clip(mark.box, 0, 1e9))
            part = picture[y0 + 2:y1 - 1, x0 + 2:x1 - 1]
            assert part.size == 0 or part.mean() > 230
            count += not mark.ignored
    assert count >= 40


def test_a_scene_shows_a_face_as_large_as_it_is_wanted(tmp_path):
    luma, boxes = squared(900, 700, (300, 200, 360, 260))
    drawn, rng = scenes(tmp_path, (luma, boxes, None)), np.random.RandomState(0)
    for wanted in (25, 60, 150):
        _, (mark,) = drawn.draw(rng, SIZE, wanted)
        assert mark.box[2] - mark.box[0] == pytest.approx(wanted, rel=0.05)


def test_no_scene_is_shrunk_below_the_whole_picture_nor_enlarged_without_end(tmp_path):
    luma, boxes = squared(640, 384, (300, 200, 360, 260))
    drawn, rng = scenes(tmp_path, (luma, boxes, None)), np.random.RandomState(0)
    _, (mark,) = drawn.draw(rng, SIZE, 5)
    assert mark.box[2] - mark.box[0] == pytest.approx(30, abs=0.5)
    _, (mark,) = drawn.draw(rng, SIZE, 5000)
    assert mark.box[2] - mark.box[0] == pytest.approx(180, abs=2)


def test_a_scene_without_faces_is_shown_whole(tmp_path):
    drawn = scenes(tmp_path, (np.full((300, 900), 200, np.uint8), [], None))
    picture, marks = drawn.draw(np.random.RandomState(0), SIZE, 40)
    assert marks == [] and picture[:107].mean() == 200 and picture[107:].max() == 0


def test_what_is_ignored_or_hardly_in_the_part_is_no_answer(tmp_path):
    luma, boxes = squared(320, 192, (100, 80, 140, 120), (200, 80, 240, 120))
    boxes.append((-30, 80, 10, 120))        # a quarter of it in the picture
    drawn = scenes(tmp_path, (luma, boxes, [False, True, False]))
    _, marks = drawn.draw(np.random.RandomState(0), SIZE, 40)
    assert [mark.ignored for mark in marks] == [False, True, True]


def test_an_ignored_face_is_neither_positive_nor_background():
    made = pictures.targets([Mark((100, 60, 130, 90), None, True)])
    assert not made["positive8"].any() and made["ignore8"].any()


def test_a_stride_may_say_nothing_within_a_face_that_is_not_its_own():
    """Half a large face was told as one, else, and hid it."""
    made = pictures.targets([Mark((100, 60, 200, 160))])
    assert made["positive16"].any() and made["ignore16"].any()
    assert not made["positive8"].any() and not made["ignore8"].any()


@pytest.mark.parametrize("side", [9, 65])
def test_a_face_nearly_of_a_strides_range_or_of_nobodys_is_left_open(side):
    made = pictures.targets([Mark((100, 60, 100 + side, 60 + side))])
    assert made["ignore8"].any() and not made["positive8"].any()


def test_the_rim_of_a_face_is_no_face():
    made = pictures.targets([Mark((100, 60, 150, 110))])
    seen = made["positive8"] + made["ignore8"]
    away = np.hypot(*(np.mgrid[:24, :40][::-1] * 8 + 3.5 - np.array([125, 85])[:, None, None]))
    assert seen[away < 19].all() and not seen[away > 21].any()


def test_a_box_without_points_teaches_a_box_alone():
    made = pictures.targets([Mark((100, 60, 130, 90))])
    assert made["positive8"].any() and not made["pointed8"].any()
    y, x = np.argwhere(made["positive8"])[0]
    centre = np.array([x, y]) * 8 + 3.5
    left, up, right, down = made["box8"][y, x] * 8
    assert np.allclose([*(centre - (left, up)), *(centre + (right, down))], (100, 60, 130, 90))


def test_points_of_a_mark_are_mirrored_with_it():
    five = pictures.five(dots.face_points(100, 60, 0.5).astype(np.float32))
    mark = pictures._mirrored(Mark((70, 40, 130, 110), five))
    assert mark.box == (189, 40, 249, 110)
    assert np.allclose(mark.five[0], (319 - five[1, 0], five[1, 1]))
    assert mark.five[0, 0] < mark.five[1, 0], "the eye on the left comes first"


def test_backgrounds_are_read_from_a_folder(tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), np.full((50, 60), 77, np.uint8))
    (tmp_path / "b.jpg").write_text("no picture")
    only, = mixture.backgrounds(str(tmp_path))
    assert only.shape == (50, 60) and only[0, 0] == 77


def test_a_folder_without_backgrounds_is_told(tmp_path):
    with pytest.raises(InputMissing):
        mixture.backgrounds(str(tmp_path))


@pytest.fixture(scope="module")
def material(tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("material"))
    sample.write(folder)
    return folder


def seen(folder):
    return torch.load(os.path.join(folder, "checkpoint.pt"), weights_only=True)["seen"]


@pytest.mark.parametrize("name", sorted(trainers.TRAINERS))
def test_a_trainer_mixes_samples_in(name, path, material, tmp_path, capfd):
    trainers.TRAINERS[name](material, str(tmp_path), STEP, batch=16, samples=[path + ":3"])
    assert seen(str(tmp_path)) == 16
    assert "samples" in capfd.readouterr().out or name == "detector"


@pytest.mark.parametrize("name", ["landmarks", "fine", "detector"])
def test_a_trainer_does_with_samples_alone(name, path, tmp_path, capfd):
    main([name, "--samples", path, "--run", str(tmp_path / "run"), "--minutes", str(STEP)])
    assert seen(str(tmp_path / "run")) > 0
    assert name in capfd.readouterr().out


def test_what_was_trained_on_samples_alone_is_exported(path, tmp_path):
    pytest.importorskip("onnx", reason="networks are exported where onnx is installed")
    run, out = str(tmp_path / "run"), tmp_path / "out"
    out.mkdir()
    trainers.landmarks(None, run, STEP, batch=16, checks=2, samples=[path])
    main(["export", "landmarks", "--run", run, "--out", str(out)])
    assert manifest.read(str(out / "manifest.ini"))["landmarks"].content()


def test_where_checkpoints_lie_must_be_said(capfd):
    with pytest.raises(SystemExit):
        main(["export", "landmarks", "iris", "--run", "here"])
    assert capfd.readouterr().err.startswith("kagami: error: export: it is not said")


@pytest.mark.parametrize("leave", [("faces",), ("points", "rotation", "blendshapes", "eyes")])
def test_the_detector_learns_from_boxes_or_from_points(leave, tmp_path):
    made = sample.samples(tmp_path / "a.h5", 8, leave)
    trainers.detector(None, str(tmp_path / "run"), STEP, batch=2, checks=2, samples=[made])
    assert seen(str(tmp_path / "run")) == 2


@pytest.mark.parametrize("name, lacking", [
    ("landmarks", "points"), ("iris", "gaze"), ("expression", "blendshapes")])
def test_a_file_without_what_a_trainer_wants_is_told(name, lacking, material, tmp_path):
    made = sample.samples(tmp_path / "a.h5", 4, (lacking,))
    with pytest.raises(DataError, match="no row has"):
        trainers.TRAINERS[name](material, str(tmp_path), STEP, samples=[made])


@pytest.mark.parametrize("words", [[], ["--samples", "a.h5"], ["--run", "run"]])
def test_nothing_to_train_on_or_no_place_for_it_is_told(words, capfd):
    with pytest.raises(SystemExit) as left:
        main(["landmarks"] + words)
    assert left.value.code == 2
    assert capfd.readouterr().err.startswith("kagami: error: landmarks: it is trained on")
