"""A report holds its figures and what they were measured on."""
import json

from appliance.errors import PartMissing
from benchmarks import report


def test_a_table_shows_two_digits_and_dashes():
    assert report.markdown(("a", "b"), [(1.234, None), (float("nan"), "x")]).splitlines()[2:] == [
        "| 1.23 | - |", "| - | x |"]


def test_circumstances_name_device_commit_and_versions():
    found = report.circumstances()
    assert found["command"].startswith("python3 -m benchmarks")
    assert found["device"] and found["commit"] and found["versions"]["python"]


def test_a_machine_without_a_backend_names_none(monkeypatch):
    def ready():
        raise PartMissing("networks", "nothing runs them", "install something")
    monkeypatch.setattr(report.backends, "ready", ready)
    assert report.circumstances()["networks"] == ""


def test_the_line_above_a_table_tells_board_clip_and_what_runs_the_networks(tmp_path, monkeypatch):
    monkeypatch.setattr(report.board, "circumstances", lambda: {"power_mode": "MAXN"})
    monkeypatch.setattr(report, "_backend", lambda: "Some Library 3")
    report.publish("some", ["| t |"], {"source": "a.mp4"}, str(tmp_path), "<svg/>")
    text = (tmp_path / "some.md").read_text()
    assert "power mode MAXN" in text and "clip a.mp4" in text
    assert "networks on Some Library 3" in text and "(some.svg)" in text
    assert (tmp_path / "some.svg").read_text() == "<svg/>\n"


def test_what_is_published_can_be_read_back(tmp_path, capsys):
    path = report.publish("some", ["| t |"], {"x": 1.5, "none": [float("nan")]}, str(tmp_path))
    with open(path) as f:
        text = f.read()
    assert json.loads(text)["figures"] == {"x": 1.5, "none": [None]}
    assert "NaN" not in text
    assert "| t |" in capsys.readouterr().out
    assert "| t |" in (tmp_path / "some.md").read_text()
