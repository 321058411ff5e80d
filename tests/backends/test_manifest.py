"""The record of each network: what is kept, and what a broken one gets."""
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
    ({"score": "nan"}, "score = nan is not"), ({"parts": "a:2x1 b:2x1"}, "one output of 2x2"),
    ({"parts": "a:2x1 b:1x2"}, "one output of 2x3"), ({"tolerances": "c:1"}, "no part c"),
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
