"""Files: every picture in order, or paced; what is missing, broken or cut is told in one line."""
import os

import numpy as np
import pytest

from appliance.errors import DataError, InputMissing
from appliance.sources import open_source

CLIP = os.path.join(os.environ.get("KAGAMI_DATA", os.path.join(os.path.dirname(__file__), "..", "..", "..",
                                                               "shared", "data")), "clips", "desk.mp4")


def every(path, camera, **options):
    """[(number, time, luma)] of a file, copied."""
    source = open_source("file:" + path, camera, every_frame=True, **options)
    out = [(f.number, f.time, f.luma.copy()) for f in source]
    source.close()
    return out


def test_every_picture_comes_in_order_with_its_time(film, camera):
    frames = every(film(12), camera)
    assert [n for n, _, _ in frames] == list(range(12))
    assert [t for _, t, _ in frames] == pytest.approx([i / 30.0 for i in range(12)], abs=1e-4)


@pytest.mark.skipif(not os.path.exists(CLIP), reason="no ../shared/data here")
def test_a_clip_gives_the_same_numbers_on_every_run(gst, camera):
    first, second = ([(n, t, int(luma.sum(dtype=np.int64))) for n, t, luma in every(CLIP, camera)] for _ in "ab")
    assert len(first) == 851 and first == second


def test_a_missing_file_is_told(gst, camera):
    with pytest.raises(InputMissing, match="nowhere.mp4: no such file"):
        open_source("file:/nowhere.mp4", camera)


def test_a_file_without_pictures_is_told(gst, camera, tmp_path):
    path = tmp_path / "words.mp4"
    path.write_text("no film in here\n" * 100)
    with pytest.raises(DataError, match="words.mp4"):
        open_source("file:" + str(path), camera)
