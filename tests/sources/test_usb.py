"""JPEG of a USB camera: decoded by the Jetson's hardware where that does, else the processor."""
import pytest

pytest.importorskip("gi", reason="no GStreamer for this Python")

from appliance.sources import usb  # noqa: E402
from tests.sources.plug import nothing, picture, until  # noqa: E402

LARGE = {"width": 1280, "height": 720}
HARDWARE = "jpegparse ! nvv4l2decoder mjpeg=true enable-max-performance=true disable-dpb=true "


def test_the_hardware_decodes_large_pictures_where_it_is_there(elements, plug, opened):
    assert until(opened(**LARGE), picture).luma.shape == (720, 1280)
    assert HARDWARE + "! nvvidconv " in plug.lines[0] and "jpegdec" not in plug.lines[0]


def test_the_processor_decodes_where_no_hardware_is(plug, opened):
    assert until(opened(**LARGE), picture).luma.shape == (720, 1280)
    assert "! jpegdec " in plug.lines[0]


def test_the_processor_decodes_small_pictures_sooner(elements, plug, opened):
    plug.kernel.plug(0, "Webcam", {"MJPG": {(640, 480): [(1, 30)]}})
    until(opened(), picture)
    assert "! jpegdec " in plug.lines[0]


def test_a_release_whose_decoder_knows_no_jpeg_is_not_asked(elements, plug, opened, monkeypatch):
    monkeypatch.setattr(usb, "known", lambda element, *names: set(names) - {"mjpeg"})
    until(opened(**LARGE), picture)
    assert "! jpegdec " in plug.lines[0]


def test_what_makes_it_quick_is_left_out_where_it_is_not_known(elements, plug, opened,
                                                              monkeypatch):
    monkeypatch.setattr(usb, "known", lambda element, *names: set(names) & {"mjpeg"})
    until(opened(**LARGE), picture)
    assert "nvv4l2decoder mjpeg=true  ! nvvidconv" in plug.lines[0]


@pytest.mark.parametrize("how, why", [
    ("refuses", "Failed to process frame"), ("grey", "its pictures are of one grey"),
    ("silent", "no picture for 0.5 s")])
def test_the_processor_goes_on_where_the_hardware_fails(elements, plug, opened, monkeypatch,
                                                       caplog, how, why):
    monkeypatch.setenv("STAND_IN_DECODER", how)
    monkeypatch.setattr(usb.Camera, "patience", 0.5)
    source = opened(**LARGE)
    assert until(source, picture).luma.std() > 10
    assert ["nvv4l2decoder" in line for line in plug.lines] == [True, False]
    assert "camera Webcam: the hardware does not decode it (%s" % why in caplog.text
    plug.break_off("gone")
    until(source, nothing), until(source, picture)
    assert "nvv4l2decoder" not in plug.lines[-1]


def test_a_camera_pulled_out_after_pictures_is_decoded_as_before(elements, plug, opened):
    source = opened(**LARGE)
    until(source, picture)
    plug.break_off("gone")
    until(source, nothing), until(source, picture)
    assert all("nvv4l2decoder" in line for line in plug.lines)


def test_where_only_a_sensor_is_there_its_name_is_told(board, plug, opened):
    plug.kernel.unplug(plug.path)
    source = opened()
    assert source.state == ("waiting for a camera: none is there, but one on the board is: set "
                            "camera.source = csi")
