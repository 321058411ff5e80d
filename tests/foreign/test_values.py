"""What crossed the cable, as others read it, is what `kagami track` measures in those frames."""
import numpy as np
import pytest

from appliance.face import ARKIT, ARKIT_NAMES
from tests.foreign import hearing
from tests.outputs.test_docs import listed


def steady(film):
    """[({dialect: {address, or address and name: values}}, what `kagami track` says of the face)]
    of the frames in which a face had been there for a while; a value that a dialect left out is
    the last that it told.
    """
    frames, told, out = hearing.frames(film.packets), {}, []
    chosen = set(hearing.steady(film.truth))
    assert len(frames) == len(film.truth)
    for number, said in enumerate(frames):
        for dialect, parts in said:
            for address, _, values in parts:
                named = isinstance(values[:1] and values[0], str)
                key = (address, values[0]) if named else address
                told.setdefault(dialect, {})[key] = values[1:] if named else values
        if number in chosen:
            out.append(({name: dict(values) for name, values in told.items()},
                        film.truth[number]["faces"][0]))
    assert len(out) > 400
    return out


def test_kagami_tells_what_track_measures(film):
    for told, face in steady(film):
        said = {key[len("/kagami/face/0/"):]: values for key, values in told["kagami"].items()
                if isinstance(key, str)}
        assert said["euler"] == pytest.approx(face["angles"], abs=0.006)
        assert said["rot"] == pytest.approx(face["rotation"], abs=2e-6)
        assert said["pos"] == pytest.approx(face["translation"], abs=0.006)
        assert said["arkit"] == pytest.approx(np.clip(face["blendshapes"], 0, 1), abs=6e-4)
        for side in ("left", "right"):
            eye = face[side]
            assert said["eye/" + side] == pytest.approx(
                eye["gaze"] + [min(1.0, eye["openness"]), eye["score"]], abs=6e-3)
        assert np.reshape(said["points"], (68, 2)) * (640, 480) == pytest.approx(
            np.array(face["landmarks"]), abs=0.006)


def times(p, q):
    """The product of two quaternions (x, y, z, w)."""
    a, b = np.array(p), np.array(q)
    return np.append(a[3] * b[:3] + b[3] * a[:3] + np.cross(a[:3], b[:3]),
                     a[3] * b[3] - a[:3].dot(b[:3]))


def test_neck_and_head_of_vmc_are_the_turn_of_the_head(film):
    for told, face in steady(film):
        neck, head = (told["vmc"]["/VMC/Ext/Bone/Pos", bone][3:] for bone in ("Neck", "Head"))
        w, x, y, z = face["rotation"]
        assert times(neck, head) == pytest.approx([x, y, z, w], abs=2e-6)
        assert np.arccos(neck[3]) == pytest.approx(0.4 * np.arccos(w), abs=1e-3)
        assert told["vmc"]["/VMC/Ext/OK"] == [1, 3, 0, 1]


def test_the_eyes_of_vmc_look_where_the_person_looks(film):
    for told, face in steady(film):
        for side in ("left", "right"):
            x, y, z, w = told["vmc"]["/VMC/Ext/Bone/Pos", side.title() + "Eye"][3:]
            # the third column of its matrix, in Unity's axes: x to the own right, y up, z ahead
            ahead = 2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y)
            yaw, pitch = np.radians(face[side]["gaze"])
            assert ahead == pytest.approx(
                (-np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)),
                abs=2e-4)


def weight(face, name):
    """One of the 52, 0 to 1."""
    return min(1.0, max(0.0, face["blendshapes"][ARKIT[name]]))


def test_the_weights_of_vmc_are_those_of_track(film):
    for told, face in steady(film):
        assert [told["vmc"]["/VMC/Ext/Blend/Val", name[0].upper() + name[1:]][0]
                for name in ARKIT_NAMES] == pytest.approx(
                    [weight(face, name) for name in ARKIT_NAMES], abs=6e-4)


STEP = 1 / 255.0 + 1e-3         # what changed_only may leave out, and what track rounds


def test_babble_tells_the_mouth_that_track_measures(film):
    names = [name for name in listed("babble") if name in ARKIT]
    assert len(names) == 30
    for told, face in steady(film):
        assert [told["babble"]["/" + name][0] for name in names] == pytest.approx(
            [weight(face, name) for name in names], abs=STEP)


def test_vrchat_and_etvr_tell_the_eyes_that_track_measures(film):
    parts = {"vrchat": "/avatar/parameters/FT/v2/Eye%s", "etvr": "/avatar/parameters/v2/Eye%s"}
    for told, face in steady(film):
        for side in ("left", "right"):
            yaw, pitch = np.radians(face[side]["gaze"])
            lid = min(1.0, max(0.0, face[side]["openness"]))
            wide = weight(face, "eyeWide" + side.title())
            for dialect, opened in (("vrchat", 0.75 * lid + 0.25 * wide), ("etvr", lid)):
                said = [told[dialect][parts[dialect] % name][0] for name in (
                    side.title() + "X", side.title() + "Y", "Lid" + side.title())]
                assert said == pytest.approx([-np.tan(yaw), np.tan(pitch), opened], abs=STEP)


def test_vrchat_tells_mouth_and_brows_that_track_measures(film):
    for told, face in steady(film):
        def said(name):
            return told["vrchat"]["/avatar/parameters/FT/v2/" + name][0]
        assert [said("JawOpen"), said("JawX"), said("MouthSmileLeft"), said("BrowUpRight")] == (
            pytest.approx([weight(face, "jawOpen"),
                           weight(face, "jawRight") - weight(face, "jawLeft"),
                           weight(face, "mouthSmileLeft"),
                           0.6 * weight(face, "browOuterUpRight")
                           + 0.4 * weight(face, "browInnerUp")], abs=2 * STEP))
        assert told["vrchat"]["/avatar/parameters/EyeTrackingActive"] == [True]


def about(axis, angle):
    """The matrix of a turn about x (0), y (1) or z (2), radians."""
    out, (i, j) = np.eye(3), [(1, 2), (2, 0), (0, 1)][axis]
    out[i, i] = out[j, j] = np.cos(angle)
    out[j, i] = np.sin(angle)
    out[i, j] = -out[j, i]
    return out


def turned(rotation):
    """The matrix of a quaternion (w, x, y, z)."""
    w, v = rotation[0], np.array(rotation[1:])
    cross = np.cross(np.eye(3), v)
    return np.eye(3) + 2 * w * cross + 2 * cross.dot(cross)


def test_faceosc_tells_the_pose_and_the_points_that_track_measures(film):
    for told, face in steady(film):
        said = told["faceosc"]
        x, y, z = said["/pose/orientation"]
        assert about(0, x).dot(about(1, y)).dot(about(2, z)) == pytest.approx(
            turned(face["rotation"]), abs=1e-5)
        points = np.delete(np.array(face["landmarks"]), (60, 64), axis=0)
        assert np.reshape(said["/raw"], (66, 2)) == pytest.approx(points, abs=0.006)
        assert said["/gesture/jaw"][0] == pytest.approx(21.9 + 5 * weight(face, "jawOpen"),
                                                       abs=5e-3)
        assert said["/found"] == [1]
