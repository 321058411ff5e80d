"""The picture's way from end to end, with networks that read dots; a followed face's life."""
import os
from itertools import zip_longest

import cv2
import numpy as np
import pytest

from appliance import config, geometry
from appliance.errors import DataError, PartMissing
from appliance.face import ARKIT_NAMES, LANDMARK_MIRROR
from appliance.stages import crop
from appliance.stages.landmarks import Reading, log_odds
from appliance.tracker import Tracker, distinct, inside, together, vague
from tests.fakes import dots


@pytest.fixture
def backend():
    return dots.Dots()


@pytest.fixture
def tracker(backend):
    return Tracker(backend=backend)


def rolled_box(*face):
    return tuple(geometry.tight_box(dots.face_points(*face)))


@pytest.mark.parametrize("face",
                         [(320, 200, 1.0, 0), (200, 150, 0.6, 25), (400, 180, 1.4, -30),
                          (330, 190, 2.2, 12)])
def test_landmarks_come_back_where_they_were_drawn(tracker, face):
    found = tracker(dots.picture(face))[0]
    assert np.abs(found.landmarks - dots.face_points(*face)).max() < 1.5 * face[2]
    assert abs(found.angles[2] - face[3]) < 1.5


def test_a_face_in_the_middle_looks_straight_ahead(tracker):
    yaw, pitch, roll = tracker(dots.picture((319.5, 239.5)))[0].angles
    assert abs(yaw) < 2 and abs(pitch) < 6 and abs(roll) < 0.5


def test_the_eyes_lie_where_focal_length_and_size_put_them(tracker):
    place = tracker(dots.picture((400, 180)))[0].translation
    focal = geometry.focal_length(640, 60)
    assert np.allclose(place[:2] / place[2] * focal, (400 - 319.5, 180 - 239.5), atol=4)
    assert abs(place[2] - focal) < 40       # one pixel a millimetre


def test_irises_lie_between_the_corners_of_their_eyes(tracker):
    face = tracker(dots.picture((320, 200, 1.0, 20)))[0]
    points = dots.face_points(320, 200, 1.0, 20)
    assert np.abs(face.left.iris[0] - points[[42, 45]].mean(axis=0)).max() < 1
    assert np.abs(face.right.iris[0] - points[[36, 39]].mean(axis=0)).max() < 1


def test_the_nose_side_of_each_iris_is_nearer_the_nose(tracker):
    face = tracker(dots.picture((320, 200)))[0]
    assert face.left.iris[1, 0] < face.left.iris[0, 0]
    assert face.right.iris[1, 0] > face.right.iris[0, 0]


def test_a_face_is_reported_in_the_first_picture_in_which_it_is_found(tracker):
    assert tracker(dots.picture()) == []
    face = tracker(dots.picture((320, 200)))[0]
    assert face.state == "tracked" and face.id == 1


def test_a_followed_face_needs_no_detector(tracker, backend):
    for x in range(300, 400, 10):
        assert tracker(dots.picture((x, 200)))[0].id == 1
    assert backend.calls["detector"] == 1


def test_a_doubtful_face_is_held_with_its_last_values_and_its_low_score(tracker):
    seen = tracker(dots.picture((320, 200)))[0]
    held = tracker(dots.picture())[0]
    assert held.state == "held" and held.score < 0.1 and held.id == seen.id
    assert np.array_equal(held.landmarks, seen.landmarks)


def test_a_face_is_lost_with_the_third_doubtful_picture(tracker):
    tracker(dots.picture((320, 200)))
    assert [len(tracker(dots.picture())) for _ in range(4)] == [1, 1, 0, 0]


def test_a_good_picture_between_doubtful_ones_keeps_the_face(tracker):
    seen, doubtful = dots.picture((320, 200)), dots.picture()
    ids = [tracker(luma)[0].id for luma in (seen, doubtful, doubtful, seen, doubtful, doubtful)]
    assert ids == [1] * 6


def test_a_face_found_again_has_a_new_id(tracker):
    tracker(dots.picture((320, 200)))
    for _ in range(3):
        tracker(dots.picture())
    assert tracker(dots.picture((320, 200)))[0].id == 2


