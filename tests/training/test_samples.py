"""A file of samples gives back what was written into it, and says what is wrong with others."""
import os

import cv2
import numpy as np
import pytest

h5py = pytest.importorskip("h5py", reason="files of samples need h5py")

from appliance.errors import DataError, InputMissing, OutputError  # noqa: E402 (needs h5py)
from engines.training.samples import FIELDS, ROWS, Reader, Writer, all_faces  # noqa: E402
from tests.fakes import dots  # noqa: E402

SOURCE = {"source": "a test", "licence": "free"}


def encoded(shade, ending=".png"):
    return cv2.imencode(ending, np.full((40, 50), shade, np.uint8))[1].tobytes()


def written(path, rows):
    """Write (image, labels) pairs; the path as text."""
    with Writer(str(path), **SOURCE) as out:
        for image, labels in rows:
            out.add(image, **labels)
    return str(path)


@pytest.fixture
def path(tmp_path):
    """A file of three pictures, the last of which has labels."""
    labels = {"points": dots.MEAN, "rotation": np.eye(3), "gaze": [3, -4], "person": 7}
    return written(tmp_path / "three.h5", [(encoded(10), {}), (encoded(20), {}),
                                           (encoded(30), labels)])


def test_labels_come_back(path):
    samples = Reader(path)
    assert np.allclose(samples["points"][2], dots.MEAN)
    assert samples["gaze"][2].tolist() == [3, -4] and samples["person"][2] == 7
    assert (samples.source, samples.licence, len(samples)) == ("a test", "free", 3)


def test_a_picture_comes_back_as_luma(path):
    samples = Reader(path)
    assert [int(samples.luma(i)[0, 0]) for i in (2, 0, 1)] == [30, 10, 20]
    assert samples.luma(0).shape == (40, 50) and samples.luma(0).dtype == np.uint8
    assert samples.bgr(0).shape == (40, 50, 3)


def test_colour_becomes_luma_as_in_the_tracker(tmp_path):
    image = cv2.imencode(".png", np.full((4, 4, 3), (0, 0, 255), np.uint8))[1].tobytes()
    samples = Reader(written(tmp_path / "red.h5", [(image, {})]))
    assert abs(int(samples.luma(0)[0, 0]) - 0.299 * 255) < 1


def test_what_is_not_known_is_told(path):
    samples = Reader(path)
    for name in ("points", "rotation", "gaze", "person"):
        assert samples.known(name).tolist() == [False, False, True]
    assert not samples.known("eyes").any() and samples["eyes"].shape == (3, 4, 2)
    assert samples["weight"].tolist() == [1, 1, 1]


def test_labels_may_begin_and_end_anywhere_in_a_long_file(tmp_path):
    first, last = ROWS + 3, ROWS + 9
    rows = [(encoded(1), {"gaze": [i - first, 0]} if first <= i < last else {})
            for i in range(2 * ROWS + 5)]
    samples = Reader(written(tmp_path / "long.h5", rows))
    assert len(samples) == 2 * ROWS + 5
    assert np.flatnonzero(samples.known("gaze")).tolist() == list(range(first, last))
    assert samples["gaze"][first:last, 0].tolist() == list(range(last - first))


def test_faces_are_those_of_their_picture(tmp_path):
    boxes = np.arange(12, dtype=float).reshape(3, 4)
    samples = Reader(written(tmp_path / "f.h5", [
        (encoded(1), {"faces": all_faces(boxes[:1])}), (encoded(1), {"faces": all_faces([])}),
        (encoded(1), {"faces": all_faces(boxes[1:], [False, True], [2, 0])})]))
    assert samples.faces(0).boxes.tolist() == boxes[:1].tolist()
    assert len(samples.faces(1).boxes) == 0
    assert samples.faces(2).boxes.tolist() == boxes[1:].tolist()
    assert samples.faces(2).ignored.tolist() == [False, True]
    assert samples.faces(2).level.tolist() == [2, 0]


def test_a_file_is_whole_or_not_there(tmp_path):
    with pytest.raises(ZeroDivisionError):
        with Writer(str(tmp_path / "half.h5"), **SOURCE) as out:
            out.add(encoded(1))
            raise ZeroDivisionError
    assert os.listdir(str(tmp_path)) == []


def test_an_older_file_stays_until_the_new_one_is_whole(path):
    with pytest.raises(ZeroDivisionError):
        with Writer(path, **SOURCE) as out:
            out.add(encoded(1))
            raise ZeroDivisionError
    assert len(Reader(path)) == 3


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(OutputError):
        written(tmp_path / "none" / "file.h5", [])


@pytest.mark.parametrize("labels", [{"point": dots.MEAN}, {"points": dots.MEAN[:5]}])
def test_labels_of_another_name_or_shape_are_refused(tmp_path, labels):
    with pytest.raises(ValueError):
        written(tmp_path / "a.h5", [(encoded(1), labels)])


