"""What is kept comes back, and nothing is lost silently."""
import json
import logging
import os

import pytest

from appliance import keeping
from appliance.errors import DataError
from appliance.known import understood


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "state" / "calibration.json")


def put(path, content):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(content)


def test_what_was_kept_comes_back(path):
    kept = keeping.Kept(path)
    for i in range(5):
        kept.write({"form": i})
    kept.flush()
    assert keeping.Kept(path).read(dict) == {"form": 4}
    assert os.listdir(os.path.dirname(path)) == ["calibration.json"]


def test_nothing_kept_is_nothing_told(path, caplog):
    assert keeping.Kept(path).read(dict) is None and caplog.records == []


@pytest.mark.parametrize("content", [
    b"", b"{", b"[]", b"null", b"3", b"\xff\xfe", b'{"form": 2}', b'{"form": 1, "rotation": [1]}',
    b'{"form": 1, "rest": {"jawOpen": NaN}}', b'{"form": 1, "rest": {"jawOpen": 7}}',
    b'{"form": 1, "rest": []}', b'{"form": 1, "lids": [[0.9, 0.1], [0, 1]]}',
    b'{"form": 1, "lids": 5}', b'{"form": 1, "gaze": [[90, 0], [0, 0]]}',
    b'{"form": 1, "learned": {"tops": {"jawOpen": 0.01}}}', b"[" * 100000])
def test_a_broken_file_is_told_in_one_line_and_set_aside(path, content, caplog):
    put(path, content)
    kept = keeping.Kept(path)
    with caplog.at_level(logging.INFO):
        assert kept.read(lambda document: understood(document) and document) is None
    assert len(caplog.records) == 1 and "\n" not in caplog.text.strip()
    assert "set aside as calibration.json.broken-1" in caplog.text
    with open(path + ".broken-1", "rb") as f:
        assert f.read() == content
    kept.write({"form": 1})
    kept.flush()
    assert kept.read(dict) == {"form": 1}


def test_a_second_broken_file_does_not_take_the_place_of_the_first(path):
    for content in (b"one", b"two"):
        put(path, content)
        keeping.Kept(path).read(dict)
    assert sorted(os.listdir(os.path.dirname(path))) == [
        "calibration.json.broken-1", "calibration.json.broken-2"]


def test_what_cannot_be_read_is_not_written_over(path, caplog):
    os.makedirs(path)           # a folder in its place
    kept = keeping.Kept(path)
    assert kept.read(dict) is None and len(caplog.records) == 1
    kept.write({"form": 1})
    kept.flush()
    assert os.path.isdir(path)


def test_a_place_that_cannot_be_written_is_told_once(tmp_path, caplog):
    put(str(tmp_path / "file"), b"")
    kept = keeping.Kept(str(tmp_path / "file" / "calibration.json"))
    for _ in range(3):
        kept.write({"form": 1})
        kept.flush()
    assert len(caplog.records) == 1 and "cannot be kept" in caplog.text


def test_a_file_that_is_named_by_a_user_is_told_as_an_error(path):
    put(path, b"nonsense")
    with pytest.raises(DataError, match="name a file that Kagami wrote"):
        keeping.read(path, dict)


def test_the_folder_is_the_named_one_then_systemds_then_the_users(monkeypatch):
    assert keeping.folder("/some/where") == "/some/where"
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/kagami:/else")
    assert keeping.folder() == "/var/lib/kagami"
    monkeypatch.delenv("STATE_DIRECTORY")
    monkeypatch.setattr(keeping.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(keeping, "SERVICE", "/nowhere")
    monkeypatch.setenv("XDG_STATE_HOME", "/home/me/state")
    assert keeping.folder() == "/home/me/state/kagami"
    monkeypatch.setattr(keeping.os, "geteuid", lambda: 0)
    assert keeping.folder() == "/nowhere"


def test_a_document_is_one_that_json_can_tell(path):
    put(path, json.dumps({"a": 1}).encode())
    assert keeping.read(path, dict) == {"a": 1}