def test_a_face_hidden_and_shown_a_hundred_times_is_one_face_each_time(tracker):
    seen, hidden, ids = dots.picture((320, 200)), dots.picture(), []
    for _ in range(100):
        for luma in (seen, seen, hidden, hidden, hidden, hidden):
            ids.append([face.id for face in tracker(luma)])
    assert ids == [told for n in range(1, 101) for told in ([n], [n], [n], [n], [], [])]


def test_the_detector_looks_in_every_picture_without_a_face(tracker, backend):
    for _ in range(5):
        tracker(dots.picture())
    assert backend.calls["detector"] == 5


def test_a_face_that_leaves_the_picture_is_lost_at_once(tracker, backend):
    def leaving(inputs, outputs):
        dots.read_landmarks(inputs, outputs)
        outputs["points"] += (300, 0)
    assert tracker(dots.picture((540, 200)))
    backend.readers["landmarks"] = leaving
    assert tracker(dots.picture((540, 200))) == []


def test_a_face_half_out_of_the_picture_is_still_followed(tracker):
    for y in range(200, 400, 10):
        assert [face.state for face in tracker(dots.picture((320, y)))] == ["tracked"]


def test_a_newcomer_must_convince_more_than_a_face_that_is_followed(tracker, backend):
    def unsure(inputs, outputs):
        dots.read_landmarks(inputs, outputs)
        outputs["score"][:] = log_odds(0.6)
    sure, backend.readers["landmarks"] = backend.readers["landmarks"], unsure
    assert tracker(dots.picture((320, 200))) == []
    backend.readers["landmarks"] = sure
    tracker(dots.picture((320, 200)))
    backend.readers["landmarks"] = unsure
    assert tracker(dots.picture((320, 200)))[0].state == "tracked"


@pytest.mark.parametrize("scores, sure", [
    ((0.7, 0.7), 0.7), ((0.5, 0.8), 2 / 3.0), ((0.0, 1.0), 0.5)])
def test_scores_together_are_the_mean_of_their_log_odds(scores, sure):
    assert np.isclose(together(*scores), sure)


def test_reset_forgets_the_face_but_not_the_count(tracker):
    tracker(dots.picture((320, 200)))
    tracker.reset()
    assert tracker(dots.picture((320, 200)))[0].id == 2


@pytest.fixture
def two_wanted(backend):
    return Tracker(config.load(config.DEFAULTS, ["tracker.max_faces=2"]), backend=backend)


LEFT, RIGHT = (160, 200), (480, 200)


def ids_at(faces):
    """{"left" or "right" of the picture: id}."""
    return {"left" if face.box[0] < 300 else "right": face.id for face in faces}


def test_one_face_is_followed_unless_more_are_wanted(tracker):
    assert len(tracker(dots.picture(LEFT, RIGHT))) == 1


def test_two_faces_keep_their_ids_as_they_move(two_wanted):
    first = ids_at(two_wanted(dots.picture(LEFT, RIGHT)))
    assert sorted(first.values()) == [1, 2]
    for shift in range(0, 60, 10):
        faces = two_wanted(dots.picture((160 + shift, 200), (480 - shift, 200 + shift)))
        assert ids_at(faces) == first


def test_who_leaves_and_comes_back_is_somebody_new_and_the_other_stays_first(two_wanted):
    first = ids_at(two_wanted(dots.picture(LEFT, RIGHT)))
    for _ in range(3):
        faces = two_wanted(dots.picture(RIGHT))
    assert ids_at(faces) == {"right": first["right"]}
    for _ in range(15):
        faces = two_wanted(dots.picture(LEFT, RIGHT))
    assert [ids_at([face]) for face in faces] == [{"right": first["right"]}, {"left": 3}]


def test_more_and_fewer_faces_are_followed_as_wanted_from_then_on(tracker, two_wanted):
    one, two = [config.load(config.DEFAULTS, ["tracker.max_faces=%d" % n]) for n in (1, 2)]
    first = two_wanted(dots.picture(LEFT, RIGHT))[0].id
    two_wanted.change(one)
    assert [face.id for face in two_wanted(dots.picture(LEFT, RIGHT))] == [first]
    two_wanted.change(two)
    for _ in range(16):
        faces = two_wanted(dots.picture(LEFT, RIGHT))
    assert len(faces) == 2 and faces[0].id == first


