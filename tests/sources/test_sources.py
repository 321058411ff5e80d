"""Names of sources, and what every source keeps to."""
import time

import cv2
import numpy as np
import pytest

from appliance.errors import UsageError
from appliance.sources import open_source
from tests.fakes.film import Film


@pytest.mark.parametrize("url, do", [
    ("webcam", "give usb, usb:DEVICE, csi, csi:ID, file:PATH"), ("", "give usb"),
    ("ubs", "did you mean usb?"),
    ("flie:x.mp4", "did you mean file?"), ("tset", "did you mean test?"), ("test:1", "give test"),
    ("/dev/video0", "did you mean usb:/dev/video0?"), ("/tmp", "did you mean stills:/tmp?"),
    (__file__, "did you mean file:%s?" % __file__),
    ("csi:one", "give csi:0"), ("csi:256", "give csi:0"), ("pipeline: ", "write for instance"),
    ("cis", "did you mean csi?")])
def test_a_name_that_means_nothing_is_told_with_the_nearest(camera, url, do):
    with pytest.raises(UsageError) as told:
        open_source(url, camera)
    assert do in str(told.value) and "source " + url in str(told.value)


@pytest.mark.parametrize("url", ["usb", "usb:0", "csi", "csi:0", "pipeline:videotestsrc", "test"])
def test_every_frame_of_what_has_no_end_is_refused(camera, url):
    with pytest.raises(UsageError, match="leave --every-frame out"):
        open_source(url, camera, every_frame=True)


def stills(request, camera, every):
    folder = request.getfixturevalue("tmp_path")
    for i in range(3):
        cv2.imwrite(str(folder / ("%d.png" % i)), np.full((24, 32), 50 * i, np.uint8))
    return open_source("stills:%s" % folder, camera, every)


def recording(request, camera, every):
    return open_source("file:" + request.getfixturevalue("film")(3), camera, every)


def pattern(request, camera, every):
    request.getfixturevalue("gst")
    return open_source("test", camera)


def film(request, camera, every):
    return Film([np.zeros((24, 32), np.uint8)] * 3)


MAKERS = stills, recording, pattern, film


@pytest.fixture(params=[(make, every) for make in MAKERS
                        for every in (False, True) if not (every and make is pattern)],
                ids=lambda p: "%s%s" % (p[0].__name__, "-every" * p[1]))
def source(request, camera):
    made = request.param[0](request, camera, request.param[1])
    yield made
    made.close()


def frames(source, count=3):
    """The first few, by the iterator."""
    out = []
    for frame in source:
        out.append(frame)
        if len(out) == count:
            break
    return out


def test_luma_is_rows_of_bytes_of_the_size_told(source):
    for frame in frames(source):
        assert frame.luma.dtype == np.uint8 and frame.luma.shape[::-1] == source.size
        assert frame.luma.sum() >= 0 and frame.rgb is None


def test_numbers_and_times_rise(source):
    numbers, times = zip(*[(f.number, f.time) for f in frames(source)])
    assert list(numbers) == sorted(set(numbers)) and list(times) == sorted(set(times))


def test_a_picture_has_arrived_a_moment_ago(source):
    assert all(0 <= time.perf_counter() - f.arrived < 5 for f in frames(source))


def test_while_pictures_come_it_is_running(source):
    frames(source, 1)
    assert source.state == "running"


def test_what_ends_says_so_and_what_lives_does_not(source):
    if source.live:
        frames(source, 5)
        assert not source.ended
    else:
        assert len(frames(source, 9)) <= 3 and source.ended


def test_closing_ends_it_and_closing_again_is_harmless(source):
    frames(source, 1)
    source.close()
    source.close()
    if not isinstance(source, Film):
        assert source.ended and source.read(0) is None and list(source) == []
