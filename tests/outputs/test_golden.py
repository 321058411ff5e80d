"""Every dialect against datagrams that another encoder made."""
import types
from itertools import zip_longest

import pytest

from appliance.outputs.dialects.babble import Babble
from appliance.outputs.dialects.etvr import Etvr
from appliance.outputs.dialects.faceosc import FaceOsc
from appliance.outputs.dialects.kagami import Kagami
from appliance.outputs.dialects.vmc import Vmc
from appliance.outputs.dialects.vrchat import Vrchat
from tests import golden

pytestmark = golden.needs_wires
BINARY = {"/avatar/parameters/FT/v2/" + name: "T" for name in (
    "JawOpen1 JawOpen2 JawOpen4 JawOpen8 EyeLeftX1 EyeLeftX2 EyeLeftX4 EyeLeftXNegative MouthX1 "
    "MouthX2 MouthX4 MouthXNegative").split()}


def binary():
    dialect = Vrchat(changed_only=False, native="no")
    dialect.declare(BINARY)
    return dialect


DIALECTS = {
    "vmc-arkit": lambda: Vmc(),
    "vmc-arkit-camel": lambda: Vmc(case="camel"),
    "vmc-vrm0": lambda: Vmc(blendshapes="vrm0", eyes="both"),
    "vmc-assistant": lambda: Vmc(role="assistant"),
    "kagami": lambda: Kagami(),
    "kagami-human": lambda: Kagami(form="human"),
    "vrchat": lambda: Vrchat(changed_only=False),
    "vrchat-native": lambda: Vrchat(parameters="none", vergence=True),
    "vrchat-binary": binary,
    "babble": lambda: Babble(changed_only=False),
    "etvr-v1": lambda: Etvr(etvr_set="v1"),
    "etvr-v2": lambda: Etvr(),
    "faceosc": lambda: FaceOsc(),
    "etvr-native": lambda: Etvr(etvr_set="native"),
}


def tolerance(address):
    """The README's: degrees, millimetres and picture fractions are looser than weights."""
    leaf = address.split("/")[-1]
    if address.startswith(("/pose", "/gesture", "/raw")):
        return {"position": 2e-3, "raw": 2e-3, "orientation": 2e-6}.get(leaf, 1e-5)
    if leaf in ("euler", "left", "right"):
        return 1e-4
    if leaf == "pos":
        return 1e-3
    return 2e-6 if leaf in ("box", "iris", "points", "Pos", "Eye") else 1e-6


def assert_same(got, wanted):
    """Number and length of datagrams, then every message."""
    assert [len(d) for d in got] == [d["bytes"] for d in wanted]
    for datagram, expected in zip(got, wanted):
        messages = golden.decoded(datagram)
        kinds = [(e["address"], e["types"]) for e in expected["messages"]]
        assert [m[:2] for m in messages] == kinds
        for (address, _, arguments), e in zip(messages, expected["messages"]):
            for value, want in zip(arguments, e["args"]):
                assert type(value) == type(want) or not isinstance(want, bool)
                if isinstance(value, float):
                    assert value == pytest.approx(want, rel=0, abs=tolerance(address)), address
                else:
                    assert value == want, address


@pytest.mark.parametrize("face", golden.NAMES)
@pytest.mark.parametrize("wire", sorted(DIALECTS))
def test_equals_the_golden_datagrams(wire, face):
    got = DIALECTS[wire]()(golden.moment(face))
    assert_same(got, golden.load(wire)["faces"][face])


@pytest.mark.parametrize("wire", sorted(DIALECTS))
def test_nothing_of_one_face_is_left_in_the_next(wire):
    dialect, wanted = DIALECTS[wire](), golden.load(wire)["faces"]
    for face in golden.NAMES + golden.NAMES[::-1]:
        assert_same(dialect(golden.moment(face)), wanted[face])


@pytest.mark.parametrize("wire", sorted(DIALECTS))
def test_bytes_are_those_of_the_other_encoder_where_all_numbers_are_plain(wire):
    got = DIALECTS[wire]()(golden.moment("D_lost"))
    assert [bytes(d).hex() for d in got] == [
        d["hex"] for d in golden.load(wire)["faces"]["D_lost"]]


# What messages have had appended since: the tags, which still fit into the same words.
APPENDED = {"/kagami/timing": "f"}


def test_announcements_equal_the_golden_ones(monkeypatch):
    monkeypatch.setattr("appliance.outputs.dialects.kagami.__version__", "0.1.0")
    monkeypatch.setattr("appliance.outputs.dialects.kagami.BUILD", "golden")
    status = types.SimpleNamespace(
        code=1, text="tracking", fps=30.0, dropped=0, temperature=47.5, uptime=3600.4,
        size=(1280, 720), fov=65.2384848,
        ms={"capture": 8.5, "detector": 6.25, "landmarks": 4.5, "pose": 0.25, "iris": 0.75,
            "expression": 2.75, "publish": 0.5, "total": 24.0})
    got = Kagami().announce(status, True)
    wanted = golden.load("kagami-announce")["datagrams"]
    for datagram, expected in zip_longest(got, wanted):
        (address, tags, arguments), want = golden.decoded(datagram)[0], expected["messages"][0]
        since = APPENDED.get(address, "")
        assert (address, tags) == (want["address"], want["types"] + since)
        assert len(datagram) == expected["bytes"] + 4 * len(since)
        for value, other in zip(arguments, want["args"]):
            assert value == (other if isinstance(value, str) else pytest.approx(other, abs=1e-4))
