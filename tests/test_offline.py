"""A file becomes JSON lines, a table and a video, one entry for every frame."""
import csv
import json
import os

import cv2
import numpy as np
import pytest

from appliance import config, offline
from appliance.errors import DataError, OutputError, UsageError
from appliance.offline import Outcome, track
from tests.fakes import dots
from tests.fakes.film import Film

FACE, NOBODY = dots.picture((320, 200)), dots.picture()


@pytest.fixture
def film(monkeypatch):
    """Say what the file shows; gives the requests that open_source() got."""
    asked = []

    def show(*pictures):
        def source(url, camera, every_frame=False, rgb=False):
            asked.append((url, every_frame, rgb))
            return Film(pictures)
        monkeypatch.setattr(offline, "open_source", source)
        return asked
    monkeypatch.setattr(offline.backends, "choose", lambda *_: dots.Dots())
    show(NOBODY, FACE, FACE, NOBODY)
    return show


def done(tmp_path, **outcome):
    """Track a film into tmp_path; gives the paths."""
    paths = {name: str(tmp_path / value) for name, value in outcome.items()}
    track("clip.mp4", Outcome(**paths), config.defaults())
    return paths


def lines(path):
    with open(path) as f:
        return [json.loads(line) for line in f]


def test_every_frame_has_its_line(film, tmp_path):
    out = lines(done(tmp_path, json="out.jsonl")["json"])
    assert [line["frame"] for line in out] == [0, 1, 2, 3]
    assert [len(line["faces"]) for line in out] == [0, 1, 1, 1]
    assert [line["faces"][0]["state"] for line in out[1:]] == ["tracked", "tracked", "held"]


def test_two_runs_write_the_same(film, tmp_path):
    first = done(tmp_path, json="a.jsonl")["json"]
    assert lines(first) == lines(done(tmp_path, json="b.jsonl")["json"])


def test_every_frame_has_its_row(film, tmp_path):
    with open(done(tmp_path, csv="out.csv")["csv"]) as f:
        rows = list(csv.DictReader(f))
    assert [(row["frame"], row["faces"], row["state"]) for row in rows] == [
        ("0", "0", ""), ("1", "1", "tracked"), ("2", "1", "tracked"), ("3", "1", "held")]


@pytest.mark.parametrize("name", ["out.mp4", "out.avi", "OUT.MOV"])
def test_the_overlay_is_a_video_of_every_frame(film, tmp_path, name):
    video = cv2.VideoCapture(done(tmp_path, overlay=name)["overlay"])
    pictures = []
    while True:
        more, picture = video.read()
        if not more:
            break
        pictures.append(picture)
    assert len(pictures) == 4 and pictures[0].shape == (480, 640, 3)
    assert abs(video.get(cv2.CAP_PROP_FPS) - 30) < 0.5
    assert np.abs(pictures[1].astype(int) - pictures[0]).max() > 60      # something was drawn


def test_one_picture_is_a_video_too(film, tmp_path):
    film(FACE)
    assert cv2.VideoCapture(done(tmp_path, overlay="out.mp4")["overlay"]).read()[0]


@pytest.mark.parametrize("name", ["out.mp4", "out.avi"])
@pytest.mark.parametrize("size", [(1, 1), (7, 40)])
def test_the_smallest_picture_is_a_video_too(film, tmp_path, name, size):
    film(np.zeros(size, np.uint8))
    paths = done(tmp_path, json="out.jsonl", overlay=name)
    shown = cv2.VideoCapture(paths["overlay"]).read()[1]
    assert shown.shape == (max(16, size[0]), max(16, size[1]), 3)
    assert len(lines(paths["json"])) == 1


def test_pictures_of_several_sizes_share_a_video(film, tmp_path):
    film(FACE, dots.picture(width=320, height=200), FACE)
    video = cv2.VideoCapture(done(tmp_path, overlay="out.mp4")["overlay"])
    assert [video.read()[0] for _ in range(4)] == [True, True, True, False]


def test_all_three_at_once(film, tmp_path):
    done(tmp_path, json="a", csv="b", overlay="c.mp4")
    assert sorted(os.listdir(str(tmp_path))) == ["a", "b", "c.mp4"]


def test_colour_is_asked_for_only_where_it_is_drawn(film, tmp_path):
    asked = film(FACE)
    done(tmp_path, json="a")
    done(tmp_path, overlay="c.mp4")
    assert asked == [("file:clip.mp4", True, False), ("file:clip.mp4", True, True)]


def test_a_folder_is_a_folder_of_pictures(film, tmp_path):
    asked = film(FACE)
    track(str(tmp_path), Outcome(json=str(tmp_path / "a")), config.defaults())
    assert asked[0][0] == "stills:" + str(tmp_path)


def test_it_counts_frames_and_faces(film, tmp_path):
    assert track("clip.mp4", Outcome(json=str(tmp_path / "a")), config.defaults()) == (4, 3)


def test_a_file_that_breaks_leaves_nothing_half(film, tmp_path, monkeypatch):
    class Broken(Film):
        def read(self, wait=0.5):
            if len(self._pictures) == 1:
                raise DataError("clip.mp4", "truncated", "copy it again")
            return super().read(wait)
    monkeypatch.setattr(offline, "open_source", lambda *_, **__: Broken([FACE] * 3))
    with pytest.raises(DataError):
        done(tmp_path, json="a", csv="b", overlay="c.mp4")
    assert os.listdir(str(tmp_path)) == []


def test_progress_is_a_bar_where_the_length_is_known():
    assert offline._progress(10.0, 5.0, 150, 149) == (
        "[###############               ]  50 %  150 frames, 149 with a face")
    assert offline._progress(None, 5.0, 150, 149) == "150 frames, 149 with a face"


@pytest.mark.parametrize("outcome, told", [
    (Outcome(), "nothing to write"),
    (Outcome(json="clip.mp4"), "named twice"),
    (Outcome(json="out", csv="./out"), "named twice"),
    (Outcome(overlay="out.mp3"), "OUT.mp4"),
    (Outcome(overlay="out.mp4", only="landmark"), "did you mean landmarks"),
    (Outcome(json="out", only="landmarks"), "add --overlay"),
])
def test_what_makes_no_sense_is_wrong_usage(film, tmp_path, monkeypatch, outcome, told):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=told):
        track("clip.mp4", outcome, config.defaults())
    assert os.listdir(str(tmp_path)) == []


def test_a_folder_that_is_missing_is_told(film):
    with pytest.raises(OutputError):
        track("clip.mp4", Outcome(json="/nowhere/out.jsonl"), config.defaults())
