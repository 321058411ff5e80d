"""A sheet shows the worst cases, and photographs stay outside of the repository."""
import os

import cv2
import numpy as np
import pytest

from appliance.errors import UsageError
from benchmarks import report, sheets
from tests.benchmarks.faces import TRUE

GREY = np.full((100, 120), 90, np.uint8)


def test_the_worst_come_first_and_who_was_not_found_is_worst():
    assert sheets.worst(np.array([1, 5, np.nan, 3]))[:3] == [2, 1, 3]


def test_no_more_than_a_sheet_holds_are_shown():
    assert len(sheets.worst(np.arange(50.0))) == sheets.CASES


def test_true_points_are_green_and_ours_red():
    tile = sheets.sheet([(GREY, TRUE, TRUE + [0, 20], "")])[:sheets.SIDE, :sheets.SIDE]
    assert (tile == sheets.TRUE).all(axis=2).sum() > 68
    assert (tile == sheets.OURS).all(axis=2).sum() > 68


def test_a_face_that_was_not_found_has_its_true_points_alone():
    tile = sheets.sheet([(GREY, TRUE, None, "lost")])
    assert not (tile == sheets.OURS).all(axis=2).any()


def test_a_sheet_is_written_where_it_is_told(tmp_path, capsys):
    sheets.write(str(tmp_path / "new"), "set", [(GREY, TRUE, TRUE, "x")] * 6)
    path = str(tmp_path / "new" / "set.jpg")
    assert cv2.imread(path).shape == (2 * sheets.SIDE, sheets.ACROSS * sheets.SIDE, 3)
    assert path in capsys.readouterr().out


@pytest.mark.parametrize("folder", [report.ROOT, os.path.join(report.ROOT, "docs"),
                                    os.path.join(report.ROOT, "..", os.path.basename(
                                        report.ROOT), "new")])
def test_the_repository_is_no_place_for_photographs(folder):
    with pytest.raises(UsageError):
        sheets.outside(folder)
    assert sheets.outside(os.path.dirname(report.ROOT)) == os.path.dirname(report.ROOT)
