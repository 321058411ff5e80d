"""Cameras come and go: waited for, found again, rebuilt when wedged, one line for each change."""
import logging
import os
import time

import pytest

from appliance.errors import PartMissing

pytest.importorskip("gi", reason="no GStreamer for this Python")

from appliance.sources import gstreamer, lines, live, usb, v4l2  # noqa: E402
from tests.sources.plug import FORMATS, STAND_IN, nothing, picture, until  # noqa: E402

def test_a_camera_delivers_the_mode_nearest_to_the_options(plug, opened):
    frame = until(opened(), picture)
    assert frame.luma.shape == (480, 640)
    assert "format=YUY2" in plug.lines[0] and "framerate=30/1" in plug.lines[0]


def test_before_the_first_picture_it_is_closed_without_a_farewell(plug, opened, monkeypatch):
    source, told = opened(), []
    pipeline = source._pipeline
    monkeypatch.setattr(pipeline, "close", lambda farewell=0.0: told.append(farewell))
    source.close()
    monkeypatch.undo()
    pipeline.close()
    assert told == [0.0]


def test_a_large_picture_is_asked_for_as_jpeg(plug, opened):
    source = opened(width=1280, height=720)
    assert until(source, picture).luma.shape == (720, 1280) and "jpegdec" in plug.lines[0]


def test_a_camera_is_settled_and_what_it_refuses_is_logged_once(plug, opened, caplog):
    source = opened(exposure=8000, power_line="60")
    until(source, picture)
    assert plug.kernel.set == {("Webcam", v4l2.POWER_LINE): 2}
    plug.break_off("gone")
    until(source, nothing), until(source, picture)
    assert [r for r in caplog.messages if "does not take" in r] == [
        "camera Webcam: does not take exposure; it goes on as it is"]


EXPOSURE = {v4l2.EXPOSURE_MODE: (0, 3), v4l2.EXPOSURE_TIME: (1, 10000)}


def test_exposure_is_set_while_pictures_come_and_again_when_it_is_back(plug, opened):
    plug.kernel.plug(0, "Webcam", FORMATS, controls=EXPOSURE)
    source = opened()
    until(source, picture)
    source.expose(8000)
    assert plug.kernel.set[("Webcam", v4l2.EXPOSURE_TIME)] == 80
    plug.kernel.set.clear()
    plug.break_off("gone")
    until(source, nothing), until(source, picture)
    assert plug.kernel.set[("Webcam", v4l2.EXPOSURE_TIME)] == 80
    source.expose("auto")
    assert plug.kernel.set[("Webcam", v4l2.EXPOSURE_MODE)] == v4l2.APERTURE_PRIORITY


def test_a_camera_without_exposure_says_so(plug, opened):
    source = opened()
    until(source, picture)
    with pytest.raises(PartMissing, match="the camera does not take it"):
        source.expose(8000)


def test_the_pattern_has_no_exposure(opened):
    with pytest.raises(PartMissing, match="none to set"):
        opened("test").expose(8000)


@pytest.mark.parametrize("asked, told", [(30, []), (60, [
    "30 pictures a second are the most at 640x480, not 60"])])
def test_a_mode_that_is_slower_than_asked_is_told_once(plug, opened, caplog, asked, told):
    source = opened(rate=asked)
    until(source, picture)
    plug.break_off("gone")
    until(source, nothing), until(source, picture)
    assert source.rate == 30
    assert [r.split(": ")[1] for r in caplog.messages if "second" in r] == told


def test_without_a_camera_it_waits_and_says_for_what(plug, opened):
    plug.kernel.unplug(plug.path)
    source = opened()
    assert source.read(0.1) is None and not source.ended
    assert source.state == "waiting for a camera: none is there"


def test_a_camera_that_was_named_is_waited_for_by_its_name(plug, opened):
    source = opened("usb:C920")
    assert source.read(0.1) is None and source.state == "waiting for camera C920: not there"


def test_a_camera_plugged_in_later_is_taken(plug, opened):
    plug.kernel.unplug(plug.path)
    os.remove(os.path.join(plug.kernel.dev, "v4l", "by-id", "usb-Webcam-video-index0"))
    source = opened()
    assert source.read(0.1) is None
    plug.insert()
    until(source, picture)
    assert source.state == "running" and source.restarts == 0


def test_a_camera_unplugged_is_waited_for_and_numbers_go_on(plug, opened):
    source = opened()
    before = until(source, picture).number
    plug.remove()
    until(source, nothing)
    assert source.state.startswith("waiting for camera Webcam") and not source.ended
    plug.insert()
    assert until(source, picture).number > before and source.restarts == 1


