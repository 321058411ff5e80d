"""Raw pictures on standard input: every format, packed as programs write it, until its end."""
import os
import subprocess
import sys
import time

import numpy as np
import pytest

from appliance.errors import UsageError
from appliance.sources import open_source

pytest.importorskip("gi", reason="no GStreamer for this Python")

from appliance.sources.stream import PLANES, layout  # noqa: E402

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
READ = """
import sys
from appliance import config
from appliance.errors import KagamiError
from appliance.sources import open_source
try:
    how = ["every" in sys.argv, "rgb" in sys.argv]
    source = open_source(sys.argv[1], config.defaults().camera, *how)
    first = source.state
    for f in source:
        print(f.number, "%.4f" % f.time, f.luma.shape, f.luma[0, 0], f.luma[-1, -1],
              f.rgb if f.rgb is None else f.rgb.shape, flush=True)
    print("live", source.live, "dropped", source.dropped, "from", first, "to", source.state)
    source.close()
except KagamiError as e:
    print(e)
"""


def start(form, *words):
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", READ, "stdin:" + form] + list(words), cwd=ROOT,
                            stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT)


def lines(form, content, *words):
    """What a reader in a process of its own says of `content` on its standard input."""
    return start(form, *words).communicate(content, timeout=60)[0].decode().splitlines()


def raw(form, width, height, value):
    """A picture of one luma, its colours neutral; the last pixel is 10 brighter."""
    if form in ("YUY2", "UYVY"):
        row = np.full((height, -(-width // 2), 4), 128, np.uint8)
        luma = slice(0, None, 2) if form == "YUY2" else slice(1, None, 2)
        row[:, :, luma] = value
        row[-1, -1, luma] = value + 10
        return row.tobytes()
    _, offsets, size = layout(form, width, height)
    picture = np.full(size, value if form[:3] in ("RGB", "BGR") else 128, np.uint8)
    end = offsets[1] if len(offsets) > 1 else size
    picture[:end] = value
    picture[end - PLANES[form][0][0]:end] = value + 10
    return picture.tobytes()


@pytest.mark.parametrize("form", sorted(PLANES))
def test_a_picture_of_every_format_arrives_whole(form):
    width, height = 323, 5                   # rows that GStreamer alone would pad
    content = b"".join(raw(form, width, height, value) for value in (50, 60, 70))
    told = [row.split() for row in lines("323x5@30:" + form, content, "every")]
    assert [row[:2] for row in told[:-1]] == [["0", "0.0000"], ["1", "0.0333"], ["2", "0.0667"]]
    first, last = zip(*[(int(row[4]), int(row[5])) for row in told[:-1]])
    assert told[0][2:4] == ["(5,", "323)"] and first[0] < first[1] < first[2]
    # RGB arrives in limited range, where 10 becomes 8 or 9.
    assert all(7 <= b - a <= 11 for a, b in zip(first, last))


def test_formats_are_written_in_any_case():
    assert len(lines("4x4@30:gray8", bytes(32), "every")) == 3


def test_colour_is_there_when_it_is_asked_for():
    told = lines("322x6@30:NV12", raw("NV12", 322, 6, 80), "every", "rgb")
    assert told[0].endswith("(6, 322, 3)")


def test_an_end_within_a_picture_gives_the_whole_ones():
    assert len(lines("8x8@30:GRAY8", bytes(64 * 3 + 10), "every")) == 4


def test_an_end_before_the_first_picture_is_told():
    told, = lines("8x8@30:GRAY8", bytes(10), "every")
    assert told.startswith("standard input: it ended before one whole picture")


def test_pictures_of_a_camera_come_as_they_come():
    process = start("8x8@30:GRAY8")
    process.stdin.write(bytes(64))
    process.stdin.flush()
    first = process.stdout.readline().decode().split()
    assert first[0] == "0" and abs(float(first[1]) - time.monotonic()) < 5
    process.stdin.write(bytes(64))
    told = process.communicate(timeout=60)[0].decode()
    assert told.startswith("1 ") and "live True" in told
    assert "from waiting for standard input to running" in told


@pytest.mark.parametrize("form, why", [
    ("", "not WIDTHxHEIGHT@RATE:FORMAT"), ("640x480", "not WIDTHx"), ("640x480@30", "not WIDTHx"),
    ("640x480@x:GRAY8", "not WIDTHx"), ("0x480@30:GRAY8", "out of bounds"),
    ("9000x480@30:GRAY8", "out of bounds"),
    ("640x480@0:GRAY8", "out of bounds"), ("640x480@30/0:GRAY8", "out of bounds"),
    ("640x480@1000:GRAY8", "out of bounds"), ("640x480@30:GREY8", "did you mean GRAY8"),
    ("640x480@30:H264", "give one of GRAY8")])
def test_a_form_that_means_nothing_is_told(camera, form, why):
    with pytest.raises(UsageError) as told:
        open_source("stdin:" + form, camera)
    assert why in str(told.value) and "stdin:" + form in str(told.value)


def test_a_terminal_is_no_stream_of_pictures(camera, monkeypatch):
    class Terminal:
        @staticmethod
        def isatty():
            return True
    monkeypatch.setattr(sys, "__stdin__", Terminal)
    with pytest.raises(UsageError, match="standard input is a terminal"):
        open_source("stdin:640x480@30:GRAY8", camera)
