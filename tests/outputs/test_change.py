"""Targets that are added, dropped and changed while frames go out."""
import types

import pytest

from appliance.errors import UsageError
from appliance.outputs import Outputs
from tests.fakes.people import frame, person
from tests.outputs.test_outputs import LOSS, OUTPUT, target


def send(out, time):
    out.send([person()], frame(time))


def test_an_added_one_is_sent_to_and_a_dropped_one_says_farewell(two):
    a, b = two
    out = Outputs([target(a, "kagami")], LOSS, OUTPUT)
    send(out, 1.0)
    a.datagrams()
    out.change([target(b, "kagami")], LOSS, OUTPUT)
    send(out, 2.0)
    assert a.messages() == [("/kagami/bye", ",i", [0])] and b.values("euler")
    send(out, 3.0)
    assert a.datagrams() == []


def test_one_that_stays_keeps_its_socket_and_its_state(two):
    a, b = two
    out = Outputs([target(a, "vrchat"), target(b)], LOSS, OUTPUT)
    send(out, 1.0)
    sender = a.socket.recvfrom(65536)[1]
    a.datagrams()
    out.change([target(b), target(a, "vrchat")], LOSS, OUTPUT)
    send(out, 1.01)
    assert a.datagrams() == []          # nothing has moved since
    send(out, 3.0)                      # everything is told again after a second
    assert a.socket.recvfrom(65536)[1] == sender


def test_one_that_changes_keeps_its_socket(two):
    a, _ = two
    out = Outputs([target(a)], LOSS, OUTPUT)
    send(out, 1.0)
    senders = {a.socket.recvfrom(65536)[1] for _ in range(3)}
    out.change([target(a, case="camel", mirror=True)], LOSS, OUTPUT)
    send(out, 2.0)
    senders.add(a.socket.recvfrom(65536)[1])
    assert len(senders) == 1
    send(out, 3.0)
    assert "jawOpen" in [args[0] for args in a.values("Blend/Val")]


def test_a_change_of_all_dialects_reaches_each(two):
    a, _ = two
    out = Outputs([target(a)], LOSS, OUTPUT)
    out.change([target(a)], LOSS, types.SimpleNamespace(neck_share=0.0, limit=1472))
    send(out, 1.0)
    neck = [args[4:] for args in a.values("Bone/Pos") if args[0] == "Neck"]
    assert neck == [[0.0, 0.0, 0.0, 1.0]]


def test_other_times_of_loss_hold_at_once(two):
    a, _ = two
    out = Outputs([target(a, "kagami")], LOSS, OUTPUT)
    send(out, 1.0)
    out.change([target(a, "kagami")], types.SimpleNamespace(**dict(vars(LOSS), hold_ms=5000)),
               OUTPUT)
    a.datagrams()
    out.send([], frame(2.0))
    assert [args[1] for args in a.values("state")] == [2]


@pytest.mark.parametrize("wrong", [["vmcc@127.0.0.1:1"], ["vmc@127.0.0.1:%d" % (i + 1)
                                                          for i in range(13)]])
def test_a_wrong_change_leaves_everything_as_it_was(two, wrong):
    a, _ = two
    out = Outputs([target(a)], LOSS, OUTPUT)
    with pytest.raises(UsageError):
        out.change([types.SimpleNamespace(to=to) for to in wrong], LOSS, OUTPUT)
    send(out, 1.0)
    assert a.values("Apply")


def test_a_limit_that_is_too_small_leaves_everything_as_it_was(two):
    a, b = two
    out = Outputs([target(a, "kagami")], LOSS, OUTPUT)
    with pytest.raises(UsageError, match="limit"):
        out.change([target(a, "kagami", prefix="/" + 60 * "x"), target(b)], LOSS,
                   types.SimpleNamespace(neck_share=0.4, limit=600))
    send(out, 1.0)
    assert a.values("euler") and not b.datagrams()


def test_the_same_place_may_be_there_twice(two):
    a, _ = two
    both = [target(a, "kagami", prefix="/one"), target(a, "kagami", prefix="/two")]
    out = Outputs(both, LOSS, OUTPUT)
    out.change(both[1:], LOSS, OUTPUT)
    a.datagrams()
    send(out, 1.0)
    assert {m[0].split("/")[1] for m in a.messages()} == {"two"}


def test_why_somebody_is_sent_to_is_known(two):
    a, b = two
    named = [types.SimpleNamespace(name=name, to=to) for name, to in (
        ("pc", "vmc@127.0.0.1:1"), ("", "vmc@127.0.0.1:2"), ("--to", "vmc@127.0.0.1:3"),
        ("vmc@127.0.0.1:4", "vmc@127.0.0.1:4"))]
    out = Outputs(named, LOSS, OUTPUT)
    assert [c.why for c in out.channels] == ["[target pc]", "[target]", "--to", "added"]


def test_the_rate_and_what_is_known_of_a_receiver_are_told(two, monkeypatch):
    clock = [50.0]
    monkeypatch.setattr("appliance.outputs.channel.time.monotonic", lambda: clock[0])
    out = Outputs([target(two[0], "kagami"), types.SimpleNamespace(to="vmc@127.0.0.1:1")], LOSS,
                  OUTPUT)
    for i in range(30):
        send(out, i / 30.0)
    clock[0] += 1.0
    from tests.outputs.test_outputs import STATUS
    out.report(STATUS)
    there, away = out.channels
    assert there.rate == pytest.approx(30.0) and there.link.answer == "not refused"
    assert away.link.answer == "nobody listens there" and away.link.refused >= 30
