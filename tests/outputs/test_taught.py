"""Taught expressions on every OSC wire."""
import types

import pytest

from appliance.network.tree import Namespace, found
from appliance.outputs import Outputs
from appliance.outputs.dialects import DIALECTS
from appliance.outputs.dialects.etvr import SETS
from appliance.outputs.dialects.kagami import ARKIT, HUMAN, POSE, STATE, Kagami
from appliance.outputs.dialects.vmc import Vmc
from appliance.outputs.dialects.vrchat import Vrchat
from appliance.outputs.moment import Moment, Slot
from tests.fakes.people import frame, person
from tests.fakes.receiver import Receiver
from tests.golden import decoded

TAUGHT = {"gape": 0.25, "smirk": 0.75}
ADDRESSES = {"kagami": "/kagami/face/0/taught/%s", "vrchat": "/avatar/parameters/%s",
             "babble": "/%s", "etvr": "/avatar/parameters/%s", "faceosc": "/gesture/%s"}


def told(dialect, face, **more):
    moment = Moment(1, 2.5, 0.0, (640, 480), face, 1, 0.0)._replace(**more)
    return [m for d in dialect(moment) for m in decoded(d)]


def values(messages):
    return {address: args[0] for address, _, args in messages if args}


@pytest.mark.parametrize("name", sorted(ADDRESSES))
def test_each_name_has_its_address(name):
    face = person()._replace(taught=TAUGHT)
    there = values(told(DIALECTS[name](), face))
    assert [there[ADDRESSES[name] % one] for one in TAUGHT] == [0.25, 0.75]


@pytest.mark.parametrize("name", sorted(ADDRESSES) + ["vmc"])
def test_without_names_nothing_is_added(name):
    dialect = DIALECTS[name]()
    plain = told(dialect, person())
    assert len(told(DIALECTS[name](), person()._replace(taught=TAUGHT))) > len(plain)


@pytest.mark.parametrize("blendshapes", ["arkit", "vrm0", "both"])
@pytest.mark.parametrize("role", ["performer", "assistant"])
def test_vmc_has_them_as_weights_before_apply(role, blendshapes):
    messages = told(Vmc(role=role, blendshapes=blendshapes), person()._replace(taught=TAUGHT))
    weights = {args[0]: args[1] for address, _, args in messages if address.endswith("Val")}
    assert (weights["gape"], weights["smirk"]) == (0.25, 0.75)
    order = [address.rsplit("/", 1)[1] for address, _, _ in messages]
    assert order.count("Apply") == 1 and "Val" not in order[order.index("Apply"):]
    plain = told(Vmc(role=role, blendshapes=blendshapes), person())
    assert [m for m in messages if m[2][:1] not in (["gape"], ["smirk"])] == plain


def test_names_that_come_and_go_while_it_runs_are_followed():
    dialect = Vmc()
    counts = [sum(a.endswith("Val") for a, _, _ in told(dialect, person()._replace(taught=taught)))
              for taught in ({}, TAUGHT, {"smirk": 1.0}, {})]
    assert counts == [52, 54, 53, 52]


@pytest.mark.parametrize("name, options", [
    ("vmc", {}), ("vrchat", {}), ("vrchat", {"parameters": "none", "native": "yes"}),
    ("babble", {})] + [("etvr", {"etvr_set": one}) for one in SETS])
def test_where_nobody_is_they_are_zero(name, options):
    dialect = DIALECTS[name](**options)
    told(dialect, person()._replace(taught=TAUGHT))
    lost = [m for m in told(dialect, None, fresh=True) if "smirk" in m[0] or "smirk" in m[2]]
    assert [args[-1] for _, _, args in lost] == [0.0]


@pytest.mark.parametrize("one", sorted(SETS))
def test_the_last_word_of_etvr_takes_them_back(one):
    dialect, face = DIALECTS["etvr"](etvr_set=one), person()._replace(taught=TAUGHT)
    moment = Moment(1, 2.5, 0.0, (640, 480), face, 1, 0.0)
    dialect(moment)
    last = values([m for d in dialect.farewell(moment, 0) for m in decoded(d)])
    assert [last["/avatar/parameters/" + name] for name in TAUGHT] == [0.0, 0.0]


def test_each_bundle_of_kagami_begins_with_the_frame():
    datagrams = Kagami()(Moment(7, 2.5, 0.0, (640, 480), person()._replace(taught=TAUGHT), 1, 0.0))
    firsts = [decoded(d)[0] for d in datagrams]
    assert [m[0] for m in firsts] == ["/kagami/frame"] * 2 and firsts[0] == firsts[1]


def test_each_slot_of_kagami_has_its_own():
    faces = [person()._replace(taught={"smirk": value}) for value in (0.25, 0.75)]
    slots = tuple(Slot(face, i, 0.0, False) for i, face in enumerate(faces))
    there = values(told(Kagami(), faces[0], slots=slots + (Slot(None, 2, 0.0, True),)))
    assert [there.get("/kagami/face/%d/taught/smirk" % i) for i in range(3)] == [0.25, 0.75, None]


@pytest.mark.parametrize("mask, there", [(ARKIT, True), (HUMAN, True), (STATE | POSE, False)])
def test_a_subscriber_gets_them_with_the_weights(mask, there):
    addresses = values(told(Kagami(mask=mask), person()._replace(taught=TAUGHT)))
    assert ("/kagami/face/0/taught/smirk" in addresses) == there


def test_oscquery_shows_them():
    names = Namespace()
    face = person()._replace(taught=TAUGHT)
    root = names.tree(Moment(1, 2.5, 0.0, (640, 480), face, 1, 0.0), None)
    assert found(root, "/kagami/face/0/taught/smirk")["VALUE"] == [0.75]


def test_vrchat_is_sent_what_its_avatar_declares_and_in_its_type():
    plain = Vrchat(prefix="/tv")
    dialect = plain.declared({"/avatar/parameters/Face/smirk": "T",
                              "/avatar/parameters/other": "f",
                              "/avatar/parameters/%s/gape" % ("x" * 2000): "f"})
    face = person()._replace(taught=TAUGHT)
    assert [m[:2] for m in told(dialect, face) if "smirk" in m[0] or "gape" in m[0]] == [
        ("/tv/avatar/parameters/Face/smirk", ",T")]
    assert "/tv/avatar/parameters/smirk" in values(told(plain, face))


def test_they_ease_to_zero_when_the_face_is_lost():
    loss = types.SimpleNamespace(hold_ms=250, return_ms=500, blend_ms=150, lost_keepalive_hz=5.0)
    with Receiver() as there:
        target = types.SimpleNamespace(to="vmc@127.0.0.1:%d" % there.port)
        out = Outputs([target], loss, types.SimpleNamespace(neck_share=0.4, limit=1472))
        for i in range(40):
            faces = [person()._replace(taught=TAUGHT)] if i < 3 else []
            out.send(faces, frame(i / 30.0))
        out.close()
        shown = [args[1] for address, _, args in there.messages() if "smirk" in args]
    assert shown[0] == 0.75 and shown[-1] == 0.0
    assert any(0.1 < value < 0.6 for value in shown) and shown == sorted(shown, reverse=True)
