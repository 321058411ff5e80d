"""Two senders share an avatar: what one leaves out, the other tells."""
import json

import numpy as np
import pytest

from appliance import geometry
from appliance.errors import UsageError
from appliance.face import ARKIT, ARKIT_NAMES
from appliance.mean_face import MODEL
from appliance.outputs.channel import dialect
from appliance.outputs.dialects import DIALECTS
from appliance.outputs.dialects.vts_plugin import CREATED, OWN, VtsPlugin
from appliance.outputs.moment import Moment, Slot
from appliance.outputs.parts import PARTS, Parted, part_of
from appliance.outputs.targets import checked
from tests.fakes.people import frame, person
from tests.fakes.receiver import Receiver
from tests.golden import decoded
from tests.outputs.test_ifacialmocap import decoded as line
from tests.outputs.test_livelink import decoded as packet
from tests.outputs.test_outputs import LOSS, OUTPUT, outputs, target

WEIGHTS = {name: 0.25 + 0.01 * i for i, name in enumerate(ARKIT_NAMES)}
FACE = person(**WEIGHTS)
MOMENT = Moment(1, 1.0, 1.0, (640, 480), FACE, 1, 1.0, focal=554.0)


@pytest.mark.parametrize("name, part", [
    ("eyeBlinkLeft", "eyes"), ("browInnerUp", "eyes"), ("jawOpen", "mouth"),
    ("tongueOut", "mouth"), ("cheekPuff", "mouth"), ("noseSneerLeft", "mouth"), ("Head", "head"),
    ("RightEye", "eyes"),
    ("Blink_L", "eyes"), ("LookUp", "eyes"), ("Joy", "mouth"), ("A", "mouth"), ("Angry", "eyes"),
    ("FaceAngleX", "head"), ("EyeTrackingActive", "eyes"), ("LipTrackingActive", "mouth")])
def test_every_value_has_its_part(name, part):
    assert part_of(name) == part


def test_what_is_told_is_as_measured_and_the_rest_at_rest():
    head, eyes, mouth = (Parted((part,))(MOMENT).face for part in PARTS)
    assert head.angles == FACE.angles and list(head.translation) == list(FACE.translation)
    assert eyes.angles == mouth.angles == (0.0, 0.0, 0.0)
    assert list(eyes.translation) == [0.0, 0.0, 600.0]
    assert eyes.left.openness == FACE.left.openness and mouth.left.openness == 1.0
    assert list(eyes.right.gaze) == list(FACE.right.gaze) and list(mouth.right.gaze) == [0, 0]
    for face, told in ((head, ()), (eyes, ("eyes",)), (mouth, ("mouth",))):
        kept = [part_of(name) in told for name in ARKIT_NAMES]
        assert (face.blendshapes > 0).tolist() == kept


def test_points_are_those_of_a_mean_face_turned_as_the_head_is_told():
    face = Parted(("head", "mouth"))(MOMENT).face
    there = MODEL.dot(FACE.matrix.T) + FACE.translation
    assert face.landmarks == pytest.approx(554.0 * there[:, :2] / there[:, 2:] + (319.5, 239.5))
    assert list(face.box) == list(geometry.tight_box(face.landmarks))


def test_every_face_is_told_so_and_none_is_no_face():
    slots = Slot(FACE, 1, 0.0, False), Slot(None, 2, 0.0, False)
    told = Parted(("mouth",))(MOMENT._replace(face=None, slots=slots))
    assert told.face is None and told.slots[1] == slots[1]
    assert told.slots[0].face.angles == (0.0, 0.0, 0.0) and told.slots[0].id == 1


def speaker(name, parts, port=1, **options):
    """The dialect of a target with these parts."""
    made = checked(target_of(name, parts, port, **options))
    return dialect(made, LOSS, OUTPUT)


def target_of(name, parts, port=1, **options):
    there = type("There", (), {"port": port})
    return target(there, name, parts=parts, **options)


