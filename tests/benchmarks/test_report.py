"""A report holds its figures and what they were measured on."""
import json

from benchmarks import report


def test_a_table_shows_two_digits_and_dashes():
    assert report.markdown(("a", "b"), [(1.234, None), (float("nan"), "x")]).splitlines()[2:] == [
        "| 1.23 | - |", "| - | x |"]


def test_circumstances_name_device_commit_and_versions():
    found = report.circumstances()
    assert found["command"].startswith("python3 -m benchmarks")
    assert found["device"] and found["commit"] and found["versions"]["python"]


def test_what_is_published_can_be_read_back(tmp_path, capsys):
    path = report.publish("some", ["| t |"], {"x": 1.5, "none": [float("nan")]}, str(tmp_path))
    with open(path) as f:
        text = f.read()
    assert json.loads(text)["figures"] == {"x": 1.5, "none": [None]}
    assert "NaN" not in text
    assert "| t |" in capsys.readouterr().out
    assert "| t |" in (tmp_path / "some.md").read_text()
