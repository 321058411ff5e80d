"""Settings, calibration and taught expressions leave in one file and come back, whole or not at
all."""
import json
import os
import subprocess
import sys

import pytest

from appliance import belongings, cli, config
from appliance.calibration import Calibration
from appliance.network.local import program as running
from tests.fakes.receiver import eventually


def kept(folder):
    """{name: text} of the files of a state folder."""
    names = sorted(os.listdir(folder))
    return {name: open(os.path.join(folder, name), encoding="utf-8").read() for name in names}


@pytest.fixture
def filled(state):
    """A state folder in which something is changed and something is known."""
    with open(os.path.join(state, "settings.conf"), "w") as f:
        f.write("[camera]\nflip = horizontal\n\n[control]\ntoken = secret\n")
    known = Calibration(None).document()
    known["gaze"] = [[1.0, 2.0], [3.0, 4.0]]
    with open(os.path.join(state, "calibration.json"), "w") as f:
        json.dump(known, f)
    return state


def test_what_is_exported_comes_back(filled, tmp_path, monkeypatch, capsys):
    path, other = str(tmp_path / "me.json"), tmp_path / "other"
    assert cli.main(["settings", "export", path]) == 0
    monkeypatch.setenv("STATE_DIRECTORY", str(other))
    assert cli.main(["settings", "import", path]) == 0
    assert "flip = horizontal" in kept(str(other))["settings.conf"]
    assert json.loads(kept(str(other))["calibration.json"])["gaze"] == [[1.0, 2.0], [3.0, 4.0]]
    assert cli.main(["settings", "export", path + "2"]) == 0
    assert json.load(open(path)) == json.load(open(path + "2"))


def test_the_token_stays_where_it_is(filled, tmp_path):
    path = str(tmp_path / "me.json")
    assert cli.main(["settings", "export", path]) == 0
    assert "secret" not in open(path).read()


@pytest.mark.parametrize("document", [
    "", "{", "[]", "{}", '{"kagami": 2}', '{"kagami": 1, "settings": 5}',
    '{"kagami": 1, "settings": {"camera": {"flip": "sideways"}}}',
    '{"kagami": 1, "settings": {"camera": {"flop": "none"}}}',
    '{"kagami": 1, "settings": {"camera": {"flip": "none"}}, "calibration": {"form": 9}}',
    '{"kagami": 1, "settings": {"camera": {"flip": "none"}}, "expressions": [1]}',
    '{"kagami": 1, "settings": {"target x": {"to": "nonsense"}}}'])
def test_a_bad_file_is_refused_whole_in_one_line(filled, tmp_path, capsys, document):
    path, before = tmp_path / "me.json", kept(filled)
    path.write_text(document)
    assert cli.main(["settings", "import", str(path)]) != 0
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1 and told[0].startswith("kagami: error: ")
    assert kept(filled) == before


def test_a_file_that_is_not_there_is_told(capsys):
    assert cli.main(["settings", "import", "/nowhere.json"]) == 66
    assert "no such file" in capsys.readouterr().err


def test_what_is_not_in_the_file_stays(filled, tmp_path):
    path = tmp_path / "me.json"
    path.write_text('{"kagami": 1, "settings": {"camera": {"rotation": "90"}}}')
    before = kept(filled)
    assert cli.main(["settings", "import", str(path)]) == 0
    assert kept(filled)["calibration.json"] == before["calibration.json"]
    assert "rotation = 90" in kept(filled)["settings.conf"]
    assert "flip" not in kept(filled)["settings.conf"]


def test_parts_are_what_was_put_together():
    line = config.Line("camera", "flip", "both", "")
    text = json.dumps(belongings.document([line], {"calibration": {}}))
    assert belongings.parted(text) == ({"camera": {"flip": "both"}}, {"calibration": {}})


def test_a_running_program_gives_and_takes_it_at_once(filled, tmp_path, capsys):
    pytest.importorskip("gi", reason="no GStreamer bindings for this Python")
    path, none = tmp_path / "me.json", tmp_path / "none.conf"
    none.write_text("")
    words = [sys.executable, "-m", "appliance", "run", "--source", "test", "--config", str(none)]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as program:
        try:
            assert eventually(lambda: running(""), 30.0)
            assert cli.main(["settings", "export", str(path)]) == 0
            document = json.loads(path.read_text())
            assert document["settings"]["camera"] == {"flip": "horizontal"}
            assert document["calibration"]["gaze"] == [[1.0, 2.0], [3.0, 4.0]]
            document["settings"] = {"camera": {"flip": "vertical"}}
            document["calibration"]["gaze"] = [[0.0, 0.0], [5.0, 6.0]]
            path.write_text(json.dumps(document))
            capsys.readouterr()
            assert cli.main(["settings", "import", str(path)]) == 0
            assert capsys.readouterr().out == "kept, and in force\n"
            with open(os.path.join(filled, "settings.conf")) as f:  # others may be on their way
                assert "flip = vertical" in f.read()
        finally:
            program.terminate()
    assert json.loads(kept(filled)["calibration.json"])["gaze"] == [[0.0, 0.0], [5.0, 6.0]]
