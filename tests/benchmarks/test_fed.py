"""The real program takes pictures one by one, and its wire tells which."""
import numpy as np
import pytest

from appliance.errors import KagamiError
from benchmarks import compare, fed, footprint, latency, memory
from benchmarks.__main__ import DEMO

pytest.importorskip("gi", reason="GStreamer's Python bindings are not here")
pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")


@pytest.fixture(scope="module")
def pictures():
    """Two with a face."""
    return list(compare.pictures(DEMO, 2)[0])


@pytest.fixture(scope="module")
def ran(pictures):
    """A run of some frames: (notes, times given, MiB, processor seconds)."""
    with fed.Program(pictures, 30) as program:
        program.wait(12)
        return (program.notes(), list(program.given), fed.resident_mib(program.pid),
                fed.spent(program.pid))


def test_each_picture_is_given_taken_up_and_heard_in_that_order(ran):
    notes, given = ran[:2]
    assert len(notes) >= 10
    assert all(given[note.picture] == note.given < note.taken < note.heard for note in notes)
    assert all(a.picture < b.picture for a, b in zip(notes, notes[1:]))


def test_memory_and_processor_time_are_those_of_the_program(ran):
    assert 30 < ran[2] < 2000 and ran[3] > 0.05


def test_a_program_that_does_not_run_tells_its_last_word():
    with fed.Program([np.zeros((4, 4), np.uint8)], 30) as program:
        program._process.terminate()
        program._process.wait()
        with pytest.raises(KagamiError):
            program.wait(1)


def test_a_stage_can_be_held_up_and_pictures_are_dropped_meanwhile(pictures):
    notes, given = latency.case(pictures, 60, 0.05, 0.4)
    found = latency.figures(notes, given, 60)
    assert found["dropped"] > 0 and found["newer"] <= latency.MOST


def test_memory_is_looked_at_over_the_whole_run(pictures, monkeypatch):
    monkeypatch.setattr(memory, "LOOKS", 4)
    looks = memory.watched(pictures, 8)
    assert [sent >= 2 * k for k, (sent, _) in enumerate(looks, 1)] == [True] * 4


def test_the_whole_program_is_weighed_at_a_rate(pictures):
    found = footprint.program(pictures, 30, 0.5)
    assert found["first_s"] > 0.1 and found["frames"] > 3 and found["watts"] == {}
