"""What `kagami doctor` finds: of services, versions, configuration, camera and engines."""
import json
import os
import subprocess
import sys
import time

import pytest

from appliance import config
from appliance.backends import manifest
from appliance.box import doctor, program, sight
from appliance.box.finding import BAD, OK, WARN, Finding
from appliance.box.strain import TOO_HOT
from appliance.errors import NotPermitted, PartMissing
from appliance.sources import cameras
from tests.box.workshop import installed

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
RUNS = {"LoadState": "loaded", "ActiveState": "active", "NRestarts": "0",
        "ActiveEnterTimestamp": "Mon 2026-11-30 20:00:00 UTC", "StatusText": "tracking, 30 fps"}


class Services:
    """What systemd knows of our units."""

    def __init__(self, **tracker):
        self._tracker = tracker

    def shown(self, unit, *names):
        assert set(RUNS) <= set(names)
        rows = dict(RUNS, **self._tracker) if unit == "kagami.service" else RUNS
        return rows


class NoSystemd:
    """A machine without it."""

    def shown(self, unit, *names):
        raise PartMissing("systemctl", "not here", "versions need a running systemd")


def test_services_that_run_say_since_when_and_how_they_are():
    tracker, panel = program.service(Services())
    assert (tracker.level, panel.level) == (OK, OK)
    assert "since Mon 2026-11-30" in tracker.words and "tracking, 30 fps" in tracker.words


def test_a_service_that_does_not_run_is_bad_and_says_how_to_start_it():
    tracker, _ = program.service(Services(ActiveState="failed", Result="exit-code"))
    assert tracker.level == BAD and "systemctl restart kagami;" in tracker.do


def test_a_service_that_was_restarted_often_is_told():
    tracker, _ = program.service(Services(NRestarts="9"))
    assert tracker.level == WARN and "9 restarts" in tracker.words


@pytest.mark.parametrize("services", [NoSystemd(), Services(LoadState="not-found")])
def test_no_service_is_no_illness(services):
    assert {finding.level for finding in program.service(services)} == {OK}


def test_a_version_names_the_one_before(tmp_path):
    finding = program.versions(installed(tmp_path, "0.1.0", "0.2.0"))
    assert finding == ("version", OK, "0.2.0, before it 0.1.0", "")


def test_a_version_on_trial_is_told(tmp_path):
    box = installed(tmp_path, "0.1.0", "0.2.0")
    box.begin_trial(**{"from": "0.1.0", "to": "0.2.0", "before": None, "seeing": True})
    assert "0.2.0 is on trial" in program.versions(box).words


def test_a_version_that_did_not_stay_is_told_with_its_reason(tmp_path):
    box = installed(tmp_path, "0.1.0", "0.2.0")
    box.refuse("0.3.0", "no picture came")
    finding = program.versions(box)
    assert finding.level == WARN and "0.3.0 did not stay: no picture came" in finding.words


@pytest.fixture
def conf(tmp_path):
    """Write a configuration; gives its path."""
    def write(text):
        path = tmp_path / "kagami.conf"
        path.write_text("[calibration]\nfolder = %s\n%s" % (tmp_path, text))
        return str(path)
    return write


def test_a_good_configuration_names_its_files(conf):
    path = conf("")
    found, told = program.configuration(path)
    assert told == [Finding("configuration", OK, path)] and found.camera.source == "usb"


def test_every_mistake_has_a_line_and_the_rest_goes_on_with_the_defaults(conf):
    found, told = program.configuration(conf("[camera]\nwidht = 3\nrate = fast\n"))
    assert [finding.level for finding in told] == [BAD, BAD]
    assert "did you mean width?" in told[0].words and found.camera.rate == 30


def test_what_the_program_goes_on_with_meanwhile_is_told(conf):
    about = {"text": "tracking, kagami.conf:3 is wrong, the last good one goes on"}
    _, told = program.configuration(conf("[camera]\nwidht = 3\n"), about=about)
    assert told[0].words.endswith("(the last good one goes on)")


def test_a_part_of_what_was_changed_that_no_longer_fits_is_told(conf, tmp_path):
    (tmp_path / "settings.conf").write_text("[camera]\nrate = 1000\n")
    _, told = program.configuration(conf(""))
    assert [finding.level for finding in told] == [WARN] and "camera.rate" in told[0].words


def test_a_jetson_that_tracks_on_its_processor_is_told():
    options = config.defaults().backend._replace(name="onnxruntime")
    assert program.backend(options, jetson=True).level == WARN
    assert program.backend(options, jetson=False).level == OK


def test_a_backend_that_is_not_here_is_bad():
    options = config.defaults().backend._replace(name="tensorrt")
    finding = program.backend(options, jetson=False)
    assert finding.level == BAD and finding.do


def test_what_a_faster_backend_lacks_is_read_from_the_running_programs_log():
    about = {"backend": "ONNX Runtime", "log": [
        "20:00:00 networks run on ONNX Runtime: the fastest that works here; faster ones lack: "
        "tensorrt: no module"]}
    assert program.backend(None, about, False).words == (
        "ONNX Runtime; faster ones lack: tensorrt: no module")


def test_engines_that_are_missing_are_bad_where_they_are_needed(tmp_path):
    finding = program.engines(str(tmp_path), str(tmp_path / "none"), needed=True)
    assert finding.level == BAD and "0 of" in finding.words


def test_the_finer_networks_engine_is_missed_where_it_is_wanted_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(manifest, "read", lambda: dict.fromkeys(["landmarks", "iris", "fine"]))
    told = [program.engines(str(tmp_path), str(tmp_path / "none"), True, word).words
            for word in ("standard", "fine")]
    assert "0 of 2 are there" in told[0] and "0 of 3 are there" in told[1]