def test_a_forked_process_opens_the_file_anew(path):
    samples = Reader(path)
    samples.luma(0)
    child = os.fork()
    if not child:
        os._exit(int(samples.luma(2)[0, 0]))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 30
    assert samples.luma(1)[0, 0] == 20


def spoilt(path, change):
    """The line that a Reader ends in once `change` was done to the open file."""
    with h5py.File(path, "r+") as file:
        change(file)
    with pytest.raises(DataError) as told:
        samples = Reader(path)
        for name in samples.names:
            if name == "image":
                [samples.luma(i) for i in range(len(samples))]
            else:
                samples[name]
    line = str(told.value)
    assert "\n" not in line and line.startswith(path + ": ") and "docs/own_data.md" in line
    return line


def without(name):
    def change(file):
        del file[name]
    return change


def put(name, values, kind="f4"):
    def change(file):
        if name in file:
            del file[name]
        file.create_dataset(name, data=np.array(values, kind))
    return change


def attribute(name, value):
    return lambda file: file.attrs.__setitem__(name, value)


def broken_picture(file):
    file["image"][1] = np.frombuffer(b"no picture", np.uint8)


def empty_picture(file):
    file["image"][1] = np.zeros(0, np.uint8)


@pytest.mark.parametrize("change, why", [
    (attribute("format", "other"), "its attribute format is 'other'"),
    (attribute("version", 2), "version 2, and this reads 1"),
    (without("image"), "no dataset image"),
    (put("image", np.zeros((3, 9)), "u1"), "not one variable-length row of uint8"),
    (put("rotations", np.zeros((3, 3, 3))), "no dataset is called rotations (rotation?)"),
    (put("points", np.zeros((2, 68, 2))), "points has the shape (2, 68, 2), not (3, 68, 2)"),
    (put("points", np.zeros((3, 66, 2))), "not (3, 68, 2)"),
    (put("gaze", [[b"a", b"b"]] * 3, "S1"), "gaze holds |S1, not float32"),
    (put("person", np.zeros(3)), "person holds float32, not int32"),
    (put("rotation", np.tile(np.diag([1, 1, -1]), (3, 1, 1))), "rotation of row 0"),
    (put("rotation", np.tile(2 * np.eye(3), (3, 1, 1))), "rotation of row 0"),
    (put("box", [[0, 0, 1, 1], [5, 0, 1, 1], [0, 0, 1, 1]]),
     "box of row 1 is [5.0, 0.0, 1.0, 1.0]"),
    (put("gaze", [[0, 0], [0, 0], [400, 0]]), "gaze of row 2"),
    (put("head", [[0, 0, 1], [0, 0, -1], [0, 0, 1]]), "head of row 1"),
    (put("blendshapes", np.full((3, 52), 2)), "blendshapes of row 0"),
    (put("weight", [1, -1, 1]), "weight of row 1"),
    (put("faces", [[0, 0, 1, 1]]),
     "faces, face_picture, face_ignored, face_level belong together"),
    (broken_picture, "picture 1 is no JPEG nor PNG"),
    (empty_picture, "picture 1 is no JPEG nor PNG"),
])
def test_what_is_wrong_is_one_line(path, change, why):
    assert why in spoilt(path, change)


def test_faces_of_a_picture_that_is_not_there_are_told(path):
    def change(file):
        put("faces", [[0, 0, 1, 1]])(file)
        put("face_picture", [3], "i4")(file)
    assert "face_picture of row 0 is 3" in spoilt(path, change)


def test_a_group_where_numbers_should_be_is_told(path):
    def change(file):
        del file["gaze"]
        file.create_group("gaze")
    assert "gaze has the shape None" in spoilt(path, change)


def test_any_other_file_is_told(tmp_path):
    path = tmp_path / "text.h5"
    path.write_text("no HDF5")
    with pytest.raises(DataError, match="no HDF5 file"):
        Reader(str(path))


def test_a_file_that_was_cut_off_is_told(path):
    with open(path, "rb+") as f:
        f.truncate(os.path.getsize(path) // 2)
    with pytest.raises(DataError, match="no HDF5 file"):
        Reader(path)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(InputMissing):
        Reader(str(tmp_path / "none.h5"))


def test_three_datasets_of_the_faces_are_enough(path):
    """What somebody else wrote without the levels is read."""
    with h5py.File(path, "r+") as file:
        put("faces", [[0, 0, 1, 1]])(file)
        put("face_picture", [2], "i4")(file)
    faces = Reader(path).faces(2)
    assert faces.ignored.tolist() == [False] and faces.level.tolist() == [0]


def test_every_field_has_its_row_in_the_document():
    root = os.path.join(os.path.dirname(__file__), "..", "..")
    with open(os.path.join(root, "docs", "own_data.md"), encoding="utf-8") as f:
        text = f.read()
    assert [name for name in FIELDS if "| `%s` |" % name not in text] == []
