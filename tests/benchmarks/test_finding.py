"""Faces that are found without a box are counted against what is there."""
import cv2
import numpy as np
import pytest

from benchmarks import finding
from tests.benchmarks.faces import TRUE, face


class Tracker:
    """Finds one face in every picture as bright as this."""

    def __init__(self, bright, points=TRUE):
        self.bright, self.points, self.fresh = bright, points, False

    def __call__(self, luma):
        assert self.fresh, "what was seen before must be forgotten"
        self.fresh = False
        return [face(self.points)] if luma.mean() > self.bright else []

    def reset(self):
        """Forget."""
        self.fresh = True


def test_a_background_with_a_face_is_a_false_one(tmp_path):
    (tmp_path / "backgrounds_test").mkdir()
    for k, level in enumerate((20, 200, 20, 20)):
        cv2.imwrite(str(tmp_path / "backgrounds_test" / ("%d.jpg" % k)),
                    np.full((60, 90), level, np.uint8))
    assert finding.false_faces(Tracker(100), str(tmp_path)) == (4, 1)


def test_a_profile_is_found_where_it_is(tmp_path):
    folder = tmp_path / "aflw_dev"
    folder.mkdir()
    for k in range(4):
        cv2.imwrite(str(folder / ("%d.png" % k)), np.full((100, 120), 200, np.uint8))
    np.savez(str(folder / "labels.npz"), names=["%d.png" % k for k in range(4)],
             points=np.array([TRUE] * 3 + [TRUE + 90]), pose_ok=np.array([1, 1, 0, 1], bool),
             angles=np.array([[-70, 0, 0], [30, 0, 0], [80, 0, 0], [65, 0, 0]], float))
    assert finding.profiles(Tracker(100), str(tmp_path)) == (2, 1)


def test_what_is_not_here_is_left_out(tmp_path, capsys):
    assert finding.measure(Tracker(100), str(tmp_path)) == {}
    assert "pasted faces: not measured" in capsys.readouterr().out


def test_a_pasted_face_counts_where_it_was_pasted(monkeypatch):
    class Pasted:
        def __init__(self, data):
            self.box = np.concatenate([TRUE.min(axis=0), TRUE.max(axis=0)])

        def pictures(self, width, count, size):
            """As many on the spot as the face is wide, to 24."""
            for k in range(count):
                yield np.full(size[::-1], 200, np.uint8), self.box + (k % 2) * (width > 24) * 90
    monkeypatch.setattr(finding, "Faces", Pasted)
    rows = finding.pasted(Tracker(100), "nowhere", 4)
    assert rows == {"24": (4, 4, 0), "48": (4, 2, 2), "96": (4, 2, 2)}


def test_the_peers_detectors_stand_below():
    text = finding.table({"profile": {"share": 97.5}}, "nowhere")
    assert text.splitlines()[-1] == "| **Kagami**, whole pipeline | - | 97.50 | - | - | - |"


@pytest.mark.parametrize("result, shown", [
    ({"backgrounds_test": {"images": 522, "images_with_false_face": 29},
      "aflw_dev": {"wide": 157, "missed_wide": 71}}, (5.56, 54.78)), ({}, (None, None))])
def test_a_peers_shares_are_of_the_pictures(result, shown):
    assert (finding._false(result), finding._turned(result)) == pytest.approx(shown, abs=0.01)
