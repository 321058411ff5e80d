"""The networks that ship, and the tracker with them on real pictures, where both are here."""
import json
import os

import cv2
import numpy as np
import pytest

from appliance import config, quality
from appliance.backends import manifest
from appliance.tracker import Tracker
from tests.data import CLIPS

pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
from appliance.backends.onnxruntime import OnnxRuntime  # noqa: E402

NAMES = ("detector", "landmarks", "iris", "expression")
INNER = [i for i in range(17, 68) if i not in (48, 54)]
networks = manifest.read() if os.path.exists(manifest.MANIFEST) else {}
complete = pytest.mark.skipif(not set(NAMES) <= set(networks), reason="networks are missing")
finer = pytest.mark.skipif("fine" not in networks, reason="no finer network is in the manifest")


@pytest.fixture(scope="module")
def clip():
    """(pictures in luma, points of a reference network) of the first four seconds at a desk."""
    path = os.path.join(CLIPS, "desk")
    if not os.path.exists(path + ".json"):
        pytest.skip("the recorded clips are not here")
    with open(path + ".json") as f:
        points = [np.array(frame["points"]) for frame in json.load(f)["per_frame"][:120]]
    video = cv2.VideoCapture(path + ".mp4")
    return [cv2.cvtColor(video.read()[1], cv2.COLOR_BGR2GRAY) for _ in points], points


@pytest.mark.parametrize("name", sorted(networks))
def test_a_network_is_the_one_that_its_record_means(name):
    engine = OnnxRuntime().load(name)
    engine.inputs["image"][...] = np.random.RandomState(0).uniform(0, 255, (
        engine.inputs["image"].shape))
    assert all(np.isfinite(value).all() for value in engine.infer().values())


def megabytes(names):
    return sum(os.path.getsize(networks[name].path) for name in names) / 1e6


@complete
def test_detector_landmarks_and_iris_together_stay_under_8_mb():
    assert megabytes(NAMES[:3]) < 8


@complete
def test_all_networks_together_stay_under_14_mb():
    assert megabytes(networks) < 14


@finer
def test_the_finer_network_is_at_most_6_mb_and_four_times_the_work():
    pytest.importorskip("onnx", reason="the package onnx is not installed")
    from benchmarks.nano.fusion import fused
    usual, fine = (sum(layer.flops for layer in fused(networks[name].path))
                   for name in ("landmarks", "fine"))
    assert os.path.getsize(networks["fine"].path) <= 6e6 and fine <= 4 * usual


@finer
def test_the_finer_network_is_shown_and_answers_what_the_usual_one_is_and_does():
    usual, fine = networks["landmarks"], networks["fine"]
    assert fine.parts == usual.parts and fine.inputs == usual.inputs


@complete
@pytest.mark.parametrize("word", quality.known(networks))
def test_a_recorded_face_is_found_at_once_and_followed(clip, word):
    pictures, points = clip
    wanted = config.load(config.DEFAULTS, ["tracker.quality=" + word])
    tracker, errors = Tracker(wanted), []
    for luma, truth in zip(pictures, points):
        face, = tracker(luma)
        assert face.id == 1 and face.state == "tracked"
        size = np.sqrt(np.prod(truth.max(axis=0) - truth.min(axis=0)))
        errors.append(np.hypot(*(face.landmarks - truth)[INNER].T).mean() / size)
    assert np.mean(errors) < 0.04


@complete
@pytest.mark.parametrize("left", [True, False])
def test_somebody_lying_down_is_measured_in_a_given_box(clip, left):
    pictures, points = clip
    (x, y), (height, width) = points[0].T, pictures[0].shape
    truth = np.stack([y, width - 1 - x] if left else [height - 1 - y, x], axis=1)
    luma = np.ascontiguousarray(np.rot90(pictures[0], 1 if left else 3))
    face, = Tracker()(luma, rois=[np.r_[truth.min(axis=0), truth.max(axis=0)]])
    size = np.sqrt(np.prod(truth.max(axis=0) - truth.min(axis=0)))
    assert face.score > 0.9 and np.hypot(*(face.landmarks - truth)[INNER].T).mean() / size < 0.05


@complete
def test_a_covered_face_is_lost_within_5_pictures_and_found_at_once_when_it_is_back(clip):
    pictures, points = clip
    tracker = Tracker()
    tracker(pictures[0])
    covered = pictures[1].copy()
    middle, reach = points[1].mean(axis=0), np.ptp(points[1], axis=0).max() * 0.75
    (x0, y0), (x1, y1) = (np.maximum(0, middle + side * reach).astype(int) for side in (-1, 1))
    covered[y0:y1, x0:x1] = 128
    assert [len(tracker(covered)) for _ in range(5)][-1] == 0
    assert len(tracker(pictures[2])) == 1


@complete
def test_nothing_is_found_where_nothing_is():
    tracker = Tracker()
    for luma in (np.zeros((480, 640), np.uint8), np.full((480, 640), 128, np.uint8),
                 np.random.RandomState(1).randint(0, 256, (480, 640)).astype(np.uint8)):
        assert tracker(luma) == []


@complete
def test_a_face_is_the_same_in_colour_and_in_a_picture_four_times_the_size(clip):
    luma, truth = clip[0][0], clip[1][0]
    colour = np.repeat(luma[:, :, None], 3, axis=2)
    large = cv2.resize(luma, None, fx=4, fy=4)
    size = np.sqrt(np.prod(truth.max(axis=0) - truth.min(axis=0)))
    first, second, third = (Tracker()(image)[0].landmarks for image in (luma, colour, large))
    assert np.abs(first - second).max() < 0.02 * size
    assert np.hypot(*(third / 4 - 0.375 - first).T).mean() < 0.02 * size
