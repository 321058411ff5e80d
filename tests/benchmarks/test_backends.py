"""Backends are shown the same, and what comes out is compared with the first."""
import json
from collections import OrderedDict

import numpy as np
import pytest

from appliance.errors import PartMissing
from appliance.tracker import Tracker
from benchmarks import backends
from benchmarks.__main__ import main
from tests.fakes.dots import Dots, picture

FRAMES = [picture((320, 200))] * 4


def off(network, output, by):
    """Dots whose network answers `by` more in one output."""
    made = Dots()
    read = made.readers[network]

    def wrong(inputs, outputs):
        read(inputs, outputs)
        outputs[output] += by
    made.readers[network] = wrong
    return made


@pytest.fixture(scope="module")
def shown():
    return backends.recorded(Dots(), FRAMES)


def test_every_network_is_shown_what_the_tracker_showed_it(shown):
    assert set(shown) == {"detector", "landmarks", "iris", "expression", "brows"}
    assert len(shown["detector"]) == len(FRAMES)
    assert (shown["detector"][0]["image"] == 128).any()


def test_the_finer_network_is_shown_its_own_where_all_have_it(monkeypatch):
    class Without(Dots):
        def load(self, name, faces=1):
            if name == "fine":
                raise PartMissing("engine of fine", "none here", "build it")
            return Dots.load(self, name, faces)
    monkeypatch.setattr(backends.manifest, "read", lambda: dict.fromkeys(["landmarks", "fine"]))
    words = backends.qualities({"a": Dots(), "b": Dots()})
    found = backends.recorded(Dots(), FRAMES, words)
    assert {one["image"].shape for one in found["fine"]} == {(1, 192, 192, 1)}
    assert backends.qualities({"a": Dots(), "b": Without()}) == ["standard"]


def test_the_largest_difference_of_a_network_is_told(shown):
    found = backends.networks(OrderedDict(a=Dots(), b=off("iris", "openness", 0.25)), shown)
    assert found["iris"]["a"]["apart"] == 0
    assert found["iris"]["b"]["apart"] == pytest.approx(0.25)
    assert found["landmarks"]["b"]["apart"] == 0


def test_faces_are_compared_in_the_user_s_terms():
    trackers = OrderedDict((name, Tracker(backend=made)) for name, made in (
        ("a", Dots()), ("b", off("iris", "openness", -0.25))))
    found = backends.loop(trackers, FRAMES)["b"]
    assert found["count"] == 4 and found["alone"] == 0
    assert found["apart"]["openness"] == pytest.approx((0.25, 0.25), abs=0.01)
    assert found["apart"]["points"] == (0, 0)


def test_a_face_that_one_alone_finds_is_counted():
    trackers = OrderedDict((name, Tracker(backend=made)) for name, made in (
        ("a", Dots()), ("b", off("landmarks", "score", -9.0))))
    assert backends.loop(trackers, FRAMES)["b"]["alone"] == 4


def test_a_backend_that_does_not_work_is_named_with_its_reason(monkeypatch):
    def ready(name, *_):
        if name != "onnxruntime":
            raise PartMissing(name, "not here", "bring it")
        return Dots()
    monkeypatch.setattr(backends.backends, "ready", ready)
    found, lacking = backends.working()
    assert len(found) == 1 and lacking["tensorrt"] == "tensorrt: not here; bring it"


def test_the_command_writes_the_tables(monkeypatch, tmp_path):
    shipped = Dots(brows=())        # what the manifest has, whatever that is today
    made = OrderedDict([("one", shipped), ("two", off("iris", "openness", -0.25))])
    monkeypatch.setattr(backends, "working", lambda: (made, {"tensorrt": "not here"}))
    monkeypatch.setattr(backends, "pictures", lambda url, most: FRAMES)
    assert main(["backends", "--source", "test", "--out", str(tmp_path)]) == 0
    text = (tmp_path / "backends.md").read_text()
    assert "| whole call |" in text and "not here: tensorrt" in text
    with open(str(tmp_path / "backends.json")) as f:
        assert json.load(f)["figures"]["whole"]["two"]["count"] == 4


def test_differences_are_zero_of_a_face_to_itself():
    face, = Tracker(backend=Dots())(FRAMES[0])
    assert backends.differences(face, face) == pytest.approx((0,) * 5, abs=1e-5)
    assert np.isfinite(face.landmarks).all()
