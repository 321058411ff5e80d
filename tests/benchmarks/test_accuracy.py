"""Accuracy is right on known answers: points, rotation, blinks, shapes, the peers' rows."""
import json
import os
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from appliance import geometry
from appliance.face import ARKIT
from benchmarks import (accuracy, clips, drawings, peers, renders, report, rotation, sitters,
                        stills)
from benchmarks.__main__ import main
from tests.benchmarks.faces import SIZE, TRUE, face

def stills_folder(path, yaws=(10, 45, 70)):
    """A set of grey pictures with one face each, of known yaw; returns the folder."""
    os.makedirs(str(path))
    names = ["%d.png" % i for i in range(len(yaws))]
    for name in names:
        cv2.imwrite(str(path / name), np.full((100, 120), 90, np.uint8))
    turns = np.array([geometry.matrix_from_angles(yaw, 0, 0) for yaw in yaws])
    np.savez(str(path / "labels.npz"), names=names, points=np.array([TRUE] * len(yaws)),
             rotation=turns,
             pose_ok=np.ones(len(yaws), bool), angles=np.array([[-yaw, 0, 0] for yaw in yaws],
                                                               float))
    return str(path)


def off(luma, rois):
    """A tracker whose points lie a tenth of the box to the right, turned by 10 degrees."""
    return [face(TRUE + [0.1 * SIZE, 0], (10, 0, 0))]


def test_points_are_measured_against_the_box(tmp_path):
    figures = stills.figures(stills.measure(off, stills_folder(tmp_path / "set")))
    assert figures["all"]["all68"] == pytest.approx(10, abs=1e-6)
    assert {part: f["pictures"] for part, f in figures.items()} == {"all": 3, "yaw<30": 1,
                                                                    "yaw30-60": 1, "yaw>=60": 1}


def test_a_doubtful_answer_is_a_miss(tmp_path):
    answers = stills.measure(lambda luma, rois: [face(score=0.4)], stills_folder(tmp_path / "set"))
    assert stills.figures(answers)["all"]["missed"] == 3


def test_the_box_that_is_given_is_tight(tmp_path):
    seen = []
    stills.measure(lambda luma, rois: seen.extend(rois) or [face()],
                   stills_folder(tmp_path / "set", (0,)))
    assert seen[0] == pytest.approx(stills.box(TRUE))


def test_rotation_is_measured_in_angles_and_as_one_turn(tmp_path):
    figures = rotation.figures(stills.measure(off, stills_folder(tmp_path / "set", (10, 30))))
    assert figures["all"]["yaw"] == pytest.approx(10)
    assert figures["all"]["geodesic_median"] == pytest.approx(10)
    assert figures["all"]["pitch"] == pytest.approx(0, abs=1e-6)


def test_a_constant_turn_of_the_head_is_no_error_once_it_is_removed(tmp_path):
    figures = rotation.figures(stills.measure(off, stills_folder(tmp_path / "set", (10, 30))))
    one = stills.measure(lambda luma, rois: [face(angles=(20, 0, 0))],
                         stills_folder(tmp_path / "other", (10, 10)))
    assert rotation.figures(one)["all"]["centred"] == pytest.approx(0, abs=1e-4)
    assert figures["all"]["centred"] == pytest.approx(10 / 3.0)


def test_angles_are_compared_the_short_way_round():
    a, b = ([geometry.matrix_from_angles(0, 0, roll)] for roll in (179, -179))
    assert rotation.errors(a, b)[0] == pytest.approx([0, 0, 2], abs=1e-6)


def test_runs_under_half_of_the_usual_openness_are_closures():
    assert clips.closures(np.array([1, 1, 0.4, 0.1, 1, np.nan, 1, 0.2])) == [(2, 3), (7, 7)]


@pytest.mark.parametrize("found, score", [
    ([(10, 12)], (1.0, 1, 0, 0)), ([], (0.0, 0, 0, 1)), ([(10, 12), (90, 91)], (2 / 3.0, 1, 1, 0)),
    ([(10, 12), (51, 51)], (1.0, 1, 0, 0)), ([(17, 18)], (0.0, 0, 1, 1))])
def test_blinks_are_counted_against_the_marks(found, score):
    marked = [{"start": 10, "end": 12, "kind": "full"},
              {"start": 50, "end": 52, "kind": "partial"}]
    assert clips.blinks(found, marked) == pytest.approx(score)


def test_a_lost_frame_counts_as_far_off():
    reference = [{"found": True, "points": TRUE.tolist()}] * 4
    mean, bad = clips.against([face(), face(TRUE + [0.2 * SIZE, 0]), None, face()], reference)
    assert (mean, bad) == (pytest.approx(20 / 3.0), 50.0)


