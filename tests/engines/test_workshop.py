"""A build is a process of its own: whatever becomes of it, one line says so."""
import os
import signal

import pytest

from appliance.errors import DataError, OutputError, PartMissing, UsageError
from engines import plan, workshop
from engines.build import Request

pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")


def built(folder, network="iris", tell=lambda event: None):
    return workshop.build(Request(network, folder=str(folder)), tell)


def refused(error, folder, *arguments):
    with pytest.raises(error) as refusal:
        built(folder, *arguments)
    assert "\n" not in str(refusal.value) and plan.paths(str(folder)) == []
    return str(refusal.value)


def test_an_engine_is_built_by_a_process_that_tells_its_steps(turn, tmp_path):
    events = []
    about = built(tmp_path, tell=events.append)
    assert about["network"] == "iris" and len(plan.paths(str(tmp_path))) == 1
    steps = [event["step"] for event in events if "step" in event]
    assert steps[0] == "starting" and steps[-1] == "writing"


def test_the_clock_is_looked_at_while_nothing_happens(turn, tmp_path, monkeypatch):
    monkeypatch.setattr(workshop, "TICK", 0.01)
    events = []
    built(tmp_path, tell=events.append)
    assert {} in events


@pytest.mark.parametrize("about, error, told", [
    ({"then": {"unsupported": ["Concat"]}}, DataError, "/net/Concat (Concat)"),
    ({"gpu": False}, PartMissing, "GPU: "), ({"version": None}, PartMissing, "tensorrt: ")])
def test_an_error_of_the_process_is_ours(turn, tmp_path, about, error, told):
    turn(**about)
    assert told in refused(error, tmp_path)


def test_a_network_that_is_not_known_is_told_with_the_nearest(turn, tmp_path):
    assert "did you mean iris?" in refused(UsageError, tmp_path, "iri")


def test_a_process_that_is_killed_for_memory_is_told_with_what_to_do(turn, tmp_path):
    turn(ends=int(signal.SIGKILL))
    told = refused(PartMissing, tmp_path)
    assert "as it does when memory runs out" in told and "a desktop first" in told


def test_a_process_that_crashes_is_told_with_its_step(turn, tmp_path):
    turn(ends=int(signal.SIGSEGV))
    assert "crashed with signal 11 (asking ONNX Runtime)" in refused(PartMissing, tmp_path)


def test_a_process_that_fails_is_told_with_its_last_words(turn, tmp_path):
    turn(ends="no luck today")
    assert "RuntimeError: no luck today" in refused(PartMissing, tmp_path)


def test_who_is_stopped_ends_the_process_first(turn, tmp_path, monkeypatch):
    children, start = [], workshop.subprocess.Popen
    monkeypatch.setattr(workshop.subprocess, "Popen", lambda *words, **more: (
        children.append(start(*words, **more)) or children[0]))
    turn(ends="sleep")

    def stop(event):
        raise KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt):
        built(tmp_path, tell=stop)
    assert children[0].poll() == -signal.SIGTERM


def test_what_has_no_good_engine_is_mended_and_the_rest_left_alone(turn, tmp_path, capfd):
    built(tmp_path, "expression")
    iris, expression = workshop.mend(["expression", "iris"], folder=str(tmp_path))
    assert (iris["network"], expression["network"]) == ("iris", "expression")
    assert "kept" not in iris and expression["kept"]
    assert "iris (1 of 2): building FP16" in capfd.readouterr().err


def test_a_spoilt_engine_is_mended_and_told(turn, tmp_path, capfd):
    built(tmp_path)
    with open(plan.paths(str(tmp_path))[0], "r+b") as f:
        f.truncate(5000)
    about, = workshop.mend(["iris"], folder=str(tmp_path))
    assert "kept" not in about
    assert "truncated: " in capfd.readouterr().err


def test_nothing_is_begun_in_a_folder_that_cannot_be_written(turn, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        workshop.mend(["iris"], folder=str(tmp_path / "file" / "engines"))


def test_the_smallest_comes_first():
    names = workshop.smallest_first(["landmarks", "detector", "iris"])
    sizes = [os.path.getsize(workshop.networks.find(name).path) for name in names]
    assert sizes == sorted(sizes) and len(sizes) == 3
