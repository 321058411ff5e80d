import struct

import numpy as np
import pytest

from appliance.errors import UsageError
from appliance.outputs.osc import Bool, Float, Int, Layout, message
from tests.golden import decoded

MESSAGES = [("/a", ("name", Float(0), Int(0))), ("/b", (Float(1), 0.5, Float(0))), ("/c", ())]


def written(layout, floats):
    layout.floats[:] = floats
    return layout.write()


def arguments(layout):
    return {address: args for d in layout.write() for address, _, args in decoded(d)}


def test_numbers_arrive_at_their_places():
    layout = Layout(MESSAGES)
    layout.floats[:], layout.ints[:] = (0.25, -3.0), 7
    assert arguments(layout) == {"/a": ["name", 0.25, 7], "/b": [-3.0, 0.5, 0.25], "/c": []}


def test_a_number_may_stand_in_two_places():
    layout = Layout([("/a", (Float(0),)), ("/b", (Float(0),))], bundle=False)
    layout.floats[0] = 2.5
    assert arguments(layout) == {"/a": [2.5], "/b": [2.5]}


def test_there_may_be_numbers_that_no_message_tells():
    layout = Layout([("/a", (Float(2), Int(0)))], room=5)
    layout.floats[:], layout.ints[:] = (1.0, 2.0, 3.0, 4.0, 5.0), 7
    assert arguments(layout) == {"/a": [3.0, 7]}


@pytest.mark.parametrize("places", [(0, 1, 2), (2, 1, 0), (1, 2, 3), (3, 0, 3)])
def test_numbers_may_stand_in_any_order_and_leave_some_out(places):
    layout = Layout([("/a", tuple(Float(i) for i in places) + (Int(1), Int(0)))], room=4)
    layout.floats[:], layout.ints[:] = (0.0, 1.0, 2.0, 3.0), (7, 8)
    assert arguments(layout) == {"/a": [float(i) for i in places] + [8, 7]}


def test_truth_arrives_as_a_tag():
    layout = Layout([("/abc", (Bool(1), 5, Bool(0), Float(0))), ("/a", (Bool(1),))])
    layout.bools[:], layout.floats[0] = (True, False), 0.5
    assert arguments(layout) == {"/abc": [False, 5, True, 0.5], "/a": [False]}
    layout.bools[:] = False, True
    assert arguments(layout) == {"/abc": [True, 5, False, 0.5], "/a": [True]}


def test_texts_of_every_length_keep_the_numbers_behind_them_right():
    for text in ("", "a", "abc", "abcd", "\u30bf\u30b0", "x" * 31):
        layout = Layout([("/" + "p" * n, (text, Float(0), text, Int(0))) for n in range(1, 6)])
        layout.floats[0], layout.ints[0] = 1.5, -2
        assert set(map(tuple, arguments(layout).values())) == {(text, 1.5, text, -2)}


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf"), 1e39, -1e300])
def test_what_is_no_float32_leaves_the_last_good_value(bad):
    layout = Layout(MESSAGES)
    layout.floats[:] = 0.75, 1.0
    layout.write()
    layout.floats[0] = bad
    assert arguments(layout)["/a"][1] == 0.75


@pytest.mark.parametrize("zero", [-0.0, -1e-60])
def test_zero_has_no_sign(zero):
    layout = Layout([("/a", (Float(0),))], bundle=False)
    layout.floats[0] = zero
    assert bytes(layout.write()[0])[-4:] == b"\0\0\0\0"
    assert message("/a", -0.0)[-4:] == b"\0\0\0\0"


def test_bundles_are_filled_in_order_up_to_the_limit():
    many = [("/m%02d" % i, (Float(i),)) for i in range(20)]        # 16 bytes each, 20 in a bundle
    sizes = [len(d) for d in Layout(many, limit=16 + 5 * 20 + 19).datagrams]
    assert sizes == [116, 116, 116, 116]
    assert [m[0] for d in Layout(many, 136).write() for m in decoded(d)] == [m[0] for m in many]


def test_bundles_are_timed_at_once_and_not_nested():
    for datagram in Layout([("/m", (i,)) for i in range(200)]).datagrams:
        assert bytes(datagram[:16]) == b"#bundle\0" + struct.pack(">Q", 1)
        at = 16
        while at < len(datagram):
            size, = struct.unpack(">i", datagram[at:at + 4])
            assert bytes(datagram[at + 4:at + 5]) == b"/"
            at += 4 + size
        assert at == len(datagram)


@pytest.mark.parametrize("limit", [100, 136, 1472])
def test_some_messages_are_bundled_as_a_layout_would(limit):
    many = [("/m%02d" % i, (Float(i),)) for i in range(20)]
    alone = Layout(many, limit, bundle=False)
    alone.floats[:] = range(20)
    assert alone.write() and alone.bundled(range(20)) == [
        bytes(d) for d in written(Layout(many, limit), range(20))]
    assert [m for d in alone.bundled([3, 4, 5]) for m in decoded(d)] == [
        ("/m%02d" % i, ",f", [i]) for i in (3, 4, 5)]
    assert alone.bundled([]) == []


def test_each_bundle_begins_with_the_head():
    layout = Layout([("/m%d" % i, (Float(0),)) for i in range(9)], 100, head=("/head", (Int(0),)))
    layout.ints[0] = 5
    assert len(layout.datagrams) == 3
    assert all(decoded(d)[0] == ("/head", ",i", [5]) for d in layout.write())


def test_without_bundles_each_message_is_a_datagram():
    layout = Layout(MESSAGES, bundle=False, head=("/head", (1,)))
    assert [bytes(d).split(b"\0")[0] for d in layout.datagrams] == [b"/head", b"/a", b"/b", b"/c"]


def test_a_message_that_fits_no_datagram_is_refused():
    with pytest.raises(UsageError, match="limit of 100 bytes.*takes 4"):
        Layout([("/long", tuple(Float(i) for i in range(80)))], limit=100)


def test_a_message_by_itself_has_no_number_that_is_none():
    assert decoded(message("/a", float("nan"), float("inf"), 1.5, 3, "x")) == [
        ("/a", ",fffis", [0.0, 0.0, 1.5, 3, "x"])]


def test_random_numbers_survive_as_float32():
    layout = Layout([("/a%d" % i, (Float(i),)) for i in range(300)])
    random = np.random.RandomState(1)
    numbers = random.randn(300) * 10.0 ** random.randint(-30, 30, 300)
    layout.floats[:] = numbers
    got = [args[0] for d in layout.write() for _, _, args in decoded(d)]
    assert got == [float(np.float32(v)) for v in numbers]
