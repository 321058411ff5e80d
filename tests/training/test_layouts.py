"""Each layout becomes a file of samples, with the signs that geometry asks for."""
import os

import cv2
import numpy as np
import pytest

pytest.importorskip("h5py", reason="files of samples need h5py")
scipy_io = pytest.importorskip("scipy.io", reason="Matlab's files need scipy")

from appliance import geometry  # noqa: E402 (needs what was looked for above)
from appliance.errors import DataError, InputMissing, UsageError  # noqa: E402
from engines.training import viewer  # noqa: E402
from engines.training.layouts import LAYOUTS, bring, fitted, gaze, wflw  # noqa: E402
from engines.training.samples import Reader  # noqa: E402
from tests.fakes import dots  # noqa: E402

SIDE = 450
# A head in our axes, mm: nose and chin before the eyes, ears behind.
HEAD = np.column_stack([dots.MEAN, np.zeros(68)])
HEAD[27:36, 2] = np.linspace(-10, -35, 9)
HEAD[:17, 2] = 60 - np.abs(HEAD[:17, 0] / 74) ** 2 * -40 - 40
HEAD[36:48, 2] = 5


def picture(path, width=SIDE, height=SIDE):
    """Write a picture where folders are missing too."""
    os.makedirs(os.path.dirname(str(path)), exist_ok=True)
    cv2.imwrite(str(path), np.random.RandomState(0).randint(0, 255, (height, width), np.uint8))


def brought(name, folder, tmp_path, **more):
    """The Reader of what became of a folder; what was said on the way."""
    said = []
    path = str(tmp_path / "out.h5")
    count = bring(name, str(folder), path, say=said.append, **more)
    samples = Reader(path)
    assert len(samples) == count and all(samples.luma(i).size for i in range(count))
    return samples, said


def pose_para(rotation, x, y, scale):
    """What the sets write for a head: the model stands in a frame with y up and z to the viewer,
    where R = Rx Ry Rz with the turns the other way round."""
    m = np.diag([1.0, -1, -1]).dot(rotation).dot(np.diag([1.0, -1, -1]))
    yaw = np.arcsin(-m[0, 2])
    pitch, roll = np.arctan2(m[1, 2], m[2, 2]), np.arctan2(m[0, 1], m[0, 0])
    return np.array([[pitch, yaw, roll, x, y, 0, scale]])


def fitted_head(path, yaw, pitch, roll, scale=1.3e-3):
    """Write picture and .mat of a turned head; its rotation, and (68, 3) points as the sets have
    them: pixels from 1, rows from above, z to the viewer."""
    picture(path)
    rotation = geometry.matrix_from_angles(yaw, pitch, roll)
    # the model's origin lies 26 mm under and 90 mm behind the middle of the eyes
    flip = np.diag([1.0, -1, -1])                               # to y up, z to the viewer
    turned = (HEAD + 100 * fitted.BETWEEN_EYES).dot(rotation.T).dot(flip)
    x, y = 220.0, 200.0
    points = 1000 * scale * turned + [x, y, 0]
    points[:, 1] = SIDE + 1 - points[:, 1]
    scipy_io.savemat(os.path.splitext(str(path))[0] + ".mat", {
        "Pose_Para": pose_para(rotation, x, y, scale), "pt3d_68": points.T,
        "pt2d": np.zeros((2, 21))})
    return rotation, points


def assert_projected(samples, i):
    """Rotation and head of a row carry a head in our axes to the row's points."""
    x, y, radius = samples["head"][i]
    shown = HEAD.dot(samples["rotation"][i].T)[:, :2] * radius / 100 + [x, y]
    assert np.abs(shown - samples["points"][i]).max() < 0.1


TURNS = [(0, 0, 0), (35, 0, 0), (0, 25, 0), (0, 0, 20), (-50, -20, 15), (80, 10, -30)]


def test_aflw2000_3d_turns_as_its_points_do(tmp_path):
    folder, truth = tmp_path / "AFLW2000", []
    for k, turn in enumerate(TURNS):
        truth.append(fitted_head(folder / ("image%05d.jpg" % k), *turn))
    samples, said = brought("aflw2000-3d", folder, tmp_path)
    for i, (rotation, points) in enumerate(truth):
        assert np.allclose(samples["rotation"][i], rotation, atol=1e-6)
        assert np.allclose(samples["points"][i], points[:, :2] - 1, atol=1e-3)
        assert_projected(samples, i)
    assert samples.source == "AFLW2000-3D" and "research" in samples.licence
    assert said[-1] == "AFLW2000-3D: 6 of 6 rows"


