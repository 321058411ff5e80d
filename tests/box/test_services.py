"""systemctl and the tracker are asked; what runs here plays systemctl, and knows no other words
than the real one has."""
import json
import os
import socket
import threading

import pytest

from appliance.box.services import Look, Services, answered
from appliance.errors import KagamiError, PartMissing
from appliance.outputs.osc import bundle, message

SYSTEMCTL = """#!/bin/sh
echo "$*" >> {log}
case "$*" in
"show kagami.service -p ActiveState -p MainPID -p NRestarts") printf '{shown}' ;;
"show kagami-trial.service -p LoadState") echo LoadState={loaded} ;;
"restart --no-block kagami.service"|"start kagami-trial.service") {done} ;;
"try-restart --no-block kagami-panel.service kagami-power.service"|\
"start --no-block kagami-engines.service")
    echo "Unit not found." >&2; exit 5 ;;
*) echo "Unknown command verb $1." >&2; exit 1 ;;
esac
"""
SHOWN = "ActiveState=active\\nMainPID=71\\nNRestarts=2\\n"


@pytest.fixture
def system(tmp_path, monkeypatch):
    """Make systemctl; what it was told, line by line, comes from the function that comes back."""
    monkeypatch.setenv("PATH", "%s:%s" % (tmp_path, os.environ["PATH"]))

    def make(shown=SHOWN, loaded="loaded", done="true"):
        program, log = tmp_path / "systemctl", tmp_path / "log"
        program.write_text(SYSTEMCTL.format(log=log, shown=shown, loaded=loaded, done=done))
        program.chmod(0o755)
        return lambda: log.read_text().splitlines()
    return make


def test_a_look_tells_how_the_unit_does(system):
    system()
    assert Services().look() == Look("active", 71, 2, "", "")


def test_a_unit_that_is_not_there_is_told_as_it_is(system):
    system(shown="ActiveState=inactive\\nMainPID=0\\n")
    assert Services().look() == Look("inactive", 0, 0, "", "")


def test_a_start_waits_for_nobody_and_no_page_is_needed(system):
    told = system()
    Services().restart()
    Services().build_engines()
    assert [line.split()[0] for line in told()] == ["restart", "try-restart", "start"]
    assert all("--no-block" in line for line in told())


def test_a_start_that_is_refused_is_told_in_its_own_words(system):
    system(done="echo 'Job failed.' >&2; exit 1")
    with pytest.raises(PartMissing, match="Job failed"):
        Services().judge()


@pytest.mark.parametrize("loaded, good", [("loaded", True), ("not-found", False),
                                          ("masked", False)])
def test_nothing_begins_without_a_judge(system, loaded, good):
    system(loaded=loaded)
    if good:
        Services().check()
    else:
        with pytest.raises(PartMissing, match="not installed"):
            Services().check()


def test_without_systemd_it_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PartMissing, match="systemctl"):
        Services().look()


@pytest.mark.parametrize("script, why", [("echo no; exit 3", "it ended with 3 and said: no"),
                                         ("exit 1", "it ended with 1 and said: nothing")])
def test_units_that_cannot_be_placed_are_told(tmp_path, script, why):
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "units.sh").write_text(script)
    with pytest.raises(KagamiError, match=why):
        Services().install_units(str(tmp_path))


def test_units_are_placed_by_the_version_they_belong_to(tmp_path):
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "units.sh").write_text("echo $1 > %s/told" % tmp_path)
    Services().install_units(str(tmp_path))
    assert (tmp_path / "told").read_text() == "install\n"


@pytest.fixture
def tracker(monkeypatch, tmp_path):
    """Answer the next question at the socket file with a text."""
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "control"))

        def answer(text):
            def do():
                _, peer = listening.recvfrom(4096)
                listening.sendto(bundle([message("/kagami/said", text), message(
                    "/kagami/ok", "/kagami/about", 0)]), peer)
            threading.Thread(target=do, daemon=True).start()
        yield answer


def test_the_tracker_tells_its_state_and_version(tracker):
    tracker(json.dumps({"state": "no face", "version": "0.2.0"}))
    assert answered() == ("no face", "0.2.0")


@pytest.mark.parametrize("text", ["", "[]", "{}", "{", '{"state": "tracking"}', "null"])
def test_an_answer_of_another_form_is_none(tracker, text):
    tracker(text)
    assert answered() == ("", "")


def test_nobody_answers_where_nobody_runs():
    assert answered() == ("", "")
