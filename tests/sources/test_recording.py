"""Files: every picture in order, or at their own pace; what is missing, broken or cut is told."""
import logging
import os
import shutil
import time

import numpy as np
import pytest

from appliance.errors import DataError, InputMissing
from appliance.sources import open_source
from tests.data import CLIPS

CLIP = os.path.join(CLIPS, "desk.mp4")
needs_clip = pytest.mark.skipif(not os.path.exists(CLIP), reason="no ../shared/data here")


@pytest.fixture
def read(camera, gst):
    """read(path, **options): every (number, time, luma, rgb) of a file, copied."""
    def frames(path, rgb=False, **changes):
        source = open_source("file:" + path, camera._replace(**changes), every_frame=True, rgb=rgb)
        try:
            return [(f.number, f.time, f.luma.copy(), f.rgb.copy() if rgb else None)
                    for f in source]
        finally:
            source.close()
    return frames


def luma(frames):
    return np.array([picture for _, _, picture, _ in frames])


def sums(frames):
    return [(n, t, int(picture.sum(dtype=np.int64))) for n, t, picture, _ in frames]


def cut(path, tmp_path, share):
    """A copy of a file that breaks off."""
    out = str(tmp_path / "cut.video")
    shutil.copy(path, out)
    os.truncate(out, int(os.path.getsize(out) * share))
    return out


# Ubuntu 18.04 has the second encoder of H.264 alone.
H264 = "openh264enc ! h264parse|x264enc tune=zerolatency ! h264parse"
ENCODED = {"mjpeg": ("jpegenc", "avimux"), "h264": (H264, "mp4mux"),
           "vp8": ("vp8enc", "webmmux"), "raw": ("identity", "avimux")}


@pytest.mark.parametrize("kind", sorted(ENCODED))
def test_every_picture_comes_in_order_with_its_time(read, film, kind):
    frames = read(film(12, encoder=ENCODED[kind][0], muxer=ENCODED[kind][1]))
    assert [n for n, _, _, _ in frames] == list(range(12))
    assert [t for _, t, _, _ in frames] == pytest.approx([i / 30.0 for i in range(12)], abs=1e-3)


@needs_clip
def test_a_clip_gives_the_same_numbers_on_every_run(read):
    first, second = sums(read(CLIP)), sums(read(CLIP))
    assert len(first) == 851 and first == second
    assert first[0][1] == 0.0 and first[-1][1] == pytest.approx(850 / 30.0, abs=1e-6)


def test_the_luma_is_what_was_encoded(read, film):
    white = luma(read(film(2, pattern="white")))
    assert white.shape == (2, 240, 320) and abs(int(white.mean()) - 255) <= 20


def test_colour_comes_with_the_same_picture(read, film):
    frames = read(film(12, pattern="ball"), rgb=True)
    assert len(frames) == 12
    for _, _, grey, rgb in frames:
        assert rgb.shape == grey.shape + (3,)
        assert np.abs(rgb[:, :, 1].astype(int) - grey).mean() < 3


def test_colours_are_red_green_blue(read, film):
    red = read(film(1, pattern="red"), rgb=True)[0][3].reshape(-1, 3).mean(axis=0)
    assert red[0] > 200 and red[1] < 60 and red[2] < 60


def test_luma_is_the_same_with_colour_beside_it(read, film):
    path = film(6, pattern="ball")
    assert (luma(read(path)) == luma(read(path, rgb=True))).all()


@pytest.mark.parametrize("changes, turned", [
    ({"flip": "horizontal"}, lambda p: p[:, ::-1]),
    ({"flip": "vertical"}, lambda p: p[::-1]),
    ({"flip": "both"}, lambda p: p[::-1, ::-1]),
    ({"rotation": 90}, lambda p: np.rot90(p, -1)),
    ({"rotation": 180}, lambda p: np.rot90(p, 2)),
    ({"rotation": 270}, lambda p: np.rot90(p, 1)),
    ({"rotation": 90, "flip": "horizontal"}, lambda p: np.rot90(p, -1)[:, ::-1]),
])
def test_a_picture_is_turned_clockwise_then_flipped(read, film, changes, turned):
    straight, other = luma(read(film(1)))[0], luma(read(film(1), **changes))[0]
    assert (other == turned(straight)).all()


def test_a_file_plays_at_its_own_pace(film, camera):
    source = open_source("file:" + film(9), camera)
    time.sleep(0.2)                                    # its time runs from the first read on
    frames = [(f.number, f.time, time.monotonic()) for f in source]
    source.close()
    assert frames[-1][0] == 8 and not source.live
    assert all(now >= t - 0.002 for _, t, now in frames)
    pictures, seconds = (b - a for a, b in zip(frames[0][:2], frames[-1][:2]))
    assert seconds == pytest.approx(pictures / 30.0, abs=0.002)


def test_a_slow_reader_loses_pictures_and_they_are_counted(film, camera):
    source = open_source("file:" + film(20), camera)
    numbers = []
    for frame in source:
        numbers.append(frame.number)
        time.sleep(0.12)
    source.close()
    assert numbers == sorted(numbers) and numbers[-1] == 19
    assert source.dropped == 20 - len(numbers) > 0


def test_a_slow_reader_of_every_picture_loses_none(film, camera):
    source = open_source("file:" + film(12), camera, every_frame=True)
    numbers = []
    for frame in source:
        numbers.append(frame.number)
        time.sleep(0.01)
    source.close()
    assert numbers == list(range(12)) and source.dropped == 0


