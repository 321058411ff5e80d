"""Several faces are shown in turn and at once, and what is counted and compared is told."""
import json
from collections import OrderedDict

import numpy as np
import pytest

from appliance.errors import DataError
from benchmarks import faces
from benchmarks.__main__ import main
from tests.fakes.dots import Dots, picture

FRAMES = [picture((320, 200))] * 30


@pytest.fixture(autouse=True)
def hurried(monkeypatch):
    """A camera of many pictures a second."""
    monkeypatch.setattr(faces, "PACES", OrderedDict([("call upon call", 0.0), ("paced", 0.001)]))


def test_a_picture_has_as_many_faces_as_are_wanted_each_in_its_quarter():
    parts = [faces.group(FRAMES[:1], count)[0][top:top + 240, left:left + 320]
             for count, top, left in ((2, 0, 0), (2, 0, 320), (2, 240, 0))]
    assert np.array_equal(parts[0], parts[1]) and (parts[2] == faces.GREY).all()


def test_each_face_is_at_another_moment_of_the_clip():
    clip = [np.full((480, 640), tone, np.uint8) for tone in (0, 50, 100, 150)]
    first = faces.group(clip, 4)[0]
    assert [first[y, x] for y in (0, 240) for x in (0, 320)] == [0, 50, 100, 150]


@pytest.mark.parametrize("way, runs", [(faces.InTurn, 4), (lambda backend: backend, 1)])
def test_in_turn_a_network_runs_once_a_face_and_at_once_once(way, runs):
    backend, shown = Dots(), faces.group(FRAMES[:1], 4)[0]
    tracker = faces.Tracker(faces.wanted(4), backend=way(backend))
    tracker(shown)
    backend.calls.clear()
    assert len(tracker(shown)) == 4
    assert set(backend.calls.values()) == {runs}


def test_both_ways_are_counted_and_compared():
    found = faces.measure(Dots(), FRAMES, 2)
    assert {of[way]["count"] for of in found.values() for way in faces.WAYS} == {30}
    assert set(found) == {"call upon call", "paced"}


def test_what_is_saved_is_told_in_percent_of_the_turn():
    taken = {faces.IN_TURN: [[(9.0, 2.0)] * 3, [(9.0, 4.0)] * 3],
             faces.AT_ONCE: [[(9.0, 1.0)] * 3, [(9.0, 2.0)] * 3]}
    assert faces.saved(taken) == (50.0, 50.0, 50.0)


def test_a_clip_without_a_face_is_refused():
    with pytest.raises(DataError, match="--source"):
        faces.measure(Dots(), [picture()] * 30, 2)


def test_room_for_each_face_more_is_counted():
    shown = faces.group(FRAMES[:1], 4)[0]
    assert list(faces.room(("dots",), shown, lambda kind: Dots())) == [2, 3, 4]


def test_what_it_costs_is_seen_in_a_process_of_its_own():
    pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
    found = faces.costs(("onnxruntime", "cpu", "auto"), faces.group(FRAMES[:1], 4)[0])
    assert all(one["load_ms"] > 0 for one in found.values())


def test_the_command_writes_the_tables(monkeypatch, tmp_path):
    there = {"onnxruntime": ({"one": Dots()}, {})}
    monkeypatch.setattr(faces, "working",
                        lambda kinds: there.get(kinds[0][0], ({}, {kinds[0][0]: "not here"})))
    monkeypatch.setattr(faces, "costs", lambda kind, luma: {2: {"load_ms": 1.0, "mib": 2.0}})
    monkeypatch.setattr(faces, "pictures", lambda url, most: FRAMES)
    assert main(["faces", "--source", "test", "--out", str(tmp_path)]) == 0
    text = (tmp_path / "faces.md").read_text()
    assert "| one | call upon call | 4 |" in text and "not here: tensorrt" in text
    with open(str(tmp_path / "faces.json")) as f:
        assert set(json.load(f)["figures"]["calls"]["one"]) == {"1", "2", "3", "4"}
