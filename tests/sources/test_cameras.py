"""Cameras under names that stay: which is taken, in which mode, what is passed over and listed."""
import os
from fractions import Fraction

import pytest

from appliance.errors import PartMissing
from appliance.sources import cameras, v4l2
from appliance.sources.cameras import Away
from tests.fakes.kernel import Kernel

FAST, SLOW = (1, 30), (1, 5)
WEBCAM = {"YUYV": {(640, 480): [FAST, (1, 15)], (1280, 720): [SLOW]},
          "MJPG": {(640, 480): [FAST], (1280, 720): [(1, 60), FAST], (1920, 1080): [FAST]}}
BY_ID = "usb-Maker_Webcam_0123-video-index0"


@pytest.fixture
def kernel(tmp_path, monkeypatch):
    made = Kernel(str(tmp_path))
    monkeypatch.setattr(v4l2, "ioctl", made.ioctl)
    return made


@pytest.fixture
def webcam(kernel):
    return kernel.plug(0, "Webcam", WEBCAM, by_id=BY_ID)


def chosen(width, height, rate, formats=None):
    modes = [v4l2.Mode(name, w, h, tuple(Fraction(d, n) for n, d in rates))
             for name, sizes in (formats or WEBCAM).items() for (w, h), rates in sizes.items()]
    mode, speed = cameras.choose(modes, width, height, rate)
    return mode.format, mode.width, mode.height, speed


def test_a_camera_is_listed_with_its_modes(kernel, webcam):
    camera, = cameras.found(kernel.dev)
    assert (camera.path, camera.card, camera.name) == (webcam, "Webcam", BY_ID)
    assert camera.passed is None
    assert v4l2.Mode("YUYV", 640, 480, (Fraction(30), Fraction(15))) in camera.modes
    assert len(camera.modes) == 5


def test_a_page_is_offered_cameras_with_their_sizes_and_rates(kernel, webcam):
    kernel.plug(1, "IR camera", WEBCAM)
    one, = cameras.choices(kernel.dev)
    assert (one["source"], one["name"]) == ("usb:" + BY_ID, "Webcam")
    assert one["modes"] == [(1920, 1080, 30), (1280, 720, 60), (1280, 720, 30), (1280, 720, 5),
                            (640, 480, 30), (640, 480, 15)]


@pytest.mark.parametrize("device", ["", "0", "video0", "usb-maker", "WEBCAM", BY_ID])
def test_a_camera_is_found_by_number_name_and_a_part_of_it(kernel, webcam, device):
    assert cameras.find(device, dev=kernel.dev).path == webcam


def test_a_camera_is_found_by_its_path_and_by_the_path_of_its_stable_name(kernel, webcam):
    assert cameras.find(webcam, dev=kernel.dev).path == webcam
    stable = os.path.join(kernel.dev, "v4l", "by-id", BY_ID)
    assert cameras.find(stable, dev=kernel.dev).path == webcam


def test_numbers_sort_as_numbers(kernel):
    kernel.plug(10, "Ten", WEBCAM), kernel.plug(2, "Two", WEBCAM)
    assert [c.card for c in cameras.found(kernel.dev)] == ["Two", "Ten"]


def test_of_two_cameras_the_one_of_before_is_kept(kernel, webcam):
    kernel.plug(1, "Other", WEBCAM, by_id="usb-Other-video-index0")
    assert cameras.find(dev=kernel.dev).card == "Webcam"
    assert cameras.find("", "usb-Other-video-index0", dev=kernel.dev).card == "Other"


@pytest.mark.parametrize("card, formats, own, why", [
    ("Cam", {}, 0x800000, "no pictures"),
    ("Cam", {"GREY": {(640, 480): [FAST]}}, 0x1, "infrared"),
    ("Integrated IR Camera", {"YUYV": {(640, 480): [FAST]}}, 0x1, "infrared"),
    ("vi-output, imx219", {"RG10": {(3280, 2464): [FAST]}}, 0x1,
     "no format that can be read (RG10)"),
    ("codec", {}, 0x8000, "no pictures"),
])
def test_what_is_no_colour_camera_is_passed_over_and_says_why(kernel, card, formats, own, why):
    kernel.plug(0, card, formats, own)
    assert why in cameras.found(kernel.dev)[0].passed
    with pytest.raises(Away, match="none is there"):
        cameras.find(dev=kernel.dev)


def test_an_infrared_camera_is_taken_when_it_is_asked_for(kernel):
    kernel.plug(2, "IR", {"GREY": {(640, 360): [FAST]}})
    assert cameras.find("2", dev=kernel.dev).card == "IR"


def test_the_first_colour_camera_is_taken_though_others_have_lower_numbers(kernel):
    kernel.plug(0, "IR", {"GREY": {(640, 360): [FAST]}})
    kernel.plug(1, "Webcam", {}, 0x800000)
    kernel.plug(2, "Webcam", WEBCAM)
    assert cameras.find(dev=kernel.dev).path.endswith("video2")


def test_what_is_there_and_no_camera_is_told_as_such(kernel, webcam):
    with pytest.raises(Away, match="not a camera"):
        cameras.find("/dev/null", dev=kernel.dev)