def test_other_smoothing_reaches_the_faces_that_are_followed(tracker):
    tracker(dots.picture((320, 200)))
    still = ["smoothing.%s_cutoff=0.001" % part for part in ("head", "points")]
    still += ["smoothing.%s_beta=0" % part for part in ("head", "points")]
    tracker.change(config.load(config.DEFAULTS, still))
    before, = tracker(dots.picture((320, 200)))
    after, = tracker(dots.picture((330, 200)))
    assert abs(after.landmarks - before.landmarks).max() < 0.5


@pytest.mark.parametrize("every, searches", [(15, 3), (10, 4), (1, 31)])
def test_with_room_for_more_the_detector_looks_as_often_as_wanted(backend, every, searches):
    wanted = ["tracker.max_faces=2", "tracker.detector_every=%d" % every]
    tracker = Tracker(config.load(config.DEFAULTS, wanted), backend=backend)
    for _ in range(31):
        tracker(dots.picture(LEFT))
    assert backend.calls["detector"] == searches


def test_what_the_detector_sees_in_a_followed_face_is_not_looked_at(backend):
    def part_too(inputs, outputs):
        dots.read_detector(inputs, outputs)
        row, column = np.unravel_index(outputs["score8"][0, 0].argmax(), (24, 40))
        outputs["score8"][0, :, row + 2, column] = log_odds(0.95)
        outputs["box8"][0, :, row + 2, column] = 1.0
    backend.readers["detector"] = part_too
    wanted = ["tracker.max_faces=2", "tracker.detector_every=1"]
    tracker = Tracker(config.load(config.DEFAULTS, wanted), backend=backend)
    tracker(dots.picture(LEFT))
    before = backend.calls["landmarks"]
    for _ in range(10):
        assert len(tracker(dots.picture(LEFT))) == 1
    assert backend.calls["landmarks"] == before + 10


@pytest.mark.parametrize("most", [1, 2])
def test_a_full_house_needs_no_search(backend, most):
    wanted = ["tracker.max_faces=%d" % most, "tracker.detector_every=1"]
    tracker = Tracker(config.load(config.DEFAULTS, wanted), backend=backend)
    for _ in range(10):
        assert len(tracker(dots.picture(LEFT, RIGHT))) == most
    assert backend.calls["detector"] == 1


def test_two_that_became_one_are_one(two_wanted, backend):
    two_wanted(dots.picture(LEFT, RIGHT))

    def straying(inputs, outputs):
        dots.read_landmarks(inputs, outputs)
        turns.append(None)
        if len(turns) % 2 == 0:         # the second sees its face where the first is
            outputs["points"] += (-320, 0)
    turns, backend.readers["landmarks"] = [], straying
    assert [face.id for face in two_wanted(dots.picture(LEFT, RIGHT))] == [1]


class OneByOne(dots.Dots):
    """A backend with engines for one face alone."""

    def load(self, name, faces=1):
        if faces > 1:
            raise PartMissing("engine", "none", "build it")
        return dots.Dots.load(self, name)