def test_a_shape_that_follows_the_truth_correlates():
    truth = np.random.RandomState(1).uniform(size=(20, 2))
    assert renders.correlations(0.5 * truth + 0.1, truth) == pytest.approx([1, 1])
    assert np.isnan(renders.correlations(truth, np.zeros((20, 2)))).all()


def test_change_is_counted_from_the_head_that_looks_ahead():
    shapes = np.zeros((2, len(drawings.YAWS), 1))
    shapes[:, 0], shapes[:, 4] = 0.2, -0.4          # at -40 and at 40 degrees
    assert renders.changes(shapes) == pytest.approx(np.array([[0, 0.3]]))


def test_eyes_that_nobody_sees_count_for_nothing():
    drawn = {"eye_visible": np.array([[1, 0], [1, 0]]), "gaze": np.zeros((2, 2, 2)),
             "openness": np.array([[1.0, 0.0], [0.5, 0.0]])}
    found = renders.eyes([face(gaze=(4, -2)), face(gaze=(2, 0), openness=0.5)], drawn)
    assert (found["gaze_yaw"], found["gaze_pitch"], found["openness"]) == pytest.approx((3, 1, 0))
    assert found["openness_r"] == pytest.approx(1)


def drawn_people(count):
    """What the renderer would give for `count` heads."""
    shapes = np.random.RandomState(3).uniform(size=(count, 52))
    return {"pictures": np.full((count, 224, 224), 90, np.uint8), "blendshapes": shapes,
            "points": np.array([TRUE + 60] * count), "rotation_crop": np.array([np.eye(3)]
                                                                               * count),
            "openness": np.linspace(0.5, 1, 2 * count).reshape(count, 2),
            "gaze": np.zeros((count, 2, 2)), "eye_visible": np.ones((count, 2), bool)}


def measured(folder, share=1.0):
    """The figures of who finds this share of each shape of heads that were drawn before."""
    heads = drawn_people(4)
    np.savez(str(folder / ("heads_4_%s.npz" % drawings.stamp())), **heads)
    np.savez(str(folder / ("turning_2_%s.npz" % drawings.stamp())),
             **drawn_people(2 * len(drawings.YAWS)))
    shapes = iter(list(heads["blendshapes"] * share)
                  + [np.zeros(52)] * 2 * len(drawings.YAWS))
    tracker = lambda image, rois: [face(TRUE + 60, shapes=next(shapes))]    # noqa: E731
    tracker.fading = np.zeros(52, bool)
    return renders.measure(tracker, "nowhere", str(folder), 4, 2)[0]


def test_heads_that_were_drawn_before_need_no_renderer(tmp_path):
    figures = measured(tmp_path)
    assert figures["driven"] == figures["right"] == 52
    assert figures["points"] == pytest.approx(0)
    assert figures["rotation_mean"] == pytest.approx(0, abs=1e-4)
    assert figures["most_turn40"] == 0
    assert "eyeBlinkLeft" in renders.table(figures)


def test_groups_and_sigma_of_drawn_heads_are_told_with_their_worst(tmp_path, monkeypatch):
    people = {"female": np.array([1, 1, 0, 0]), "beard": np.array([0, 0, 0, 1]),
              "folds": np.zeros(4), "tone": np.full(4, 0.2)}
    for kind, count, more in (("heads_4", 4, people), ("turning_4", 20, {}),
                              ("tones_2", 10, {"tone": np.array(sitters.TONES * 2)})):
        np.savez(str(tmp_path / ("%s_%s.npz" % (kind, drawings.stamp()))),
                 **dict(drawn_people(count), **more))
    rng = np.random.RandomState(4)

    def tracker(image, rois):
        return [face(TRUE + 60 + [0.02 * SIZE, 0], (2, 0, 0), gaze=(1, 1), sigma=0.02 * SIZE,
                     shapes=rng.uniform(size=52), openness=rng.uniform(0.5, 1))]
    tracker.fading = np.zeros(52, bool)
    monkeypatch.setattr(accuracy, "Tracker", lambda config: tracker)
    tables, figures, chart = accuracy.of_renders(SimpleNamespace(
        config=None, data="nowhere", cache=str(tmp_path), renders=4, out=str(tmp_path),
        name="accuracy_"))
    assert figures["sigma"]["drawn heads"]["ratio"] == pytest.approx(np.sqrt(0.5))
    assert figures["groups"]["tone"]["points"] == pytest.approx(0)
    assert set(figures["groups"]["sex"]["groups"]) == {"drawn as a woman", "as a man, shaven",
                                                       "as a man, bearded"}
    assert (tmp_path / "accuracy_renders_worst.jpg").exists() and "<svg" in chart