def test_a_name_that_is_not_there_is_away(kernel, webcam):
    with pytest.raises(Away, match="not there"):
        cameras.find("Other", dev=kernel.dev)


def test_a_camera_that_may_not_be_opened_is_told(kernel, webcam, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied")
    monkeypatch.setattr(v4l2, "node", refuse)
    with pytest.raises(PartMissing, match="usermod"):
        cameras.find(dev=kernel.dev)


def test_small_pictures_come_raw_and_large_ones_as_jpeg():
    assert chosen(640, 480, 30) == ("YUYV", 640, 480, 30)
    assert chosen(1280, 720, 30) == ("MJPG", 1280, 720, 30)


def test_the_rate_decides_before_the_format():
    formats = {"YUYV": {(640, 480): [(1, 15)]}, "MJPG": {(640, 480): [FAST]}}
    assert chosen(640, 480, 30, formats)[0] == "MJPG"
    assert chosen(1280, 720, 60) == ("MJPG", 1280, 720, 60)


def test_the_nearest_size_and_rate_are_taken():
    assert chosen(1800, 1000, 25)[1:] == (1920, 1080, 30)


def test_a_broadcast_rate_stays_exact():
    formats = {"YUYV": {(640, 480): [(1001, 30000)]}}
    assert chosen(640, 480, 30, formats)[3] == Fraction(30000, 1001)


def test_a_driver_that_takes_any_size_is_offered_the_usual_ones(kernel):
    kernel.plug(0, "Loop", {"YUYV": {(2, 1920, 2, 2, 1080, 2): [(1, 100, 1, 1, 1, 1)]}})
    modes = cameras.found(kernel.dev)[0].modes
    assert (640, 480) in [(m.width, m.height) for m in modes]
    assert all(30 in m.rates for m in modes)


def test_handles_that_were_lost_are_closed(tmp_path):
    path = str(tmp_path / "video0")
    lost = [os.open(path, os.O_RDONLY | os.O_CREAT) for _ in range(3)]
    kept = os.open(str(tmp_path), os.O_RDONLY)
    os.remove(path)
    v4l2.let_go(path)
    os.close(kept)
    for handle in lost:
        with pytest.raises(OSError):
            os.fstat(handle)


CONTROLS = {v4l2.POWER_LINE: (0, 2), v4l2.EXPOSURE_MODE: (0, 3), v4l2.EXPOSURE_TIME: (3, 2047),
            v4l2.EXPOSURE_SLOWS: (0, 1)}


def settled(kernel, exposure, power_line, controls):
    path = kernel.plug(0, "Cam", WEBCAM, controls=controls)
    cameras.settle(path, exposure, power_line)
    return {number: value for (_, number), value in kernel.set.items()}


def test_automatic_exposure_never_slows_the_camera(kernel):
    assert settled(kernel, "auto", 50, CONTROLS) == {
        v4l2.POWER_LINE: 1, v4l2.EXPOSURE_MODE: v4l2.APERTURE_PRIORITY, v4l2.EXPOSURE_SLOWS: 0}


def test_an_exposure_time_goes_in_units_of_100_us(kernel):
    done = settled(kernel, 8000, "60", CONTROLS)
    assert done[v4l2.EXPOSURE_MODE] == v4l2.MANUAL
    assert done[v4l2.EXPOSURE_TIME] == 80 and done[v4l2.POWER_LINE] == 2


def test_an_exposure_beyond_the_camera_is_its_longest(kernel):
    assert settled(kernel, 1000000, "off", CONTROLS)[v4l2.EXPOSURE_TIME] == 2047


def test_a_frequency_that_the_camera_does_not_know_is_left_as_it_is(kernel):
    assert v4l2.POWER_LINE not in settled(kernel, "auto", "auto", CONTROLS)


def test_a_camera_without_controls_is_left_alone(kernel):
    assert settled(kernel, "auto", "auto", {}) == {}


@pytest.mark.parametrize("exposure, power_line, controls, refused", [
    ("auto", "auto", {}, []), (8000, "50", {}, ["exposure", "power_line"]),
    (8000, "50", CONTROLS, []), (8000, "auto", {v4l2.POWER_LINE: (0, 2)}, ["exposure"])])
def test_what_was_asked_for_and_not_taken_is_told(kernel, exposure, power_line, controls, refused):
    path = kernel.plug(0, "Cam", WEBCAM, controls=controls)
    assert cameras.settle(path, exposure, power_line) == refused


def test_the_list_names_cameras_their_modes_and_what_was_passed_over(kernel, webcam):
    kernel.plug(1, "Webcam", {}, 0x800000)
    text = "\n".join(cameras.lines(kernel.dev))
    assert "usb:%s  (%s)" % (BY_ID, webcam) in text
    assert "MJPG  1280x720  60 30" in text
    assert "Passed over:" in text and "metadata" in text


def test_the_list_says_how_to_be_permitted(kernel, webcam, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied")
    monkeypatch.setattr(v4l2, "node", refuse)
    assert "usermod -aG video" in cameras.lines(kernel.dev)[-1]


def test_an_empty_list_says_what_to_do(kernel):
    text = "\n".join(cameras.lines(kernel.dev))
    assert text.startswith("No camera is here.") and "--source test" in text
