"""Two trackers take turns on one core, and their ratio decides."""
import json
import os
import sys

import cv2
import numpy as np
import pytest

from benchmarks import compare, contestant
from benchmarks.__main__ import DEMO, main

# A peer that takes so many ms a call and half of that of the processor, as it says.
PEER = """
import json, sys
print("some words first")
print("ready", flush=True)
for line in sys.stdin:
    count, rate = line.split()
    print(json.dumps({"ms": [%g] * int(count), "cpu_ms": %g, "lost": 0}), flush=True)
"""


@pytest.fixture
def peer(tmp_path, monkeypatch):
    """A function of a peer's ms and processor ms that gives its command; turns are short."""
    for name, value in (("TURN", 2), ("TURNS", 2), ("PACED", 1)):
        monkeypatch.setattr(compare, name, value)

    def made(ms, cpu):
        path = tmp_path / "peer.py"
        path.write_text(PEER % (ms, cpu))
        return "%s %s" % (sys.executable, path)
    return made


@pytest.mark.parametrize("ms, cpu, status", [(1e6, 1e6, 0), (1e6, 0.0001, 1), (0.001, 1e6, 1)])
def test_an_aim_that_is_missed_is_told_by_the_status(peer, tmp_path, ms, cpu, status):
    pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
    words = ["compare", "--clip", DEMO, "--peer", peer(ms, cpu), "--out", str(tmp_path)]
    assert main(words) == status
    with open(str(tmp_path / "compare.json")) as f:
        figures = json.load(f)["figures"]
    assert figures["kagami"]["count"] == 4 and figures["peer"]["p50_ms"] == pytest.approx(ms)


def test_a_peer_that_does_not_start_tells_its_last_word(peer, tmp_path, capsys):
    path = tmp_path / "broken.py"
    path.write_text("raise SystemExit('cannot see')")
    words = ["compare", "--clip", DEMO, "--peer", "%s %s" % (sys.executable, path), "--out",
             str(tmp_path)]
    assert main(words) == 1
    assert "cannot see" in capsys.readouterr().err


def test_a_clip_that_is_not_there_is_named(tmp_path, capsys):
    assert main(["compare", "--clip", "none.mp4", "--peer", "x", "--out", str(tmp_path)]) == 66
    assert "none.mp4" in capsys.readouterr().err


def test_pictures_are_luma_and_red_green_blue():
    luma, rgb = compare.pictures(DEMO, 2)
    assert luma.shape == (2, 480, 640) and rgb.shape == (2, 480, 640, 3)
    assert np.abs(cv2.cvtColor(rgb[0], cv2.COLOR_RGB2GRAY).astype(int) - luma[0]).max() == 0


def test_a_contestant_counts_what_it_lost():
    turns = contestant.Turns(lambda picture: picture % 2, bool, [0, 1, 2])
    answer = turns(4)
    assert answer["lost"] == 3 and len(answer["ms"]) == 4


def test_pictures_are_looked_at_over_and_over():
    seen = []
    contestant.Turns(seen.append, bool, [0, 1, 2])(5)
    assert seen == [0, 1, 2, 0, 1]


def test_an_environment_that_is_made_is_taken(tmp_path):
    (tmp_path / "made").write_text("")
    assert compare.with_mediapipe(str(tmp_path)) == os.path.join(str(tmp_path), "bin", "python")