def values(name, parts, moment=MOMENT, **options):
    """{address, or address and name: arguments} of what a target with these parts is told."""
    masked = moment if parts == PARTS else Parted(parts)(moment)
    out = {}
    for datagram in speaker(name, parts, **options)(masked):
        for address, _, arguments in decoded(datagram):
            named = bool(arguments) and isinstance(arguments[0], str)
            key = (address, arguments[0]) if named else address
            out[key] = arguments[1:] if named else arguments
    return out


# Dialect, options, and what whoever leaves out nothing tells alone: the points, which tell all.
LEFT_OUT = [
    ("vmc", {}, ()), ("vmc", {"blendshapes": "both"}, ()), ("vmc", {"role": "assistant"}, ()),
    ("vrchat", {}, ()), ("vrchat", {"parameters": "both", "native": "yes"}, ()),
    ("babble", {"babble_set": "arkit"}, ()), ("faceosc", {}, ("/raw",)),
    ("kagami", {}, ("/kagami/face/0/points", "/kagami/face/0/iris")),
    ("kagami", {"form": "human"}, ())]
# What every sender tells, whatever its parts.
OF_ALL = ("/VMC/Ext/OK", "/VMC/Ext/T", "/VMC/Ext/Blend/Apply", "/found", "/kagami/frame",
          "/kagami/face/0/state", "/kagami/face/0/box", "/kagami/face/0/arkit")


@pytest.mark.parametrize("name, options, alone", LEFT_OUT)
def test_senders_of_one_part_each_tell_it_all_and_nothing_twice(name, options, alone):
    able = speaker(name, PARTS, **options).carries(target_of(name, PARTS, **options))
    each = [values(name, (part,), **options) for part in able]
    whole = values(name, PARTS, **options)
    told = [key for one in each for key in one if key not in OF_ALL]
    assert sorted(map(str, told)) == sorted(
        str(key) for key in whole if key not in OF_ALL + tuple(alone))


@pytest.mark.parametrize("name, options, alone", LEFT_OUT)
def test_what_is_told_is_what_it_was(name, options, alone):
    whole = values(name, PARTS, **options)
    for parts in (("head", "eyes"), ("eyes",), ("eyes", "mouth"), ("head", "mouth")):
        told = values(name, parts, **options)
        assert {key: whole[key] for key in told if key not in OF_ALL[-2:]} == {
            key: told[key] for key in told if key not in OF_ALL[-2:]}


def test_whoever_tells_the_head_alone_applies_no_weights():
    told = values("vmc", ("head",))
    assert ("/VMC/Ext/Bone/Pos", "Head") in told and "/VMC/Ext/Blend/Apply" not in told
    assert "/VMC/Ext/Blend/Apply" in values("vmc", ("mouth",))


def test_the_one_message_of_all_weights_has_zeros_for_the_others():
    told, whole = (values("kagami", parts)["/kagami/face/0/arkit"] for parts in (("eyes",), PARTS))
    assert [v for i, v in enumerate(told) if part_of(ARKIT_NAMES[i]) == "eyes"] == [
        v for i, v in enumerate(whole) if part_of(ARKIT_NAMES[i]) == "eyes"]
    assert told[ARKIT["jawOpen"]] == 0.0 < whole[ARKIT["jawOpen"]]


def test_native_eyes_are_left_to_whoever_tells_eyes():
    told = values("vrchat", ("mouth",), native="yes")
    assert not [key for key in told if "/tracking/eye" in key or "Eye" in key]


def test_of_an_avatar_only_the_own_parts_are_sent_and_counted():
    one = speaker("vrchat", ("mouth",)).declared({
        "/avatar/parameters/v2/JawOpen": "f", "/avatar/parameters/v2/EyeLeftX": "f"})
    told = [address for d in one(MOMENT) for address, _, _ in decoded(d)]
    assert told == ["/avatar/parameters/v2/JawOpen"] and one.understood == 1


def test_vtube_studios_inputs_are_left_to_another_plugin():
    def inputs(parts):
        datagram, = VtsPlugin(parts)(MOMENT)
        return {v["id"]: v["value"]
                for v in json.loads(datagram.decode())["data"]["parameterValues"]}
    each, whole = [inputs((part,)) for part in PARTS], inputs(PARTS)
    assert sorted(name for one in each for name in one) == sorted(OWN + CREATED)
    assert {name: v for one in each for name, v in one.items()} == whole
    assert {"FaceAngleX", "FacePositionZ"} <= set(each[0]) and "EyeOpenLeft" in each[1]
    assert {"MouthOpen", "JawOpen", "TongueOut"} <= set(each[2])


