"""The sensor on the board's own connector, through stand-ins for NVIDIA's elements: which mode, in
which size, turned how, exposed how; what is refused."""
import numpy as np
import pytest

from appliance.errors import PartMissing

pytest.importorskip("gi", reason="no GStreamer for this Python")

from appliance.sources import cameras, csi, gstreamer, lines, open_source, sensors  # noqa: E402
from appliance.sources.gstreamer import Broken, Pipeline  # noqa: E402
from tests.fakes import jetson  # noqa: E402
from tests.sources import plug  # noqa: E402


@pytest.fixture
def opened(board, opened):
    """The same, with the board's sensor where no source is named."""
    return lambda url="csi", **changes: opened(url, **changes)


@pytest.fixture
def spoken(monkeypatch):
    """The launch lines that were asked for."""
    texts = []

    def speak(text):
        texts.append(text)
        return Pipeline(text)
    monkeypatch.setattr(csi, "Pipeline", speak)
    return texts


def picture(source):
    """The next Frame."""
    return plug.until(source, plug.picture)


def test_the_usual_options_give_the_whole_field_made_small(opened, spoken):
    frame = picture(opened())
    assert frame.luma.shape == (480, 640)
    assert "width=1640,height=1232,framerate=30/1 " in spoken[0]


def test_the_launch_line_asks_for_exposure_gain_and_noise_reduction(opened, spoken):
    picture(opened(power_line=50, gain=4.0))
    assert ('sensor-id=0 exposuretimerange="100000 16000000" tnr-mode=1 aeantibanding=2 '
            'gainrange="1 4" ! ') in spoken[0]


@pytest.mark.parametrize("asked, mode, size", [
    ((640, 480, 30), (1640, 1232, 30), (480, 640)), ((640, 480, 60), (1280, 720, 60), (360, 640)),
    ((1280, 720, 30), (1280, 720, 30), (720, 1280)),
    ((1920, 1080, 30), (1920, 1080, 30), (1080, 1920)),
    ((640, 360, 60), (1280, 720, 60), (360, 640)), ((641, 361, 15), (1280, 720, 15), (360, 640))])
def test_the_mode_fits_what_is_asked_and_pixels_stay_square(opened, spoken, asked, mode, size):
    width, height, rate = asked
    source = opened(width=width, height=height, rate=float(rate))
    assert picture(source).luma.shape == size and source.rate == mode[2]
    assert "width=%d,height=%d,framerate=%d/1 " % mode in spoken[0]


def test_a_rate_that_no_mode_has_is_told_once_and_the_fastest_taken(opened, caplog):
    source = opened(rate=90.0, fov=50.0)
    picture(source)
    assert source.rate == 60
    assert [r for r in caplog.messages if "second" in r] == [
        "camera imx219 (csi:0): 60 pictures a second are the most, not 90"]


def test_a_mode_that_sees_less_than_is_configured_is_told(opened, caplog):
    picture(opened(width=1920, height=1080))
    assert "it sees 39 degrees in this mode, camera.fov is 60" in caplog.text


def test_a_sensor_that_nobody_knows_gets_the_modes_that_all_have(opened, spoken, board):
    board("imx999")
    assert picture(opened(width=1280, height=720)).luma.shape == (720, 1280)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("flip", ["none", "horizontal", "vertical", "both"])
def test_it_is_turned_as_any_other_camera_is(camera, elements, tmp_path, monkeypatch, rotation,
                                             flip):
    marked = np.zeros((48, 64), np.uint8)
    marked[:24, :32], marked[:24, 32:], marked[24:, :32] = 200, 140, 80
    (tmp_path / "marked").write_bytes(marked.tobytes())
    monkeypatch.setenv("STAND_IN_CLIP", "64x48:%s" % (tmp_path / "marked"))
    options = camera._replace(rotation=rotation, flip=flip)
    monkeypatch.setitem(lines.LINES, "other", "nvarguscamerasrc ! video/x-raw(memory:NVMM),"
                        "width=1640,height=1232 ! nvvidconv ! video/x-raw,format=I420,width=640,"
                        "height=480")
    wide, high = (480, 640) if rotation in (90, 270) else (640, 480)
    same = lines.line("csi", options, "live", False, sensor=0, settings="", converter="",
                      turn=lines.METHODS[rotation][flip], width=1640, height=1232, rate="30/1",
                      wide=wide, high=high)
    one, other = (seen(text) for text in (same, lines.line("other", options, "live", False)))
    assert one.shape == other.shape
    assert np.mean(np.abs(one.astype(int) - other)) < 1


def seen(text):
    pipeline = Pipeline(text)
    pipeline.play()
    try:
        return pipeline.pull(5).luma.copy()
    finally:
        pipeline.close()


def test_an_exposure_is_set_while_pictures_come(opened):
    source = opened()
    picture(source)
    source.expose(8000)
    element = source._pipeline._pipeline.get_by_name("camera")
    assert element.get_property("exposuretimerange") == "8000000 8000000"
    source.expose("auto")
    assert element.get_property("exposuretimerange") == "100000 16000000"
    picture(source)