def test_what_is_seen_at_once_is_what_is_seen_in_turn_as_faces_come_and_go():
    four = config.load(config.DEFAULTS, ["tracker.max_faces=4", "tracker.detector_every=2"])
    at_once, in_turn = (Tracker(four, backend=made) for made in (dots.Dots(), OneByOne()))
    places = [(120, 120, 0.6), (480, 130, 0.7, 20), (150, 350, 0.6, -15), (470, 350, 0.7)]
    for number in range(40):
        there = [place for i, place in enumerate(places) if (number // 8 + i) % 3]
        luma = dots.picture(*there)
        for one, other in zip_longest(at_once(luma), in_turn(luma)):
            assert (one.id, one.state, one.score) == (other.id, other.state, other.score)
            assert np.array_equal(one.landmarks, other.landmarks)
            assert np.array_equal(one.left.iris, other.left.iris)
            assert np.array_equal(one.blendshapes, other.blendshapes)


@pytest.mark.parametrize("most, there", [(1, 1), (2, 2), (4, 3)])
def test_each_network_runs_once_a_picture_whoever_is_followed(backend, most, there):
    wanted = ["tracker.max_faces=%d" % most, "tracker.detector_every=1000"]
    tracker = Tracker(config.load(config.DEFAULTS, wanted), backend=backend)
    luma = dots.picture(*[(120 + 180 * i, 200, 0.6) for i in range(there)])
    tracker(luma)
    backend.calls.clear()
    for _ in range(4):
        assert len(tracker(luma)) == there
    assert backend.calls == {"landmarks": 4, "iris": 4, "expression": 4, "brows": 2}


@pytest.mark.parametrize("hertz, looks", [(15, 30), (30, 15), (60, 10), (120, 5)])
def test_what_was_told_of_the_brows_holds_for_a_moment(hertz, looks):
    backend, words = dots.Dots(brows=("browInnerUp",)), iter(np.linspace(0.1, 1.0, 60))
    backend.readers["brows"] = lambda inputs, outputs: outputs["shapes"].fill(next(words))
    tracker = Tracker(config.load(config.DEFAULTS, ["smoothing.expression_cutoff=0"]),
                      backend=backend)
    told = [tracker(dots.picture((320, 200)), time=i / float(hertz))[0].blendshapes[
        ARKIT_NAMES.index("browInnerUp")] for i in range(30)]
    assert backend.calls["brows"] == looks == len(set(told))
    assert told == sorted(told)


def test_a_newcomer_s_brows_are_looked_at_while_the_others_hold(backend):
    wanted = ["tracker.max_faces=2", "tracker.detector_every=1"]
    tracker, asked = Tracker(config.load(config.DEFAULTS, wanted), backend=backend), []
    for there in ((LEFT,), (LEFT, RIGHT), (LEFT, RIGHT), (LEFT, RIGHT)):
        before = backend.calls["brows"]
        assert len(tracker(dots.picture(*there))) == len(there)
        asked.append(backend.calls["brows"] - before)
    assert asked == [1, 1, 1, 1]        # the first, the newcomer, and so in turn


def test_brows_are_looked_at_when_time_runs_backwards_or_stands_still_for_long(tracker, backend):
    for time in (5.0, 1.0, 1.001, 9.0):
        tracker(dots.picture((320, 200)), time=time)
    assert backend.calls["brows"] == 3


def test_a_face_in_doubt_does_not_hold_up_the_others(two_wanted):
    first = ids_at(two_wanted(dots.picture(LEFT, RIGHT)))
    states = {face.id: face.state for face in two_wanted(dots.picture(RIGHT))}
    assert states == {first["left"]: "held", first["right"]: "tracked"}


def test_given_boxes_are_answered_one_each_in_their_order(tracker):
    places = [(480, 150, 0.7), (120, 300, 0.8), (300, 120, 0.6)]
    faces = tracker(dots.picture(*places), rois=[rolled_box(*p) for p in places])
    for face, place in zip(faces, places):
        assert np.abs(face.landmarks - dots.face_points(*place)).max() < 1.5


def test_a_given_box_without_a_face_is_answered_with_a_low_score(tracker):
    faces = tracker(dots.picture(), rois=[(100, 100, 200, 200)])
    assert len(faces) == 1 and faces[0].score < 0.5


def test_a_mirrored_picture_gives_the_mirrored_answer(tracker):
    luma, box = dots.picture((260, 200, 1.1, 30)), rolled_box(260, 200, 1.1, 30)
    face = tracker(luma, rois=[box])[0]
    other = tracker(luma[:, ::-1], rois=[(639 - box[2], box[1], 639 - box[0], box[3])])[0]
    back = other.landmarks[LANDMARK_MIRROR] * (-1, 1) + (639, 0)
    # Spots are read by a threshold: a pixel more of a soft rim moves a face of 160 pixels by 0.4.
    assert np.abs(back - face.landmarks).max() < 0.5
    assert np.allclose(np.array(other.angles) * (-1, 1, -1), face.angles, atol=0.2)


def test_given_boxes_need_no_detector_and_leave_no_trace(tracker, backend):
    tracker(dots.picture((320, 200)), rois=[rolled_box(320, 200)])
    assert backend.calls["detector"] == 0
    assert tracker(dots.picture()) == []


def test_given_boxes_are_answered_alike_each_time(tracker):
    luma, box = dots.picture((300, 200, 1.0, 35)), rolled_box(300, 200, 1.0, 35)
    first = tracker(luma, rois=[box])[0]
    tracker(dots.picture((100, 100)))
    assert np.array_equal(first.landmarks, tracker(luma, rois=[box])[0].landmarks)


@pytest.mark.parametrize("size", [(1, 1), (1, 640), (2, 2), (15, 15), (2160, 3840)])
def test_odd_sizes_give_no_face_and_no_error(tracker, size):
    assert tracker(np.zeros(size, np.uint8)) == []
    boxes = [(0, 0, 1, 1), (-50, -50, -10, -10), (5, 5, 5, 5)]
    assert len(tracker(np.zeros(size, np.uint8), rois=boxes)) == 3


def test_a_large_picture_is_tracked_as_a_small_one(tracker):
    face = tracker(dots.picture((1900, 1000, 6.0), width=3840, height=2160))[0]
    assert np.abs(face.landmarks - dots.face_points(1900, 1000, 6.0)).max() < 8


def test_colour_and_padded_rows_are_read_alike(backend):
    luma = dots.picture((320, 200))
    padded = np.zeros((480, 704), np.uint8)
    padded[:, :640] = luma
    colour = np.repeat(luma[:, :, None], 3, axis=2)
    answers = [Tracker(backend=backend)(image)[0].landmarks
               for image in (luma, padded[:, :640], colour)]
    assert np.array_equal(answers[0], answers[1]) and np.allclose(answers[0], answers[2], atol=0.2)


@pytest.mark.parametrize("shape, kind", [((4, 4), np.float32), ((4, 4, 4), np.uint8),
                                         ((0, 4), np.uint8)])
def test_a_picture_of_an_unknown_kind_is_refused_in_one_line(tracker, shape, kind):
    with pytest.raises(DataError) as refusal:
        tracker(np.zeros(shape, kind))
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("box", [(1, 2, 3), (1, 2, 3, float("nan")), (0, 0, float("inf"), 5),
                                 "abcd", ((1, 2), 3, 4, 5), None])
def test_a_box_that_is_none_is_refused_in_one_line(tracker, box):
    with pytest.raises(DataError, match="four finite numbers"):
        tracker(dots.picture(), rois=[box])


def test_a_box_far_larger_than_the_picture_is_answered(tracker):
    assert len(tracker(dots.picture(), rois=[(-1e9, -1e9, 1e9, 1e9)])) == 1


def with_options(backend, *texts):
    return Tracker(config.load(config.DEFAULTS, texts), backend=backend)


def scoring(backend, *scores):
    """The networks' scores from now on, the last one for good."""
    left = list(scores)

    def scored(inputs, outputs):
        dots.read_landmarks(inputs, outputs)
        outputs["score"][:] = log_odds(left.pop(0) if len(left) > 1 else left[0])
    backend.readers["landmarks"] = scored


def test_the_patience_is_an_option(backend):
    tracker = with_options(backend, "tracker.lost_after=1")
    tracker(dots.picture((320, 200)))
    assert tracker(dots.picture()) == []


@pytest.mark.parametrize("limit, state", [(0.2, "tracked"), (0.4, "held")])
def test_the_limit_for_a_followed_face_is_an_option(backend, limit, state):
    tracker = with_options(backend, "tracker.score=%g" % limit)
    tracker(dots.picture((320, 200)))
    scoring(backend, 0.3)
    assert tracker(dots.picture((320, 200)))[0].state == state


@pytest.mark.parametrize("limit, found", [(0.94, 1), (0.96, 0)])
def test_the_limit_for_a_newcomer_is_an_option(backend, limit, found):
    tracker = with_options(backend, "tracker.score=%g" % limit)
    assert len(tracker(dots.picture((320, 200)))) == found


@pytest.mark.parametrize("limit, score", [(0.3, 0.4), (0.6, 0.8)])
def test_the_limit_for_a_second_look_is_an_option(backend, limit, score):
    tracker = with_options(backend, "tracker.score=%g" % limit)
    scoring(backend, 0.8, 0.8, 0.4, 0.4, 0.05)
    luma, box = dots.picture((320, 200)), rolled_box(320, 200)
    assert tracker(luma, rois=[box])[0].score == pytest.approx(score)


def test_the_smoothing_is_the_configured_one_and_delays_no_look(backend):
    tracker = with_options(backend, "smoothing.points_cutoff=0.01", "smoothing.points_beta=0")
    first = tracker(dots.picture((150, 200)))[0]
    for x in range(160, 500, 10):
        face = tracker(dots.picture((x, 200)))[0]
        assert face.state == "tracked"
    assert np.abs(face.landmarks - first.landmarks).max() < 50


@pytest.mark.parametrize("options, distance", [
    (["camera.fov=90"], geometry.focal_length(640, 90)),
    (["tracker.eye_distance=70"], geometry.focal_length(640, 60) * 70 / 63)])
def test_lens_and_eyes_set_the_distance(backend, options, distance):
    face = with_options(backend, *options)(dots.picture((320, 200)))[0]
    assert face.translation[2] == pytest.approx(distance, abs=40)


@pytest.mark.parametrize("first, second", [
    ((450, 220, 1.3), (160, 220, 0.8)), ((300, 200), (540, 100, 1.1))])
def test_of_two_newcomers_the_larger_and_the_nearer_to_the_middle_comes_first(two_wanted, first,
                                                                              second):
    faces = two_wanted(dots.picture(first, second))
    assert [face.id for face in faces] == [1, 2]
    assert np.abs(faces[0].landmarks - dots.face_points(*first)).max() < 3


def test_a_given_box_of_somebody_who_lies_is_measured(tracker, backend):
    def upright_only(inputs, outputs):
        dots.read_landmarks(inputs, outputs)
        across, along = outputs["rotation"][0, :2]
        if abs(along) > across:
            outputs["score"][:] = log_odds(0.05)
    backend.readers["landmarks"] = upright_only
    for roll in (90, -90):
        place = (320, 240, 1.0, roll)
        face = tracker(dots.picture(place), rois=[rolled_box(*place)])[0]
        assert face.score > 0.9
        assert np.abs(face.landmarks - dots.face_points(*place)).max() < 2


@pytest.mark.parametrize("roll, looks", [(0, 2), (15, 2), (-35, 3)])
def test_a_given_box_of_a_tilted_head_is_looked_at_once_more(tracker, backend, roll, looks):
    place = (320, 200, 1.0, roll)
    tracker(dots.picture(place), rois=[rolled_box(*place)])
    assert backend.calls["landmarks"] == 2 * looks      # each from both sides


def test_each_stage_that_ran_is_timed_once(backend):
    class Rows(list):
        def add(self, row, seconds):
            self.append(row)
    rows = Rows()
    tracker = Tracker(timing=rows, backend=backend)
    tracker(dots.picture((320, 200)))
    assert rows == ["detector", "landmarks", "pose", "iris", "expression", "brows", "smoothing"]
    del rows[:]
    tracker(dots.picture((320, 200)), time=1.0)
    assert rows == ["landmarks", "pose", "iris", "expression", "brows", "smoothing"]


class Loading(dots.Dots):
    """Notes what is loaded."""

    def __init__(self, **driven):
        dots.Dots.__init__(self, **driven)
        self.loaded = []

    def load(self, name, faces=1):
        self.loaded.append(name)
        return dots.Dots.load(self, name, faces)


def without_brows():
    backend = Loading()
    del backend.networks["brows"]
    return backend


@pytest.mark.parametrize("make", [without_brows, lambda: Loading(brows=())])
def test_a_network_that_is_not_there_or_drives_nothing_is_not_loaded(make):
    backend = make()
    face, = Tracker(backend=backend)(dots.picture((320, 200)))
    assert backend.loaded == ["detector", "landmarks", "iris", "expression"]
    assert face.blendshapes.shape == (52,)


def test_the_upper_face_s_word_is_told_beside_the_mouth_s():
    backend = dots.Dots(brows=("browInnerUp",), expression=("jawOpen", "eyeBlinkLeft"))
    for name in ("brows", "expression"):
        backend.readers[name] = lambda inputs, outputs: outputs["shapes"].fill(0.5)
    tracker = Tracker(backend=backend)
    for found in (tracker(dots.picture((320, 200))),
                  tracker(dots.picture((320, 200)), rois=[rolled_box(320, 200)])):
        told = [name for name, value in zip(ARKIT_NAMES, found[0].blendshapes) if value]
        assert told == ["browInnerUp", "jawOpen"]
    driven, by_eyes = ([name for name, on in zip(ARKIT_NAMES, mask) if on]
                       for mask in (tracker.driven, tracker.by_eyes))
    assert driven == ["browInnerUp", "eyeBlinkLeft", "jawOpen"] and by_eyes == ["eyeBlinkLeft"]


def test_vowels_are_told_of_whoever_is_followed_and_of_a_given_box(backend):
    tracker = Tracker(backend=backend.speak(-99, np.log(3.0), -99, -99, -99))
    for found in (tracker(dots.picture((320, 200))),
                  tracker(dots.picture((320, 200)), rois=[rolled_box(320, 200)])):
        assert found[0].vowels == pytest.approx([0, 0.75, 0, 0, 0], abs=1e-6)


def test_without_such_a_network_nobody_tells_vowels(tracker):
    assert tracker(dots.picture((320, 200)))[0].vowels is None


@pytest.mark.parametrize("box, kept", [
    ((10, 10, 50, 50), True), ((-15, 10, 25, 50), True),
    ((-25, 10, 15, 50), False), ((80, 10, 119, 50), True),
    ((0, 0, 2, 2), False), ((float("nan"),) * 4, False)])
def test_a_box_must_lie_mostly_in_the_picture(box, kept):
    assert inside(box, (100, 100)) is kept


def reading(box, sigma):
    """A Reading of which only place and vagueness matter."""
    x0, y0, x1, y1 = box
    points = np.array([[x0, y0], [x1, y1]] * 34, float)
    square = crop.around_box(box)
    return Reading(points, np.array(box, float), np.full(68, sigma), 0.9, np.eye(3), square)


def test_vagueness_is_sigma_as_a_share_of_the_size():
    assert np.isclose(reading((10, 10, 60, 210), 5.0).vagueness, 0.05)


@pytest.mark.parametrize("yaw, limit", [(0, 0.042), (-30, 0.042), (45, 0.0535), (-60, 0.065),
                                        (90, 0.065)])
def test_of_a_newcomer_in_profile_less_must_be_known(yaw, limit):
    turned = reading((10, 10, 60, 210), 1.0)._replace(
        rotation=geometry.matrix_from_angles(yaw, 0, 0))
    assert np.isclose(vague(turned), limit)


def test_of_two_readings_of_one_face_the_clearer_stays():
    clear, dim = reading((10, 10, 110, 110), 2.0), reading((15, 12, 118, 115), 4.0)
    other = reading((200, 10, 300, 110), 6.0)
    assert distinct([dim, other, clear]) == [clear, other]


def of_the_demo(*numbers):
    """{number: frame} of the clip that comes along, 480x360 luma; None is an empty room."""
    film = cv2.VideoCapture(os.path.join(os.path.dirname(config.DEFAULTS), "demo.mp4"))
    found = {None: np.full((360, 480), 120, np.uint8)}
    for number in range(max(numbers) + 1):
        picture = cv2.cvtColor(film.read()[1], cv2.COLOR_BGR2GRAY)
        if number in numbers:
            found[number] = cv2.resize(picture, (480, 360))
    film.release()
    return found


@pytest.mark.parametrize("blink", [183, 195])
def test_a_blink_of_a_still_head_hardly_turns_it(blink):
    frames = of_the_demo(*range(170, blink + 6))     # the head rests from picture 174 on
    tracker = Tracker()
    faces = {number: tracker(frames[number])[0] for number in range(170, blink + 6)}
    assert faces[blink].left.openness < 0.2 and faces[blink].right.openness < 0.3
    before = np.array(faces[blink - 4].angles)
    turns = [np.abs(faces[n].angles - before).max() for n in range(blink - 3, blink + 4)]
    assert max(turns) < 0.3         # until the lids are up again


def test_the_same_picture_gives_the_same_numbers():
    still = of_the_demo(40)[40]
    tracker = Tracker(config.load(config.DEFAULTS, [
        "smoothing.%s_cutoff=0" % name for name in ("head", "points", "eyes", "expression")]))
    faces = [tracker(still)[0] for _ in range(12)][-2:]
    for name in ("landmarks", "rotation", "translation", "blendshapes"):
        first, second = (getattr(face, name) for face in faces)
        assert np.array_equal(first, second), name


def test_the_real_networks_follow_two_of_whom_one_leaves_and_comes_back():
    rights = [40, 41] + [None] * 4 + [42, 43, 44]
    frames = of_the_demo(*range(60))
    settings = config.load(config.DEFAULTS, ["tracker.max_faces=2", "tracker.detector_every=3"])
    tracker, told = Tracker(settings), []
    for left, right in enumerate(rights):
        faces = tracker(np.hstack([frames[left], frames[right]]))
        told.append({face.id: "left" if face.box[0] < 480 else "right" for face in faces})
    stays = [number for number, place in told[0].items() if place == "left"][0]
    assert sorted(told[0].values()) == ["left", "right"] and told[1] == told[0]
    assert told[4] == {stays: "left"} and told[-1] == {stays: "left", 3: "right"}