def test_a_video_written_by_opencv_gives_every_picture(gst, read, tmp_path):
    cv2 = pytest.importorskip("cv2")
    path = str(tmp_path / "written.mp4")
    writer = cv2.VideoWriter(path, cv2.VideoWriter_fourcc(*"mp4v"), 25, (320, 240))
    for i in range(15):
        writer.write(np.full((240, 320, 3), 10 * i, np.uint8))
    writer.release()
    frames = read(path)
    assert len(frames) == 15 and frames[-1][1] == pytest.approx(14 / 25.0, abs=1e-3)
    assert (np.diff(luma(frames).mean(axis=(1, 2))) > 0).all()


def test_a_single_picture_is_a_film_of_one(gst, camera, read, tmp_path):
    cv2 = pytest.importorskip("cv2")
    path = str(tmp_path / "one.png")
    cv2.imwrite(path, np.full((50, 60, 3), 128, np.uint8))
    (number, moment, picture, _), = read(path)
    assert (number, moment, picture.shape) == (0, 0.0, (50, 60))


def test_a_name_with_blanks_and_quotes_is_read(read, film, tmp_path):
    path = str(tmp_path / 'a "b" \\c \' ! d, ü.avi')
    shutil.copy(film(3), path)
    assert len(read(path)) == 3


def test_size_is_known_after_the_first_picture(film, camera):
    source = open_source("file:" + film(3), camera)
    assert source.size is None
    source.read(5)
    assert source.size == (320, 240)
    source.close()


def test_a_name_that_is_no_utf8_is_told(gst, camera, film, tmp_path):
    path = os.fsencode(str(tmp_path)) + b"/caf\xe9.avi"
    shutil.copy(film(3), path)
    with pytest.raises(InputMissing, match="not UTF-8"):
        open_source("file:" + os.fsdecode(path), camera)


def test_a_missing_file_is_told(gst, camera):
    with pytest.raises(InputMissing, match="nowhere.mp4: no such file"):
        open_source("file:/nowhere.mp4", camera)


def test_a_folder_is_told_apart(gst, camera, tmp_path):
    with pytest.raises(InputMissing, match="give stills:"):
        open_source("file:%s" % tmp_path, camera)


@pytest.mark.parametrize("content", [
    b"", b"no film in here\n" * 100, bytes(5000), b"\0\0\0\x20ftypisom" + bytes(300),
    b"\x89PNG\r\n\x1a\n" + bytes(50), b"\xff\xd8\xff\xe0" + bytes(50)],
    ids=["empty", "words", "zeros", "mp4", "png", "jpeg"])
def test_a_file_without_pictures_is_told(gst, camera, tmp_path, content):
    path = tmp_path / "broken.mp4"
    path.write_bytes(content)
    with pytest.raises(DataError, match="broken.mp4"):
        open_source("file:" + str(path), camera)


def test_sound_alone_is_told(gst, camera, tmp_path):
    import wave
    path = str(tmp_path / "sound.wav")
    with wave.open(path, "wb") as f:
        f.setnchannels(1), f.setsampwidth(2), f.setframerate(8000)
        f.writeframes(bytes(16000))
    with pytest.raises(DataError, match="no picture in it, only sound"):
        open_source("file:" + path, camera)


@pytest.mark.parametrize("kind, share", [("mjpeg", 0.5), ("vp8", 0.5), ("h264", 0.7)])
def test_a_file_that_breaks_off_gives_what_is_whole(read, film, tmp_path, kind, share):
    encoder, muxer = ENCODED[kind]
    muxer = muxer if kind != "h264" else "matroskamux"
    whole = film(30, encoder=encoder, muxer=muxer, pattern="ball")
    frames = read(cut(whole, tmp_path, share))
    assert 3 < len(frames) < 30
    # The last one or two may be patched up by the decoder.
    assert (luma(frames)[:-2] == luma(read(whole))[:len(frames) - 2]).all()


def test_an_mp4_without_its_end_has_no_index_and_is_told(gst, camera, film, tmp_path):
    path = cut(film(12, encoder="avenc_mpeg4", muxer="mp4mux"), tmp_path, 0.6)
    with pytest.raises(DataError, match="cut.video"):
        open_source("file:" + path, camera)


def test_a_break_in_the_middle_is_logged(gst, camera, film, monkeypatch, caplog):
    source = open_source("file:" + film(12), camera, every_frame=True)
    assert source.read(5).number == 0
    from appliance.sources import gstreamer

    def broken(wait):
        raise gstreamer.Broken("torn")
    monkeypatch.setattr(source._pipeline, "pull", broken)
    caplog.set_level(logging.WARNING)
    assert source.read() is None and source.ended
    assert "breaks off after 1 pictures: torn" in caplog.text
    source.close()


@needs_clip
def test_a_file_that_ends_before_its_length_is_told(read, tmp_path, caplog):
    with caplog.at_level(logging.WARNING, "kagami.source"):
        frames = read(cut(CLIP, tmp_path, 0.5))
    assert 100 < len(frames) < 800
    assert "breaks off after %d pictures: " % len(frames) in caplog.text


@needs_clip
def test_a_whole_file_is_not_complained_of(read, caplog):
    with caplog.at_level(logging.WARNING, "kagami.source"):
        read(CLIP)
    assert caplog.text == ""