@pytest.mark.parametrize("options", [{"exposure": 1}, {"exposure": 1000000}, {"gain": 48.0}])
def test_what_the_sensor_cannot_do_is_brought_into_its_range(opened, options):
    picture(opened(**options))


def test_an_option_that_a_release_does_not_know_is_left_out(opened, spoken, monkeypatch):
    monkeypatch.setattr(csi, "known", lambda element, *names: set(names) - {"tnr-mode"})
    picture(opened())
    assert "tnr-mode" not in spoken[0] and "aeantibanding=1" in spoken[0]


@pytest.mark.parametrize("text, told", [
    ("nvarguscamerasrc aeregion=0", "aeregion"), ("nvarguscamerasrc acquire-wait=1", "acquire"),
    ("nvarguscamerasrc ! videoflip", "could not link"),
    ("nvarguscamerasrc ! video/x-raw,format=NV12 ! nvvidconv", "could not link"),
    ("nvarguscamerasrc ! video/x-raw(memory:NVMM),format=I420 ! nvvidconv", "could not link"),
    ("videotestsrc ! nvvidconv ! video/x-raw,format=RGB", "could not link"),
    ("videotestsrc ! nvvidconv flip=1", "flip")])
def test_the_stand_ins_refuse_at_once_what_the_real_ones_refuse(elements, text, told):
    with pytest.raises(Broken, match=told):
        Pipeline(text + " ! appsink name=luma")


@pytest.mark.parametrize("text, told", [
    ("nvarguscamerasrc ! video/x-raw(memory:NVMM),width=1640,height=1232,framerate=60/1",
     "Frame Rate specified is greater than supported"),
    ("nvarguscamerasrc sensor-id=1", "Invalid camera device"),
    ('nvarguscamerasrc exposuretimerange="1000 2000"', "Invalid Exposure Time Range"),
    ('nvarguscamerasrc gainrange="1 48"', "Invalid Gain Range")])
def test_the_stand_in_camera_fails_where_the_real_one_does(elements, text, told):
    pipeline = Pipeline(text + " ! nvvidconv ! video/x-raw,format=I420 ! appsink name=luma")
    with pytest.raises(Broken, match=told):
        pipeline.play()
        pipeline.pull(5)
    pipeline.close()


def test_odd_sizes_do_not_pass_the_converter(elements):
    pipeline = Pipeline("videotestsrc ! nvvidconv ! video/x-raw,format=I420,width=321,height=241 "
                        "! appsink name=luma")
    with pytest.raises(Broken, match="not-negotiated"):
        pipeline.play()
        pipeline.pull(5)
    pipeline.close()


def test_the_stand_in_camera_may_not_be_set_to_paused(elements):
    pipeline = Pipeline("nvarguscamerasrc ! nvvidconv ! video/x-raw,format=I420 "
                        "! appsink name=luma")
    with pytest.raises(Broken, match="it was set to PAUSED"):
        pipeline.prepare(5)
    pipeline.close()


def test_colours_come_beside_the_luma(camera, board):
    source = open_source("csi", camera, rgb=True)
    frame = picture(source)
    assert frame.rgb.shape == (480, 640, 3)
    assert abs(int(frame.rgb.mean()) - int(frame.luma.mean())) < 25
    source.close()


def test_without_a_sensor_it_waits_and_says_so(opened, board):
    board("")
    source = opened()
    assert source.read(0.05) is None
    assert source.state == "waiting for camera csi:0: no sensor is there"


def test_the_second_sensor_is_asked_for_by_its_number(opened, board, spoken, monkeypatch):
    board("imx219", "imx219")
    source = opened("csi:1")
    assert source.read(0.05) is None and "sensor-id=1 " in spoken[0]
    assert opened("csi:2").state == "waiting for camera csi:2: not there"


def test_numbers_are_those_of_sensors_not_of_nodes(board):
    board("", "imx219", "", "imx477")
    assert [tuple(sensor) for sensor in sensors.found()] == [(0, "imx219"), (1, "imx477")]


def test_without_its_elements_the_package_is_named(camera, gst):
    if gst.ElementFactory.find("nvarguscamerasrc"):
        pytest.skip("this is a Jetson")
    with pytest.raises(PartMissing, match="nvidia-l4t-gstreamer"):
        open_source("csi", camera)


def test_sensors_are_listed_with_their_modes(board, tmp_path):
    text = "\n".join(cameras.lines(str(tmp_path)))
    assert "on the board's own connector\n  csi:0\n  NV12 1640x1232  30, 62 degrees" in text
    assert cameras.choices(str(tmp_path)) == [{"source": "csi:0", "name": "imx219", "modes": [
        (1920, 1080, 30), (1640, 1232, 30), (1280, 720, 60)]}]


def test_without_an_element_of_nvidia_no_sensor_is_listed(board, tmp_path, monkeypatch):
    need = gstreamer.need
    monkeypatch.setattr(gstreamer, "need", lambda *names: need("nosuchelement"))
    assert "No camera is here." in cameras.lines(str(tmp_path))[0]
    assert cameras.choices(str(tmp_path)) == []


def test_the_modes_told_are_modes_of_the_sensor():
    assert {mode[:3] for mode in sensors.MODES["imx219"]} <= set(jetson.MODES)