def test_an_engine_that_is_not_whole_is_named(tmp_path):
    name = "iris-0123456789ab-trt8.2.1.8-sm53-fp16.engine"
    (tmp_path / name).write_bytes(b"half of it")
    assert name in program.engines(str(tmp_path), str(tmp_path / "none"), needed=True).words


def test_engines_that_are_being_built_are_told_with_how_far_they_are(tmp_path):
    sheet = {"state": "building", "text": "iris (1 of 4)", "built": 0, "engines": [],
             "at": time.monotonic()}
    (tmp_path / "engines.json").write_text(json.dumps(sheet))
    finding = program.engines(str(tmp_path), str(tmp_path / "engines.json"), needed=True)
    assert finding.level == WARN and finding.words == "being built: iris (1 of 4)"


def test_without_a_camera_it_says_to_plug_one_in(monkeypatch):
    monkeypatch.setattr(cameras, "found", lambda: [])
    finding = sight.camera(config.defaults())
    assert finding.level == BAD and "plug one in" in finding.do


def test_a_camera_that_may_not_be_opened_says_how_it_may(monkeypatch):
    barred = cameras.Camera("/dev/video0", "", (), (), cameras.BARRED)
    monkeypatch.setattr(cameras, "found", lambda: [barred])
    finding = sight.camera(config.defaults())
    assert finding.level == BAD and finding.do == cameras.ALLOW


@pytest.mark.parametrize("state, text, fps, level", [
    ("tracking", "tracking", 29.8, OK), ("no face", "nobody there", 14.9, WARN),
    ("no camera", "waiting for a camera: busy", 0.0, BAD), ("starting", "starting", 0.0, OK),
    ("tracking", "tracking, " + TOO_HOT, 15.0, OK)])
def test_the_running_program_is_asked_for_its_camera(state, text, fps, level):
    about = {"state": state, "text": text, "fps": fps, "source": "usb"}
    assert sight.camera(config.defaults(), about).level == level


class Steady:
    """A camera with ten pictures a second."""

    rate, state, closed = 10.0, "", False

    def read(self, timeout):
        time.sleep(0.1)
        return object()

    def close(self):
        self.closed = True


def test_where_no_program_runs_its_pictures_are_counted_and_it_is_given_back(monkeypatch):
    source = Steady()
    monkeypatch.setattr(sight, "LOOK", 0.5)
    monkeypatch.setattr(sight.sources, "open_source", lambda url, options: source)
    options = config.defaults()
    found = sight.camera(options._replace(camera=options.camera._replace(source="test")))
    assert "of 10 pictures a second" in found.words and source.closed


def test_a_finding_is_one_line_with_what_to_do():
    assert Finding("disk", BAD, "5 MB are left", "make room").line == (
        "bad   disk          5 MB are left; make room")


def test_all_well_is_said_in_as_many_words():
    assert doctor.lines([Finding("disk", OK, "9 MB")])[-1] == "all is well"


def test_only_what_is_bad_falls_short():
    assert not doctor.fell_short([Finding("disk", WARN, "")])
    assert doctor.fell_short([Finding("disk", OK, ""), Finding("disk", BAD, "")])


def asked(*words):
    """Run `kagami doctor --json`; (status, {part: finding})."""
    done = subprocess.run([sys.executable, "-m", "appliance", "doctor", "--json"] + list(words),
                          cwd=ROOT, timeout=60, stdout=subprocess.PIPE, universal_newlines=True)
    return done.returncode, {found["part"]: found for found in json.loads(done.stdout)}


QUIET = "[control]\nenabled = no\n[network]\ndiscovery = no\noscquery = no\n"


@pytest.fixture
def gstreamer():
    """Passes over what takes pictures where this Python has no GStreamer."""
    pytest.importorskip("gi", reason="no GStreamer for this Python")


def test_alone_it_looks_at_the_camera_itself(conf, gstreamer):
    _, found = asked("--config", conf("[camera]\nsource = test\n"))
    assert "test: " in found["camera"]["words"] and found["configuration"]["level"] == OK


def test_while_the_program_runs_it_asks_that(conf, gstreamer):
    path = conf("[camera]\nsource = test\n" + QUIET)
    running = subprocess.Popen([sys.executable, "-m", "appliance", "run", "--config", path],
                               cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 30
        found = {"target": {"words": ""}}
        while "frames a second" not in found["target"]["words"] and time.monotonic() < end:
            _, found = asked("--config", path)
        assert "frames a second" in found["target"]["words"]
        assert found["camera"]["words"].startswith("test: ")
    finally:
        running.terminate()
        running.wait()


def test_a_program_that_may_not_be_asked_keeps_its_camera(conf, monkeypatch):
    def refused(setting):
        raise NotPermitted("/run/kagami/control", "Permission denied", "ask as root")
    monkeypatch.setattr(doctor.local, "program", refused)
    monkeypatch.setattr(sight, "camera", lambda *_: pytest.fail("looked at it"))
    first, second, *_ = doctor.examine(conf("[camera]\nsource = test\n"))
    assert first.do == "sudo kagami doctor" and second.level == WARN


def test_a_broken_configuration_is_status_1_and_the_rest_is_told_all_the_same(conf):
    status, found = asked("--config", conf("[camera]\nsource = test\nwidht = 3\n"))
    assert status == 1 and found["configuration"]["level"] == BAD and "camera" in found
