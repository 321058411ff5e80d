"""The table of outputs counts what was sent, and the command writes it."""
import json

import pytest

from appliance.outputs.dialects import DIALECTS
from benchmarks import outputs
from benchmarks.__main__ import main
from tests.fakes.people import person

FACES = [person(jawOpen=i / 10.0) for i in range(10)]


@pytest.fixture
def cases():
    made = []
    yield lambda name, *to: made.append(outputs.Case(name, to)) or made[-1]
    for one in made:
        one.close()


def test_a_case_counts_the_datagrams_that_arrive(cases):
    found = outputs.measured([cases("vmc", outputs.to("vmc"))], FACES, 20, 2)
    assert found["vmc"]["datagrams"] == 3.0
    assert set(found["vmc"]) == {"datagrams", "publish", "30 Hz", "60 Hz"}


def test_who_sends_nothing_unasked_is_asked(cases):
    one = cases("vts", outputs.to("vts"))
    for face in FACES:
        one(face)
    assert one.received == len(FACES)


def test_cases_take_turns():
    order = []
    outputs.hot({name: lambda face, name=name: order.append(name) or 0.0 for name in "ab"},
                FACES, 2 * outputs.BURST)
    burst = ["a"] * outputs.BURST + ["b"] * outputs.BURST
    assert order == burst + burst


def test_what_frames_leave_behind_is_counted(cases):
    kept, one = [], cases("vmc", outputs.to("vmc"))
    assert outputs.left_behind(one, FACES, 200) < 50
    assert outputs.left_behind(lambda face: kept.append([]) or one(face), FACES, 200) >= 200


def test_the_command_writes_both_tables(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(outputs, "tracked", lambda url, most: FACES)
    assert main(["outputs", "--source", "test", "--frames", "10", "--paced", "1", "--out",
                 str(tmp_path)]) == 0
    with open(str(tmp_path / "outputs.json")) as f:
        figures = json.load(f)["figures"]
    assert set(figures["dialects"]) == set(DIALECTS) | {"all"}
    assert set(figures["dialects"]["vmc"]) == {"datagrams", "encode", "publish", "30 Hz", "60 Hz"}
    assert "vmc and one unresolvable" in figures["weather"]


def test_a_source_without_a_face_is_told(tmp_path, capsys):
    pytest.importorskip("gi", reason="GStreamer's Python bindings are not here")
    assert main(["outputs", "--source", "test", "--frames", "3", "--out", str(tmp_path)]) == 66
    assert "nobody is seen" in capsys.readouterr().err
