"""A face under a grey block is lost as late, and found as late, as the worst of six times."""
import json
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks import clips, occluded
from tests.benchmarks.faces import TRUE, face

FRAMES, RATE = 200, 10.0


class Stubborn:
    """Loses who is covered after so many pictures, finds who is free after so many."""

    def __init__(self, lose, find):
        self.lose, self.find, self.run, self.covered = lose, find, 0, False

    def __call__(self, luma):
        covered = luma[45, 60] == occluded.GREY
        self.run = self.run + 1 if covered == self.covered else 1
        self.covered = covered
        seen = self.run <= self.lose if covered else self.run > self.find
        return [face()] if seen else []

    def reset(self):
        """Nobody is followed."""
        self.run, self.covered = 99, False


@pytest.fixture
def clip(tmp_path, monkeypatch):
    """A clip of a white room in which the face stands still; its path."""
    frames = [SimpleNamespace(luma=np.full((100, 120), 255, np.uint8))] * FRAMES
    monkeypatch.setattr(clips, "frames", lambda path: iter(frames))
    with open(str(tmp_path / "desk.json"), "w") as f:
        json.dump({"fps": RATE, "per_frame": [{"points": TRUE.tolist()}] * FRAMES}, f)
    return str(tmp_path / "desk.mp4")


def test_the_worst_of_six_is_told(clip):
    found = occluded.measure(Stubborn(lose=3, find=2), clip)
    assert (found["lost"], found["found"], found["times"]) == (3, 200.0, 6)
    assert occluded.line(found).endswith("lost within 3 frames, found within 200 ms")


def test_who_is_never_lost_is_told_with_all_frames(clip):
    assert occluded.measure(Stubborn(lose=99, find=0), clip)["lost"] == 10
