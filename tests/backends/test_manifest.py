"""The record of each network: what is kept, and what a broken one gets."""
import collections

import numpy as np
import pytest

from appliance.backends import manifest
from appliance.errors import DataError
from tests.backends.conftest import INPUTS, VALUE, path


def test_the_record_keeps_what_it_was_told(engines):
    network = manifest.read(path(engines))["small"]
    assert network.score == 0.3 and network.tolerance == 0.02 and network.channels == 1
    assert dict(network.inputs) == INPUTS


def test_recording_anew_keeps_the_notes_that_are_not_named(engines):
    values = {"values": (2, 3)}
    manifest.record("small", "small.onnx", INPUTS, values, path=path(engines), score="0.4")
    network = manifest.read(path(engines))["small"]
    assert network.score == 0.4 and network.tolerance == 0.02


@pytest.mark.parametrize("text", [
    "no section", "[small]\nfile = small.onnx\n", "[small\n", "[a]\nx = 1\n[a]\nx = 2\n",
    "[small]\nfile=a\nsha256=b\ninputs=image:1xtwo\noutputs=values:2\n"])
def test_a_broken_manifest_is_refused_in_one_line(tmp_path, text):
    (tmp_path / "manifest.ini").write_text(text)
    with pytest.raises(DataError) as refusal:
        manifest.read(path(tmp_path))
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("note, told", [
    ({"channels": 3}, "channels = 3"), ({"channels": 0}, "channels = 0"),
    ({"score": 0}, "score = 0 is not"), ({"score": 1}, "score = 1 is not"),
    ({"score": "nan"}, "score = nan is not"), ({"parts": "a:2x1 b:2x1"}, "output values:2x3"),
    ({"parts": "a:2x1 b:1x2"}, "output values:2x3"), ({"parts": "a:2x4"}, "output values:2x3"),
    ({"parts": "a:2x3 b:2x1"}, "no room for b"), ({"tolerances": "c:1"}, "no part c"),
    ({"driven": "jawOpn"}, r"jawOpn \(jawOpen\?"),
    ({"driven": "jawOpen", "fading": "jawLeft"}, "fading: jawLeft is not driven"),
    ({"sided": "jawOpen:0.1:2"}, "sided: jawOpen is no pair of shapes")])
def test_a_note_that_would_be_passed_over_is_refused(engines, note, told):
    manifest.record("small", "small.onnx", INPUTS, {"values": (2, 3)}, path=path(engines), **note)
    with pytest.raises(DataError, match=told):
        manifest.read(path(engines))


@pytest.fixture
def parted(engines):
    """The record with its output told apart."""
    manifest.record("small", "small.onnx", INPUTS, {"values": (2, 3)}, path=path(engines),
                    parts="one:2x1 two:2x1x2", tolerances="two:0.5")
    return manifest.read(path(engines))["small"]


def test_parts_are_seen_in_the_one_output(parted):
    values = VALUE.copy()
    found = parted.apart({"values": values})
    assert list(found) == ["one", "two"]
    values += 10
    assert np.array_equal(found["one"], [[10], [13]])
    assert np.array_equal(found["two"], [[[11, 12]], [[14, 15]]])


def test_parts_of_several_faces_lie_face_by_face(parted):
    found = parted.of(2).apart({"values": np.concatenate([VALUE, VALUE + 6])})
    assert np.array_equal(found["one"], [[0], [3], [6], [9]]) and found["two"].shape == (4, 1, 2)


def test_parts_of_maps_fill_the_outputs_in_turn(engines):
    outputs = collections.OrderedDict([("near", (1, 3, 2, 4)), ("far", (1, 1, 1, 2))])
    manifest.record("small", "small.onnx", INPUTS, outputs, path=path(engines),
                    parts="one:1x1x2x4 two:1x2x2x4 three:1x1x1x2")
    values = {"near": np.arange(24.0).reshape(1, 3, 2, 4), "far": np.zeros((1, 1, 1, 2))}
    found = manifest.read(path(engines))["small"].apart(values)
    values["near"] += 1
    assert list(found) == ["one", "two", "three"] and found["three"].shape == (1, 1, 1, 2)
    assert np.array_equal(found["one"].ravel(), np.arange(1, 9))
    assert np.array_equal(found["two"][0, 1].ravel(), np.arange(17, 25))


@pytest.mark.parametrize("parts", ["one:1x1x2x4 two:1x2x4x2", "one:1x3x8", "one:1x12x2x1"])
def test_parts_of_maps_are_as_wide_and_high(engines, parts):
    manifest.record("small", "small.onnx", INPUTS, {"near": (1, 3, 2, 4)}, path=path(engines),
                    parts=parts)
    with pytest.raises(DataError, match="they do not fill output near:1x3x2x4"):
        manifest.read(path(engines))


def test_each_part_has_its_tolerance(parted):
    assert parted.tolerances == {"one": 0.02, "two": 0.5}


def test_without_parts_the_outputs_are_the_answers(engines):
    outputs = {"values": VALUE}
    assert manifest.read(path(engines))["small"].apart(outputs) is outputs


def test_no_tolerance_of_a_part_that_is_gone_is_left(parted, engines):
    manifest.record("small", "small.onnx", INPUTS, {"values": (2, 3)}, path=path(engines),
                    parts="one:2x1 three:2x2")
    assert manifest.read(path(engines))["small"].tolerances["three"] == 0.02
    manifest.record("small", "small.onnx", INPUTS, {"values": (2, 3)}, path=path(engines),
                    parts="two:2x1 three:2x2")
    assert manifest.read(path(engines))["small"].tolerances["two"] == 0.02


def test_pairs_whose_sides_are_told_apart_are_known(engines):
    manifest.record("small", "small.onnx", INPUTS, {"values": (2, 3)}, path=path(engines),
                    sided="mouthSmile:0.04:11 browOuterUp:0:2")
    assert manifest.read(path(engines))["small"].sided == {
        "mouthSmile": (0.04, 11.0), "browOuterUp": (0.0, 2.0)}
