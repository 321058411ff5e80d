"""What crossed the cable in the words of other trackers, read by what applications.py spells anew,
is what `kagami track` measures in those frames."""
from math import radians, tan

import numpy as np
import pytest

from appliance.face import ARKIT_NAMES
from tests.fakes import lan
from tests.foreign import hearing
from tests.foreign.test_values import about, turned, weight

_EYE = ("EyeBlink", "EyeLookDown", "EyeLookIn", "EyeLookOut", "EyeLookUp", "EyeSquint", "EyeWide")
# The order of the Live Link Face app.
PHONE = [name + side for side in ("Left", "Right") for name in _EYE] + (
    "JawForward JawLeft JawRight JawOpen MouthClose MouthFunnel MouthPucker MouthLeft MouthRight "
    "MouthSmileLeft MouthSmileRight MouthFrownLeft MouthFrownRight MouthDimpleLeft "
    "MouthDimpleRight MouthStretchLeft MouthStretchRight MouthRollLower MouthRollUpper "
    "MouthShrugLower MouthShrugUpper MouthPressLeft MouthPressRight MouthLowerDownLeft "
    "MouthLowerDownRight MouthUpperUpLeft MouthUpperUpRight BrowDownLeft BrowDownRight "
    "BrowInnerUp BrowOuterUpLeft BrowOuterUpRight CheekPuff CheekSquintLeft CheekSquintRight "
    "NoseSneerLeft NoseSneerRight TongueOut").split()
NOSE = np.array([0.0, 32.3, -51.4])     # the tip of the mean face's nose in the head, mm
FOCAL = 320 / tan(radians(30))          # pixels, of 60 degrees across 640
DAY = 86400


def small(name):
    """One of the 52 as Kagami spells it."""
    return name[0].lower() + name[1:]


def numbered(desk, told):
    """{number of a frame: what a wire told of it} from [(Unix time or that of the day, it)]."""
    clock = np.array([at for at in desk.heard["kagami"] if at is not None]) % DAY
    assert len(clock) == len(desk.truth)        # nothing was lost on the way
    out = {}
    for at, one in told:
        number = int(np.argmin(np.abs(clock - at % DAY)))
        assert abs(clock[number] - at % DAY) < 2e-3
        out[number] = one
    return out


def beside(desk, told):
    """[(what a wire told, what `kagami track` says of the face)] of the steady frames; told: as
    numbered() gives it."""
    return [(told[n], desk.truth[n]["faces"][0]) for n in hearing.steady(desk.truth) if n in told]


def aligned(shown, other):
    """numbered() of a wire without a clock: `shown`, in order, ends as `other` does, which tells
    of the same faces."""
    assert 0 < len(shown) <= len(other)
    return dict(zip(sorted(other)[-len(shown):], shown))


def of_openseeface(desk):
    """numbered() of its packets."""
    return numbered(desk, [(one["time"], one) for one in desk.heard["openseeface"]])


def of_livelink(desk):
    """numbered() of its packets with a face."""
    return numbered(desk, [(one["time"], one) for one in desk.heard["livelink"]
                           if one["values"] is not None])


@pytest.fixture
def openseeface(desk):
    """[(packet, face)]."""
    pairs = beside(desk, of_openseeface(desk))
    assert len(pairs) == len(hearing.steady(desk.truth)) > 400
    return pairs


def test_openseeface_tells_eyes_features_and_points(openseeface):
    for one, face in openseeface:
        w = {name: weight(face, name) for name in ARKIT_NAMES}
        lids = [min(1.0, max(0.0, face[side]["openness"])) for side in ("right", "left")]
        assert one["eyes"] == pytest.approx(lids, abs=6e-3)
        assert (one["success"], one["id"], one["size"]) == (1, 0, (640.0, 480.0))
        assert one["features"][0] == pytest.approx(w["eyeWideLeft"] - w["eyeBlinkLeft"], abs=2e-3)
        assert one["features"][8] == pytest.approx(
            w["mouthFrownLeft"] - w["mouthSmileLeft"], abs=2e-3)
        assert one["features"][12] == pytest.approx(w["jawOpen"] - w["mouthClose"], abs=2e-3)
        points = np.reshape(one["points"], (68, 2))
        assert points[:48] == pytest.approx(np.array(face["landmarks"])[:48], abs=0.006)
        assert points[66:] == pytest.approx(
            np.array([face[side]["iris"][0] for side in ("right", "left")]), abs=0.006)


def test_openseeface_turns_as_the_head_does(openseeface):
    exchange = np.array([[0, 1, 0], [1, 0, 0], [0, 0, -1]])     # its axes are not the camera's
    for one, face in openseeface:
        wire = exchange.dot(turned(face["rotation"]))
        x, y, z, w = one["quaternion"]
        assert turned([w, x, y, z]).T == pytest.approx(wire, abs=1e-5)
        a, b, c = np.radians(one["euler"])
        assert about(2, c).dot(about(1, b)).dot(about(0, a)) == pytest.approx(wire, abs=1e-4)


def test_openseefaces_points_in_the_head_are_seen_where_the_points_are(openseeface):
    for one, face in openseeface:
        matrix = turned(face["rotation"])
        nose = face["translation"] + matrix.dot(NOSE)
        assert one["nose"] == pytest.approx(-nose[[1, 0, 2]] / 145, abs=3e-4)
        inside = np.reshape(one["points3d"], (70, 3))[:48] * (-145, 145, 145)
        seen = inside.dot(matrix.T) + nose
        pixels = FOCAL * seen[:, :2] / seen[:, 2:] + (319.5, 239.5)
        assert pixels == pytest.approx(np.array(face["landmarks"])[:48], abs=0.1)