def test_the_gaze_of_a_shut_eye_does_not_count():
    true = np.random.RandomState(1).uniform(size=(20, 52))
    true[:, ARKIT["eyeBlinkLeft"]] = np.arange(20) % 2
    found = np.where(true[:, [ARKIT["eyeBlinkLeft"]]] > 0.5, 0.0, true)
    r = renders.of_shapes(found, true)
    assert r[ARKIT["eyeLookUpLeft"]] == pytest.approx(1) and r[ARKIT["jawOpen"]] < 0.9


def test_a_shape_that_never_moves_is_not_driven(tmp_path):
    figures = measured(tmp_path, np.arange(52) > 1)
    assert figures["driven"] == 50 and "| browDownLeft | - |" in renders.table(figures)


def peer_results(folder):
    """Made-up results of one peer in a folder."""
    os.makedirs(os.path.join(folder, "peers"))
    given = {"images": 5, "misses": 2, "groups": {"all68": {"mean": 3.5}},
             "yaw<30": {"images": 1, "misses": 0, "all68": {"mean": 2.5}},
             "rotation": {"all": {"n": 3, "raw": {"yaw": 1.0}, "offset_removed": {"mae": 2.0}}}}
    with open(os.path.join(folder, "peers", "accuracy_aflw_dev_mediapipe.json"), "w") as f:
        json.dump({"given_box": given}, f)


def test_the_peers_stand_beside_us(tmp_path):
    peer_results(str(tmp_path))
    result = peers.results(str(tmp_path), "accuracy_aflw_dev")["MediaPipe FaceMesh refined"]
    assert peers.points(result, "all") == (5, 2, {"all68": 3.5})
    assert peers.points(result, "yaw<30") == (1, 0, {"all68": 2.5})
    assert peers.points(result, "yaw>=60") is None
    assert peers.rotation(result, "all") == {"yaw": 1.0, "n": 3, "centred": 2.0}
    ours = {"aflw_dev": stills.figures(stills.measure(off, stills_folder(tmp_path / "set")))}
    text = stills.table(ours, str(tmp_path))
    assert "| aflw_dev | all | MediaPipe FaceMesh refined | 5 | 2 | 3.50 | - |" in text


def test_the_command_measures_what_is_there(tmp_path, capsys):
    stills_folder(tmp_path / "aflw_dev", (5,))
    words = ["accuracy", "--only", "stills", "--data", str(tmp_path), "--out",
             str(tmp_path / "out"), "--cache", str(tmp_path / "cache")]
    assert main(words) == 0
    assert (tmp_path / "cache" / "worst" / "aflw_dev.jpg").exists()
    with open(str(tmp_path / "out" / "accuracy_stills.json")) as f:
        assert json.load(f)["figures"]["stills"]["points"]["aflw_dev"]["all"]["pictures"] == 1
    assert "set helen_test: not here" in capsys.readouterr().out


def test_a_folder_without_sets_is_named(tmp_path, capsys):
    assert main(["accuracy", "--only", "stills", "--data", str(tmp_path), "--out",
                 str(tmp_path), "--cache", str(tmp_path)]) == 66
    assert "give the folder with --data" in capsys.readouterr().err


def test_photographs_are_not_written_into_the_repository(tmp_path, capsys):
    assert main(["accuracy", "--only", "stills", "--data", str(tmp_path), "--out", str(tmp_path),
                 "--sheets", report.ROOT]) == 2
    assert "give a folder outside of it" in capsys.readouterr().err


def test_a_quality_is_measured_into_a_result_of_its_own(tmp_path, monkeypatch):
    stills_folder(tmp_path / "aflw_dev", (5,))
    seen, known = [], accuracy.Tracker
    monkeypatch.setattr(accuracy.quality, "check", lambda word: seen.append(word))
    monkeypatch.setattr(accuracy, "Tracker", lambda config: (
        seen.append(config.tracker.quality) or known()))
    assert main(["accuracy", "--quality", "fine", "--only", "stills", "--data", str(tmp_path),
                 "--out", str(tmp_path / "out"), "--cache", str(tmp_path)]) == 0
    assert seen == ["fine", "fine"]
    assert "quality = fine" in (tmp_path / "out" / "accuracy_fine_stills.md").read_text()


def test_a_quality_without_a_network_is_told(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(accuracy.quality.manifest, "read", lambda: {})
    assert main(["accuracy", "--quality", "fine", "--data", str(tmp_path)]) == 2
    assert "there is no network [fine]" in capsys.readouterr().err