def sent(name, parts, **options):
    """The last datagram of a target with these parts, through a real socket."""
    with Receiver() as there:
        out = outputs(target(there, name, parts=parts, **options))
        out.send([FACE], frame(1.0))
        datagram = there.datagrams()[-1]
        out.close()
    return datagram


def test_a_packet_of_fixed_form_has_the_others_at_rest():
    told = packet(sent("livelink", ("mouth",)))["values"]
    assert told["HeadYaw"] == told["LeftEyeYaw"] == told["EyeBlinkLeft"] == 0.0
    assert told["JawOpen"] == pytest.approx(WEIGHTS["jawOpen"])
    shapes, blocks = line(sent("ifacialmocap", ("eyes",)))
    assert blocks["head"] == [0, 0, 0, 0, 0, -0.6] and blocks["leftEye"] == [-6.0, 12.0, 0.0]
    assert shapes["jawOpen"] == 0 < shapes["eyeBlink_L"]


def test_openseeface_without_the_head_looks_straight_with_points_to_match():
    from tests.foreign.applications import READERS
    told = READERS["openseeface"](sent("openseeface", ("mouth",)))
    assert (np.array(told["euler"]) % 360) == pytest.approx([180, 0, 90], abs=1e-3)
    assert told["eyes"] == (1.0, 1.0) and told["features"][0] == 0.0 != told["features"][12]
    inside = np.reshape(told["points3d"], (70, 3))[:48] * (-145, 145, 145)
    assert inside == pytest.approx(MODEL[:48] - MODEL[30], abs=0.1)


@pytest.mark.parametrize("name, parts, do", [
    ("opentrack", ("eyes", "mouth"), "give head"), ("etvr", ("head", "mouth"), "give eyes"),
    ("babble", ("head", "eyes"), "give mouth"), ("vrchat", ("head",), "give eyes or mouth")])
def test_a_wire_that_would_say_nothing_is_told(name, parts, do):
    with pytest.raises(UsageError, match="nothing of that goes there; " + do):
        checked(target_of(name, parts))


@pytest.mark.parametrize("options", [
    dict(name="vmc", role="assistant"), dict(name="kagami", form="human")])
def test_forms_without_a_head_want_eyes_or_mouth(options):
    with pytest.raises(UsageError, match="give eyes or mouth"):
        checked(target_of(parts=("head",), **options))


@pytest.mark.parametrize("name", sorted(DIALECTS))
def test_every_wire_can_be_told_in_part_and_lost_and_found(name):
    able = speaker(name, PARTS).carries(target_of(name, PARTS))
    with Receiver() as there:
        host = "127.0.0.1/32" if name in ("vts", "ifacialmocap") else "127.0.0.1"
        out = outputs(type("T", (), {"to": "%s@%s:%d" % (name, host, there.port + (
            host[-1] == "2")), "parts": able[-1:]}))
        for i in range(60):
            out.send([FACE] if i % 40 < 3 else [], frame(i / 30.0))
        out.close()


def test_whoever_tells_everything_pays_nothing():
    with Receiver() as there:
        out = outputs(target(there))
        assert out.channels[0]._parted is None
        out.close()


def test_two_targets_share_one_receiver_without_a_word_twice():
    with Receiver() as there:
        out = outputs(target(there, "vrchat", parts=("eyes",), changed_only=False),
                      target(there, "vrchat", parts=("mouth",), changed_only=False))
        out.send([FACE], frame(1.0))
        told = [address for address, _, _ in there.messages()]
        assert len(told) == len(set(told)) == 79
        out.close()


def test_only_a_mouth_that_is_told_speaks():
    speaking = MOMENT._replace(face=FACE._replace(vowels=np.full(5, 0.2)))
    told = [Parted((part,))(speaking).face.vowels for part in PARTS]
    assert [list(vowels) for vowels in told] == [[0] * 5, [0] * 5, [0.2] * 5]