def test_opentrack_tells_where_the_head_is_and_how_it_is_turned(desk):
    other = of_openseeface(desk)
    assert len(other) == len(desk.heard["opentrack"])
    pairs = beside(desk, aligned(desk.heard["opentrack"], other))
    assert len(pairs) == len(hearing.steady(desk.truth))
    for one, face in pairs:
        (x, y, z), (yaw, pitch, roll) = face["translation"], face["angles"]
        assert one == pytest.approx((x / 10, -y / 10, z / 10, -yaw, pitch, roll), abs=6e-3)


def test_live_link_tells_weights_and_turns_in_radians(desk):
    pairs = beside(desk, of_livelink(desk))
    assert len(pairs) == len(hearing.steady(desk.truth))
    for one, face in pairs:
        assert one["values"][:52] == pytest.approx(
            [weight(face, small(name)) for name in PHONE], abs=6e-4)
        (yaw, pitch, roll), (a, b), (c, d) = (face["angles"], face["left"]["gaze"],
                                              face["right"]["gaze"])
        assert np.degrees(one["values"][52:]) == pytest.approx(
            (-yaw, -pitch, roll, -a, -b, 0, -c, -d, 0), abs=6e-3)


def short(name):
    """One of the 52 as iFacialMocap spells it."""
    whole = ("jawLeft", "jawRight", "mouthLeft", "mouthRight")
    for side in ("Left", "Right"):
        if name.endswith(side) and name not in whole:
            return "%s_%s" % (name[:-len(side)], side[0])
    return name


def test_ifacialmocap_answers_who_asks_with_percent_degrees_and_metres(desk):
    shown = [one for one in desk.heard["ifacialmocap"] if one["trackingStatus"] == 1]
    pairs = beside(desk, aligned(shown, of_livelink(desk)))
    assert len(pairs) > 350 and len(desk.heard["ifacialmocap"][0]) == 56
    for one, face in pairs:
        (x, y, z), (yaw, pitch, roll) = face["translation"], face["angles"]
        assert one["head"] == pytest.approx(
            (-pitch, yaw, -roll, x / 1000, -y / 1000, -z / 1000), abs=6e-3)
        for side in ("left", "right"):
            a, b = face[side]["gaze"]
            assert one[side + "Eye"] == pytest.approx((-b, a, 0), abs=6e-3)
        assert [one[short(name)] for name in ARKIT_NAMES] == pytest.approx(
            [100 * weight(face, name) for name in ARKIT_NAMES], abs=0.56)


def test_the_phone_of_vtube_studio_answers_who_asks(desk):
    told = [(one["Timestamp"] / 1000, one) for one in desk.heard["vts"] if one["FaceFound"]]
    pairs = beside(desk, numbered(desk, told))
    assert len(pairs) > 350
    for one, face in pairs:
        (x, y, z), (yaw, pitch, roll) = face["translation"], face["angles"]
        assert one["FaceFound"] is True and one["Hotkey"] == -1
        assert [one["Rotation"][axis] for axis in "xyz"] == pytest.approx(
            (yaw, -pitch, -roll), abs=6e-3)
        assert [one["Position"][axis] for axis in "xyz"] == pytest.approx(
            (-x / 10, -y / 10, -z / 10), abs=2e-3)
        for side in ("Left", "Right"):
            a, b = face[side.lower()]["gaze"]
            assert [one["Eye" + side][axis] for axis in "xyz"] == pytest.approx(
                (a, -b, 0), abs=6e-3)
        assert [one["BlendShapes"][name] for name in PHONE] == pytest.approx(
            [weight(face, small(name)) for name in PHONE], abs=6e-4)


INPUTS = (["FaceAngleX", "FaceAngleY", "FaceAngleZ", "FacePositionX", "FacePositionY",
           "FacePositionZ", "EyeOpenLeft", "EyeOpenRight", "EyeLeftX", "EyeRightY", "MouthOpen"]
          + [name for name in PHONE if name not in ("TongueOut", "CheekPuff")])
ROUNDED = np.array([6e-3] * 3 + [2e-3] * 8 + [6e-4] * 50)       # by `kagami track`


def inputs(face):
    """What VTube Studio's INPUTS are to be of a face."""
    w, (x, y, z) = {name: weight(face, name) for name in ARKIT_NAMES}, face["translation"]
    lids = [min(1.0, max(0.0, (face[side]["openness"] - 0.2) / 0.8)) for side in ("left", "right")]
    mouth = min(1.0, max(0.0, 1.2 * (w["jawOpen"] - w["mouthClose"])))
    return face["angles"] + [x / 10, -y / 10, z / 50] + lids + [
        w["eyeLookInLeft"] - w["eyeLookOutLeft"], w["eyeLookUpRight"] - w["eyeLookDownRight"],
        mouth] + [w[small(name)] for name in INPUTS[11:]]


def test_vtube_studio_is_told_inputs_that_were_measured(desk):
    wanted = np.array([inputs(desk.truth[n]["faces"][0]) for n in hearing.steady(desk.truth)])
    told, last, known = desk.heard["plugin"], 0, 0
    for one in told:            # it answers each, so frames are left out, but none comes twice
        assert len(one) == 71
        off = np.abs(wanted[last:] - [one[name] for name in INPUTS]) / ROUNDED
        same = np.flatnonzero(off.max(axis=1) <= 1.0)
        if len(same):           # else it is of a moment when a face came or went
            last, known = last + int(same[0]), known + 1
    assert known > 100 and known > 0.8 * len(told)
    assert "vts@%s:8001: connected" % lan.THERE in desk.log