def test_angles_of_the_set_are_ours():
    """Three pictures of AFLW2000-3D (251, 430, 475): the first's nose points to the right of the
    picture, the second looks up, the third's points to the left."""
    for given, ours in (((0.1221, -0.9544, -0.2545), (54.9, 4.0, -8.9)),
                        ((0.6012, 0.0818, 0.1265), (-5.7, 34.3, 4.0)),
                        ((0.6974, 1.1453, 0.3489), (-70.8, 15.4, -17.4))):
        found = geometry.angles_from_matrix(fitted.camera_from_head(*given))
        assert np.abs(np.array(found) - ours).max() < 0.06


def test_300w_lp_takes_the_points_that_stay_on_the_head(tmp_path):
    folder, truth = tmp_path / "300W_LP", []
    for name in ("one_1_0", "one_1_1", "two_0"):
        rotation, points = fitted_head(folder / "AFW" / (name + ".jpg"), 20, 5, 3)
        os.makedirs(str(folder / "landmarks" / "AFW"), exist_ok=True)
        scipy_io.savemat(str(folder / "landmarks" / "AFW" / (name + "_pts.mat")),
                         {"pts_3d": points[:, :2], "pts_2d": np.zeros((68, 2))})
        truth.append((rotation, points))
    fitted_head(folder / "AFW_Flip" / "one_1_0.jpg", 0, 0, 0)
    samples, _ = brought("300w-lp", folder, tmp_path)
    assert len(samples) == 3, "mirrored pictures are made by the trainers"
    for i, (rotation, points) in enumerate(truth):
        assert np.allclose(samples["rotation"][i], rotation, atol=1e-6)
        assert np.allclose(samples["points"][i], points[:, :2] - 1, atol=1e-3)
        assert_projected(samples, i)
    assert samples["person"].tolist() == [0, 0, 1], "turned copies share their photograph's number"


def test_300w_lp_without_a_file_of_points_has_the_rotation(tmp_path):
    fitted_head(tmp_path / "300W_LP" / "HELEN" / "a_0.jpg", 20, 5, 3)
    samples, _ = brought("300w-lp", tmp_path / "300W_LP", tmp_path)
    assert samples.known("rotation").all() and not samples.known("points").any()


WIDER = """0--Parade/a.jpg
2
10 20 30 40 0 0 0 0 0 0
100 20 5 6 2 0 0 1 2 0
0--Parade/b.jpg
0
0 0 0 0 0 0 0 0 0 0 
1--Handshaking/c.jpg
2
7 8 0 23 0 0 0 0 0 0
50 60 70 80 0 1 1 0 0 1
"""


def wider(folder, part="train"):
    os.makedirs(str(folder / "wider_face_split"))
    (folder / "wider_face_split" / ("wider_face_%s_bbx_gt.txt" % part)).write_text(WIDER)
    for name in ("0--Parade/a.jpg", "0--Parade/b.jpg", "1--Handshaking/c.jpg"):
        picture(folder / ("WIDER_" + part) / "images" / name, 300, 200)


def test_wider_face_gives_every_face_and_ignores_the_invalid(tmp_path):
    wider(tmp_path / "wider")
    samples, _ = brought("wider-face", tmp_path / "wider", tmp_path)
    first, none, last = (samples.faces(i) for i in range(3))
    assert first.boxes.tolist() == [[9.5, 19.5, 39.5, 59.5], [99.5, 19.5, 104.5, 25.5]]
    assert first.ignored.tolist() == [False, True]
    assert len(none.boxes) == 0
    assert last.ignored.tolist() == [True, False], "a face without a width cannot be found"
    assert not samples["face_level"].any() and samples.source == "WIDER FACE train"


def cell(*values):
    """A cell array of Matlab, a column."""
    found = np.empty((len(values), 1), object)
    for i, value in enumerate(values):
        found[i, 0] = value
    return found


def test_the_lists_of_wider_face_tell_its_levels(tmp_path):
    wider(tmp_path / "wider", "val")
    lists = tmp_path / "wider" / "eval_tools" / "ground_truth"
    os.makedirs(str(lists))
    scipy_io.savemat(str(lists / "wider_face_val.mat"), {
        "event_list": cell("0--Parade", "1--Handshaking"),
        "file_list": cell(cell("a", "b"), cell("c"))})
    none = np.zeros((0, 0))
    for level, a, c in (("easy", none, [[2]]), ("medium", [[1]], [[2]]),
                        ("hard", [[1]], [[1], [2]])):
        scipy_io.savemat(str(lists / ("wider_%s_val.mat" % level)), {
            "gt_list": cell(cell(np.array(a), none), cell(np.array(c)))})
    samples, _ = brought("wider-face", tmp_path / "wider", tmp_path, part="val")
    assert samples.faces(0).level.tolist() == [2, 0]
    assert samples.faces(2).level.tolist() == [3, 1]