def test_each_change_is_logged_once(plug, opened, caplog):
    caplog.set_level(logging.INFO, "kagami.source")
    source = opened()
    until(source, picture)
    plug.remove()
    until(source, nothing)
    for _ in range(5):
        source.read(0.06)
    plug.insert()
    until(source, picture)
    until(source, picture)
    assert [r.levelname for r in caplog.records] == ["INFO", "WARNING", "INFO"]


def test_what_v4l2src_refuses_is_weather(plug, opened):
    plug.occupy()
    source = opened()
    assert source.read(0.1) is None and "waiting for camera Webcam" in source.state
    plug.release()
    until(source, picture)


def test_a_pipeline_without_pictures_is_built_anew(plug, opened, monkeypatch):
    monkeypatch.setattr(live, "SILENCE", 0.3)
    monkeypatch.setitem(lines.LINES, "raw", STAND_IN["raw"] + " ! valve name=valve")
    source = opened()
    before = until(source, picture).number
    plug.element("valve").set_property("drop", True)
    until(source, lambda frame: len(plug.pipelines) > 1)
    assert until(source, picture).number > before and source.restarts == 1


def test_a_camera_that_stops_by_itself_is_started_again(plug, opened, monkeypatch):
    three = STAND_IN["raw"].replace("is-live", "num-buffers=3 is-live")
    monkeypatch.setitem(lines.LINES, "raw", three)
    source = opened()
    until(source, lambda frame: frame is not None and len(plug.pipelines) == 3)
    assert source.restarts == 2


def test_the_same_camera_is_waited_for_while_another_is_there(plug, opened, monkeypatch, caplog):
    caplog.set_level(logging.INFO, "kagami.source")
    source = opened()
    until(source, picture)
    plug.remove()
    plug.insert(1, "Other")
    until(source, nothing)
    assert source.read(0.2) is None and "Webcam" in source.state
    monkeypatch.setattr(usb, "PATIENCE", 0.0)
    until(source, picture)
    assert "camera Other" in caplog.messages[-1]


def test_a_camera_that_may_not_be_opened_is_told_at_the_start(plug, opened, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied")
    monkeypatch.setattr(v4l2, "node", refuse)
    with pytest.raises(PartMissing):
        opened()


def test_a_camera_that_may_not_be_opened_later_is_weather(plug, opened, monkeypatch):
    source = opened()
    until(source, picture)
    plug.break_off("gone")
    node = v4l2.node

    def refuse(path):
        raise PermissionError(13, "Permission denied")
    monkeypatch.setattr(v4l2, "node", refuse)
    until(source, lambda frame: "no permission" in source.state)
    monkeypatch.setattr(v4l2, "node", node)
    until(source, picture)


def test_a_missing_plugin_is_told_though_no_camera_is_there(opened, monkeypatch):
    monkeypatch.setattr(usb, "need", lambda *names: gstreamer.need("nosuchelement", *names))
    with pytest.raises(PartMissing, match="nosuchelement: not installed"):
        opened()


def test_a_picture_that_lay_ready_arrived_before_it_was_asked_for(opened):
    source = opened("test")
    until(source, picture), until(source, picture)

    def lay_ready():
        time.sleep(0.3)
        asked = time.perf_counter()
        return until(source, picture).arrived < asked
    assert any(lay_ready() for _ in range(10)), "a busy machine may miss one, not all"


def test_a_node_that_does_not_exist_meets_the_real_kernel(opened):
    source = opened("usb:/dev/video99")
    assert source.read(0.05) is None
    assert source.state == "waiting for camera /dev/video99: not there" and source.live


def test_a_slow_reader_gets_the_newest_picture_and_drops_are_counted(opened):
    source = opened("test")
    first = until(source, picture)
    time.sleep(0.4)
    source.read()                                      # the one that waited
    newest = until(source, picture)
    assert time.monotonic() - newest.time < 0.2
    assert newest.number > first.number + 2
    assert source.dropped >= newest.number - first.number - 2


def test_times_are_monotonic_seconds(opened):
    frame = until(opened("test"), picture)
    assert 0 <= time.monotonic() - frame.time < 1 and 0 <= time.perf_counter() - frame.arrived < 1


def test_the_pattern_moves(opened):
    source = opened("test")
    first = until(source, picture).luma.copy()
    assert (until(source, picture).luma != first).any()


def test_the_pattern_has_the_size_of_the_options(opened):
    source = opened("test", width=321, height=241, rate=15)
    assert until(source, picture).luma.shape == (241, 321) and source.size == (321, 241)
