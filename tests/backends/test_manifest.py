"""The record of each network: what is kept, and what a broken one gets."""
import pytest

from appliance.backends import manifest
from appliance.errors import DataError
from tests.backends.conftest import INPUTS, path


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
    ({"score": "nan"}, "score = nan is not"), ({"driven": "jawOpn"}, r"jawOpn \(jawOpen\?")])
def test_a_note_that_would_be_passed_over_is_refused(engines, note, told):
    manifest.record("small", "small.onnx", INPUTS, {"values": (2, 3)}, path=path(engines), **note)
    with pytest.raises(DataError, match=told):
        manifest.read(path(engines))