def test_a_list_of_wider_face_that_was_cut_off_is_told(tmp_path):
    wider(tmp_path / "wider")
    path = tmp_path / "wider" / "wider_face_split" / "wider_face_train_bbx_gt.txt"
    path.write_text(WIDER[:WIDER.rindex("50 60")])
    with pytest.raises(DataError, match="no list of faces after 1--Handshaking/c.jpg"):
        brought("wider-face", tmp_path / "wider", tmp_path)


def test_wflw_keeps_the_68_of_98_in_their_order(tmp_path):
    folder = tmp_path / "WFLW"
    lists = folder / "WFLW_annotations" / "list_98pt_rect_attr_train_test"
    os.makedirs(str(lists))
    picture(folder / "WFLW_images" / "0--Parade" / "a b.jpg")
    points = np.stack([np.arange(98) + 0.25, 200 - np.arange(98)], 1)
    line = ["%.6f" % v for v in points.reshape(-1)] + "10 20 110 220 0 0 0 0 1 0".split()
    (lists / "list_98pt_rect_attr_train.txt").write_text(" ".join(line + ["0--Parade/a b.jpg"]))
    samples, _ = brought("wflw", folder, tmp_path)
    assert np.allclose(samples["points"][0], points[list(wflw.IBUG)])
    assert samples["box"][0].tolist() == [10, 20, 110, 220]


def test_the_68_of_98_are_jaw_brows_nose_eyes_and_mouth():
    """WFLW: 33 of the jaw, 9 of each brow from its upper edge on, 9 of the nose, 8 of each eye
    from its outer corner on (the left one's from its inner), 20 of the mouth, two pupils."""
    ibug = list(wflw.IBUG)
    assert len(ibug) == len(set(ibug)) == 68
    assert (ibug[0], ibug[8], ibug[16]) == (0, 16, 32)
    assert (ibug[17], ibug[21], ibug[22], ibug[26]) == (33, 37, 42, 46)
    assert (ibug[27], ibug[30], ibug[33], ibug[35]) == (51, 54, 57, 59)
    assert (ibug[36], ibug[39], ibug[42], ibug[45]) == (60, 64, 68, 72)
    assert (ibug[48], ibug[54], ibug[60], ibug[64]) == (76, 82, 88, 92)


# The model's corners of eyes and mouth, mm, as the set's head pose was found with.
SIX = np.array([(-45.1, -0.5, 2.4), (-21.3, 0.5, -2.4), (21.3, 0.5, -2.4), (45.1, -0.5, 2.4),
                (-26.3, 68.6, 0), (26.3, 68.6, 0)])
CAMERA = np.array([[1000.0, 0, 640], [0, 1000, 360], [0, 0, 1]])


def looks(folder, person, rotation, target, place=(30.0, 20.0, 600.0), camera=True):
    """Write a person of MPIIFaceGaze who looks at a target (mm in the camera's axes); fc."""
    path = folder / ("p%02d" % person)
    picture(path / "day01" / "0005.jpg", 1280, 720)
    six = SIX.dot(rotation.T) + place
    shown = six.dot(CAMERA.T)
    shown = shown[:, :2] / shown[:, 2:]
    turn = cv2.Rodrigues(rotation)[0].ravel()
    numbers = np.concatenate([[100, 200], shown.ravel(), turn, place, six.mean(0), target])
    (path / ("p%02d.txt" % person)).write_text(
        "day01/0005.jpg " + " ".join("%.6f" % n for n in numbers) + " left\n")
    if camera:
        os.makedirs(str(path / "Calibration"))
        scipy_io.savemat(str(path / "Calibration" / "Camera.mat"), {"cameraMatrix": CAMERA})
    return six.mean(0), shown


@pytest.mark.parametrize("target, yaw, pitch", [
    ((30, 20, 0), 0, 0), ((300, 20, 0), 1, 0), ((-300, 20, 0), -1, 0), ((30, 300, 0), 0, -1),
    ((30, -200, 0), 0, 1)])
