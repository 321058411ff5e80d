"""Folders of pictures: in the order of their numbers, turned as a camera's, broken ones named."""
import time

import cv2
import numpy as np
import pytest

from appliance.errors import DataError, InputMissing
from appliance.sources import open_source


@pytest.fixture
def folder(tmp_path):
    """Pictures 1, 2 and 10 with a bright corner, and files that are none."""
    for number in (10, 2, 1):
        picture = np.full((30, 40, 3), 10 * number, np.uint8)
        picture[:5, :5] = 255
        cv2.imwrite(str(tmp_path / ("still %d.png" % number)), picture)
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / ".hidden.png").write_text("no picture")
    return str(tmp_path)


def every(folder, camera, rgb=False, **changes):
    return list(open_source("stills:" + folder, camera._replace(**changes), True, rgb))


def test_pictures_come_in_the_order_of_their_numbers(folder, camera):
    frames = every(folder, camera)
    assert [f.luma[-1, -1] for f in frames] == [10, 20, 100]
    assert [(f.number, f.time) for f in frames] == [(0, 0.0), (1, 1 / 30.0), (2, 2 / 30.0)]


def test_colour_is_red_green_blue_and_leaves_the_luma(tmp_path, camera):
    cv2.imwrite(str(tmp_path / "red.png"), np.full((4, 4, 3), (0, 0, 255), np.uint8))
    plain, coloured = (every(str(tmp_path), camera, rgb)[0] for rgb in (False, True))
    assert plain.rgb is None and tuple(coloured.rgb[0, 0]) == (255, 0, 0)
    assert (plain.luma == coloured.luma).all()


@pytest.mark.parametrize("changes, corner", [
    ({"rotation": 90}, (0, -1)), ({"rotation": 180}, (-1, -1)), ({"rotation": 270}, (-1, 0)),
    ({"flip": "horizontal"}, (0, -1)), ({"flip": "vertical"}, (-1, 0)),
    ({"flip": "both"}, (-1, -1)), ({"rotation": 90, "flip": "horizontal"}, (0, 0))])
def test_a_picture_is_turned_clockwise_then_flipped(folder, camera, changes, corner):
    luma = every(folder, camera, **changes)[0].luma
    corners = {c: luma[c] for c in ((0, 0), (0, -1), (-1, 0), (-1, -1))}
    assert max(corners, key=corners.get) == corner


def test_pictures_of_different_sizes_are_taken_as_they_are(folder, camera, tmp_path):
    cv2.imwrite(str(tmp_path / "still 3.png"), np.zeros((7, 9), np.uint8))
    assert [f.luma.shape for f in every(folder, camera)] == [(30, 40), (30, 40), (7, 9), (30, 40)]


def test_pictures_go_by_at_the_rate_of_the_options(folder, camera):
    source = open_source("stills:" + folder, camera._replace(rate=20.0))
    frames = [(f.time, time.monotonic()) for f in source]
    assert len(frames) == 3 and all(now >= due for due, now in frames)
    assert frames[-1][0] - frames[0][0] == pytest.approx(0.1)


def test_no_picture_before_its_time(folder, camera):
    source = open_source("stills:" + folder, camera._replace(rate=1.0))
    assert source.read(0).number == 0
    assert source.read(0.01) is None and not source.ended


def test_a_picture_that_is_broken_is_named_at_its_turn(folder, camera, tmp_path):
    (tmp_path / "still 5.jpg").write_bytes(b"\xff\xd8 cut")
    source = open_source("stills:" + folder, camera, every_frame=True)
    assert [source.read().number, source.read().number] == [0, 1]
    with pytest.raises(DataError, match="still 5.jpg: not a picture"):
        source.read()


def test_a_missing_folder_is_told(camera):
    with pytest.raises(InputMissing, match="/nowhere: no such folder"):
        open_source("stills:/nowhere", camera)


def test_a_file_is_told_apart(folder, camera):
    with pytest.raises(InputMissing, match="give file:"):
        open_source("stills:%s/notes.txt" % folder, camera)


def test_an_empty_folder_is_told(tmp_path, camera):
    with pytest.raises(DataError, match="no pictures in it"):
        open_source("stills:%s" % tmp_path, camera)
