"""Frames become lines of JSON and rows of a table."""
import json

import numpy as np
import pytest

from appliance import record
from appliance.face import ARKIT_NAMES, Face
from tests.fakes.faces import face


def parsed(faces):
    return json.loads(record.line(7, 0.2333333333, faces))


def test_a_frame_without_a_face_is_an_empty_list():
    assert parsed([]) == {"frame": 7, "time": 0.233333, "faces": []}


def test_a_face_has_all_its_fields_and_its_angles():
    out = parsed([face(yaw=20, pitch=-10, roll=5)])["faces"][0]
    assert set(out) == set(Face._fields) | {"angles"}
    assert out["angles"] == pytest.approx([20, -10, 5], abs=0.01)
    assert np.shape(out["landmarks"]) == (68, 2) and np.shape(out["left"]["iris"]) == (5, 2)
    assert len(out["blendshapes"]) == 52 and len(out["rotation"]) == 4


def test_pixels_are_rounded_to_hundredths_and_blendshapes_to_thousandths():
    out = parsed([face(x=100.123456, blendshapes=np.full(52, 0.12345, np.float32))])["faces"][0]
    assert all(v == round(v, 2) for pair in out["landmarks"] for v in pair)
    assert out["blendshapes"][0] == 0.123


def test_every_face_is_told():
    assert [f["id"] for f in parsed([face(id=1), face(id=2)])["faces"]] == [1, 2]


def test_a_value_that_is_no_number_is_never_written():
    with pytest.raises(ValueError):
        parsed([face(score=float("nan"))])


def test_a_row_has_a_value_for_every_column():
    one = face(yaw=20, id=5)
    row = dict(zip(record.COLUMNS, record.row(7, 0.2, [one])))
    assert len(record.row(7, 0.2, [one])) == len(record.COLUMNS) == len(set(record.COLUMNS))
    assert [row[name] for name in ("frame", "time", "faces", "id")] == [7, 0.2, 1, 5]
    assert row["state"] == "tracked"
    assert row["yaw"] == pytest.approx(20) and row["z"] == 550
    assert row["landmark_30_x"] == round(one.landmarks[30, 0], 2)
    assert row["left_iris_ear_y"] == round(one.left.iris[3, 1], 2)
    assert row["right_gaze_pitch"] == -3
    assert row[ARKIT_NAMES[51]] == 1 and row["sigma_67"] == 1.5


def test_a_row_without_a_face_has_empty_cells():
    row = record.row(7, 0.2, [])
    assert row[:3] == [7, 0.2, 0] and len(row) == len(record.COLUMNS) and set(row[3:]) == {""}


def test_vowels_are_told_where_they_are_known():
    assert parsed([face()])["faces"][0]["vowels"] is None
    said = face(vowels=np.array([0.12345, 0.5, 0, 0, 0]))
    assert parsed([said])["faces"][0]["vowels"] == [0.123, 0.5, 0, 0, 0]