def test_mpiifacegaze_looks_where_its_target_lies(tmp_path, target, yaw, pitch):
    """Yaw > 0 to the right of the picture, pitch > 0 up, whatever the head does; the way that the
    angles tell goes through the target."""
    rotation = geometry.matrix_from_angles(-20, 10, 5)
    middle, _ = looks(tmp_path / "set", 3, rotation, np.array(target, float))
    samples, _ = brought("mpiifacegaze", tmp_path / "set", tmp_path)
    found = samples["gaze"][0]
    for angle, sign in zip(found, (yaw, pitch)):
        assert np.sign(angle) * (abs(angle) > 8) == sign
    way, wanted = viewer.gaze_way(*found), np.array(target) - middle
    assert np.allclose(way, wanted / np.linalg.norm(wanted), atol=1e-5)


def test_gaze_of_the_camera_has_the_signs_of_the_head():
    """Eyes straight ahead in a head turned by these angles look along them."""
    ahead = geometry.matrix_from_angles(25, -12, 40).dot([0, 0, -1])
    assert np.allclose(gaze.angles(ahead), (25, -12))


def test_mpiifacegaze_tells_head_and_corners_of_the_eyes(tmp_path):
    rotation = geometry.matrix_from_angles(-20, 10, 5)
    _, shown = looks(tmp_path / "set", 3, rotation, (0, 0, 0))
    samples, _ = brought("mpiifacegaze", tmp_path / "set", tmp_path)
    assert np.allclose(samples["rotation"][0], rotation, atol=1e-5)
    assert np.allclose(samples["eyes"][0], shown[:4], atol=1e-3)
    assert np.allclose(samples["head"][0], (640 + 50, 360 + 100 / 3.0, 1000 / 6.0), atol=1e-2)
    assert samples["person"].tolist() == [3]


def test_mpiifacegaze_without_a_camera_has_no_head(tmp_path):
    looks(tmp_path / "set", 0, np.eye(3), (0, 0, 0), camera=False)
    samples, _ = brought("mpiifacegaze", tmp_path / "set", tmp_path)
    assert samples.known("gaze").all() and not samples.known("head").any()


def synthetic(folder, name, count=70):
    picture(folder / (name + ".png"), 512, 512)
    picture(folder / (name + "_seg.png"), 512, 512)
    points = np.arange(2.0 * count).reshape(count, 2)
    (folder / (name + "_ldmks.txt")).write_text("".join("%.3f %.3f\n" % tuple(p) for p in points))
    return points


def test_face_synthetics_leaves_out_segments_and_pupils(tmp_path):
    points = synthetic(tmp_path / "set", "000000")
    synthetic(tmp_path / "set", "000001")
    samples, _ = brought("face-synthetics", tmp_path / "set", tmp_path)
    assert len(samples) == 2 and np.allclose(samples["points"][0], points[:68])


def test_a_row_that_is_broken_is_left_out_and_told(tmp_path):
    for k, count in enumerate((70, 68, 70)):
        synthetic(tmp_path / "set", "%06d" % k, count)
    (tmp_path / "set" / "000002.png").write_bytes(b"no picture")
    samples, said = brought("face-synthetics", tmp_path / "set", tmp_path)
    assert len(samples) == 1
    assert "2 left out, the first because" in said[-1] and "136 numbers, not 140" in said[-1]


def test_where_no_row_is_left_no_file_is_written(tmp_path):
    synthetic(tmp_path / "set", "000000", 3)
    with pytest.raises(DataError, match="no row of it can be used .1 left out"):
        brought("face-synthetics", tmp_path / "set", tmp_path)
    assert not os.path.exists(str(tmp_path / "out.h5"))


def test_some_rows_may_be_enough(tmp_path):
    for k in range(4):
        synthetic(tmp_path / "set", "%06d" % k)
    assert len(brought("face-synthetics", tmp_path / "set", tmp_path, most=3)[0]) == 3


@pytest.mark.parametrize("name", sorted(LAYOUTS))
def test_a_folder_of_another_layout_is_told(name, tmp_path):
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "empty", tmp_path / "none"):
        with pytest.raises(InputMissing) as told:
            brought(name, folder, tmp_path)
        assert "\n" not in str(told.value)


def test_a_layout_or_part_that_is_not_known_is_told(tmp_path):
    with pytest.raises(UsageError, match=r"not known \(wflw\?\)"):
        bring("wflv", str(tmp_path), "out.h5")
    with pytest.raises(UsageError, match="choose one of train, val"):
        bring("wider-face", str(tmp_path), "out.h5", part="test")
