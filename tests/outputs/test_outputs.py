"""Everything behind the tracker at once: real sockets, made-up times."""
import gc
import logging
import shutil
import subprocess
import sys
import types

import numpy as np
import pytest

from appliance.errors import UsageError
from appliance.outputs import Outputs
from appliance.outputs.dialects.openseeface import PACKET
from tests.fakes.people import frame, person
from tests.fakes.receiver import Receiver, eventually, free_port, listens

LOSS = types.SimpleNamespace(hold_ms=250, return_ms=500, blend_ms=150, lost_keepalive_hz=5.0)
OUTPUT = types.SimpleNamespace(neck_share=0.4, limit=1472)
STATUS = types.SimpleNamespace(code=1, text="running", fps=29.9, dropped=2, temperature=41.0,
                               uptime=12.3, size=(640, 480), fov=60.0, ms={"total": 3.5})


def target(there, dialect="vmc", **options):
    return types.SimpleNamespace(to="%s@127.0.0.1:%d" % (dialect, there.port), **options)


def outputs(*targets, **loss):
    return Outputs(targets, types.SimpleNamespace(**dict(vars(LOSS), **loss)), OUTPUT)


def test_one_frame_reaches_both_dialects(two):
    out = outputs(target(two[0]), target(two[1], "kagami"))
    out.send([person(jawOpen=0.5)], frame(1.0))
    assert [a[1] for a in two[0].values("Blend/Val") if a[0] == "JawOpen"] == [0.5]
    assert [round(v, 3) for v in two[1].values("euler")[0]] == [20.0, 10.0, 5.0]


def test_the_wires_show_the_same_pose(two):
    out = outputs(target(two[0]), target(two[1], "kagami"))
    for i in range(40):
        out.send([person(yaw=i)] if i < 9 else [], frame(i / 30.0))
        bones = {a[0]: np.array(a[4:]) for a in two[0].values("Bone/Pos")}
        whole = [a for a in two[1].messages() if a[0].endswith("rot")]
        if whole:
            x, y, z, w = hamilton(bones["Neck"], bones["Head"])
            assert whole[0][2] == pytest.approx([w, x, y, z], abs=1e-6)


def hamilton(a, b):
    (x, y, z, w), (p, q, r, s) = a, b
    return np.array([w * p + x * s + y * r - z * q, w * q - x * r + y * s + z * p,
                     w * r + x * q - y * p + z * s, w * s - x * p - y * q - z * r])


def test_a_mirrored_target_shows_the_other_side(two):
    out = outputs(target(two[0], "kagami"), target(two[1], "kagami", mirror=True))
    out.send([person(yaw=20, pitch=10, roll=5, jawLeft=0.25)], frame(1.0))
    plain, other = two[0].messages(), two[1].messages()
    assert other[4][0].endswith("euler")
    assert [round(v, 3) for v in other[4][2]] == [-20.0, 10.0, -5.0]
    assert other[0][2][4] == plain[0][2][4] | 2
    assert other[9][2][25] == 0.25 and plain[9][2][23] == 0.25       # jawRight, jawLeft


def test_a_rate_is_a_limit_for_one_target_alone(two):
    out = outputs(target(two[0], "kagami", rate=10), target(two[1], "kagami"))
    for i in range(300):
        out.send([person()], frame(i / 30.0))
    assert 99 <= len(two[0].values("frame")) <= 101 and len(two[1].values("frame")) == 300


def test_vmc_is_never_sent_faster_than_its_receivers_bear(there):
    out = outputs(target(there))
    for i in range(240):
        out.send([person()], frame(i / 240.0))
    assert 59 <= len(there.values("Apply")) <= 61


def test_without_bundles_every_message_comes_alone(there):
    out = outputs(target(there, bundle=False))
    out.send([person()], frame(1.0))
    datagrams = there.datagrams()
    assert len(datagrams) == 60 and all(d[:1] == b"/" for d in datagrams)


def test_a_prefix_stands_before_every_address(there):
    out = outputs(target(there, "kagami", prefix="/one"))
    out.send([person()], frame(1.0))
    out.report(STATUS)
    out.close()
    addresses = [m[0] for m in there.messages()]
    assert len(set(addresses)) == 11 + 5 + 1
    assert all(a.startswith("/one/kagami/") for a in addresses)


def test_a_lower_limit_is_kept(there):
    out = Outputs([target(there), target(there, "kagami")], LOSS,
                  types.SimpleNamespace(neck_share=0.4, limit=1232))
    out.send([person()], frame(1.0))
    assert max(len(d) for d in there.datagrams()) <= 1232


def test_loss_on_the_wire_of_vmc(there):
    out = outputs(target(there))
    out.send([person(jawOpen=1.0)], frame(0.0))
    there.datagrams()
    told = []
    for i in range(1, 91):
        out.send([], frame(i / 30.0))
        messages = there.messages()
        ok = [a[3] for address, _, a in messages if address.endswith("OK")]
        jaw = [a[1] for address, _, a in messages if a and a[0] == "JawOpen"]
        told += [(i / 30.0, ok[0], jaw[0])] if ok else []
    held = [t for t in told if t[0] < 0.25]
    back = [t for t in told if 0.25 <= t[0] < 0.75]
    lost = [t for t in told if t[0] >= 0.75]
    assert len(held) == 7 and {t[1:] for t in held} == {(1, 1.0)}
    assert len(back) == 15 and all(a[2] >= b[2] for a, b in zip(back, back[1:]))
    assert {t[1] for t in back} == {0} and {t[1:] for t in lost} == {(0, 0.0)}
    assert 11 <= len(lost) <= 13        # five a second


def test_no_keep_alive_means_one_second_of_neutral_and_silence(there):
    out = outputs(target(there), lost_keepalive_hz=0.0)
    out.send([person()], frame(0.0))
    there.datagrams()
    times = []
    for i in range(1, 150):
        out.send([], frame(i / 30.0))
        times += [i / 30.0] * bool(there.datagrams())
    assert 1.5 <= max(times) <= 1.8


def test_an_assistant_leaves_with_zeros_once(there):
    out = outputs(target(there, role="assistant"))
    out.send([person(jawOpen=1.0)], frame(0.0))
    for i in range(1, 90):
        out.send([], frame(i / 30.0))
    looks = there.values("Set/Eye")
    assert [a[0] for a in looks].count(0) == 1 and looks[-1] == [0, 0.0, 0.0, 0.0]


def test_loss_on_the_wire_of_kagami(there):
    out = outputs(target(there, "kagami"))
    out.send([person(id=3)], frame(0.0))
    for i in range(1, 31):
        out.send([], frame(i / 30.0))
    messages = there.messages()
    states = [a for address, _, a in messages if address.endswith("state")]
    assert [s[1] for s in states] == [1] + [2] * 7 + [3] * 15 + [0] * 8
    assert {s[0] for s in states} == {3}
    assert states[-1][2:] == pytest.approx([0.0, 1.0])
    frames = [a for address, _, a in messages if address.endswith("frame")]
    assert [a[3] for a in frames] == [1] * 23 + [0] * 8
    assert [a[0] for a in frames] == list(range(31))


@pytest.mark.parametrize("name, options, times", [
    ("vrchat", {}, 10), ("vrchat", {"parameters": "none"}, 0), ("babble", {}, 10),
    ("etvr", {}, 10), ("etvr", {"etvr_set": "native"}, 0), ("faceosc", {}, 300)])
def test_how_often_in_ten_seconds_the_others_are_told_that_nobody_is_there(there, name, options,
                                                                          times):
    out = outputs(target(there, name, **options))
    out.send([person()], frame(0.0))
    assert there.messages()
    told = 0
    for i in range(1, 330):
        out.send([], frame(i / 30.0))
        told += bool(there.datagrams()) and i >= 30
    assert abs(told - times) <= 1


@pytest.mark.parametrize("name, last", [
    ("vrchat", ("/avatar/parameters/FT/v2/TongueOut", ",f", [0.0])),
    ("babble", ("/tongueTwistRight", ",f", [0.0])), ("faceosc", ("/found", ",i", [0])),
    ("etvr", ("/avatar/parameters/v2/EyeLidRight", ",f", [1.0]))])
def test_the_others_end_at_rest_three_times(there, name, last):
    out = outputs(target(there, name))
    out.send([person(tongueOut=1.0)], frame(0.0))
    there.datagrams()
    out.close()
    messages = there.messages()
    assert messages[-1] == last and messages.count(last) == 3


def test_the_field_of_view_sets_the_scale_of_the_picture(there):
    out = Outputs([target(there, "faceosc")], LOSS, OUTPUT, 90.0)
    out.send([person(yaw=0, pitch=0, roll=0)], frame(1.0))
    assert there.values("pose/scale") == [[pytest.approx(320 * 3.6 / 541)]]


def test_a_frame_after_the_loss_comes_at_once(there):
    out = outputs(target(there))
    for i in range(31):
        out.send([], frame(i / 30.0))
    there.datagrams()
    out.send([person()], frame(31 / 30.0))
    assert [a[3] for a in there.values("OK")] == [1]


def test_a_short_pause_of_the_camera_is_no_loss(there):
    out = outputs(target(there, "kagami"))
    out.send([person()], frame(1.0))
    there.datagrams()
    out.idle(1.05, True)
    assert there.datagrams() == []


def test_a_stalled_camera_loses_the_face_and_says_so(there):
    out = outputs(target(there, "kagami"))
    out.send([person()], frame(1.0))
    there.datagrams()
    for i in range(2, 25):
        out.idle(1.0 + i * 0.04, i < 4)
    messages = there.messages()
    assert [a[1] for address, _, a in messages if address.endswith("state")] == (
        [2] * 5 + [3] * 12 + [0] * 6)
    assert {a[4] & 4 for address, _, a in messages if address.endswith("frame")} == {0}


def test_hurried_idle_calls_send_no_more_than_a_camera_would(there):
    out = outputs(target(there, "kagami"))
    for i in range(1000):
        out.idle(5.0 + i * 0.001, False)
    assert len(there.values("frame")) <= 34


def test_vmc_is_kept_alive_while_there_is_no_camera(there):
    out = outputs(target(there))
    for i in range(75):
        out.idle(100.0 + i * 0.04, False)
    assert 14 <= len(there.values("Apply")) <= 16


def test_slow_messages_come_whole_at_first_and_then_every_ten_seconds(there, monkeypatch):
    clock = [50.0]
    monkeypatch.setattr("appliance.outputs.time.monotonic", lambda: clock[0])
    out = outputs(target(there, "kagami"))
    heard = []
    for _ in range(12):
        out.report(STATUS)
        heard.append(sorted(a.rsplit("/", 1)[1] for a, _, _ in there.messages()))
        clock[0] += 1.0
    assert heard[0] == heard[10] == ["camera", "names", "status", "timing", "version"]
    assert all(h == ["status", "timing"] for h in heard[1:10] + heard[11:])


def test_the_camera_is_told_anew_when_it_changes(there):
    out = outputs(target(there, "kagami"))
    out.report(types.SimpleNamespace(**dict(vars(STATUS), size=None)))
    assert there.values("camera") == []
    out.report(STATUS)
    assert there.values("camera")[0][:2] == [640, 480]


def test_farewells_come_three_times(two):
    out = outputs(target(two[0]), target(two[1], "kagami"))
    out.send([person()], frame(1.0))
    for receiver in two:
        receiver.datagrams()
    out.close(2)
    out.close(2)
    neutral = two[0].messages()
    assert [a[3] for address, _, a in neutral if address.endswith("OK")] == [0, 0, 0]
    assert {a[1] for address, _, a in neutral if address.endswith("Val")} == {0.0}
    assert two[1].messages() == [("/kagami/bye", ",i", [2])] * 3


def test_after_the_farewell_there_is_silence(there):
    out = outputs(target(there))
    out.close()
    there.datagrams()
    out.send([person()], frame(1.0))
    out.report(STATUS)
    assert there.datagrams() == []


def test_wall_time_and_its_trust_are_told(there, monkeypatch):
    monkeypatch.setattr("appliance.outputs.clock.unix", lambda t: 1700000000.25 + t)
    monkeypatch.setattr("appliance.outputs.clock.synchronised", lambda: False)
    out = outputs(target(there, "kagami"))
    out.send([], frame(2.5))
    assert there.values("frame") == [[0, 1700000002, 750000000, 0, 4]]


def test_the_field_of_view_reaches_the_points_in_the_head(there):
    out = outputs(target(there, "openseeface"))
    for fov in (60.0, 90.0):
        out.report(types.SimpleNamespace(**dict(vars(STATUS), fov=fov)))
        out.send([person()], frame(1.0))
    narrow, wide = [np.frombuffer(d, PACKET)[0] for d in there.datagrams()]
    assert np.all(narrow["points"] == wide["points"])
    assert np.abs(narrow["points3d"] - wide["points3d"]).max() > 0.1


@pytest.mark.parametrize("seed", range(5))
def test_no_number_on_the_wire_is_none_whatever_comes_in(two, seed):
    random = np.random.RandomState(seed)
    out = outputs(target(two[0]), target(two[1], "kagami", mirror=True))
    for i in range(40):
        face = person(yaw=random.uniform(-60, 60))
        for values in (face.rotation, face.landmarks, face.blendshapes, face.translation, face.box,
                       face.left.gaze, face.right.iris):
            if random.rand() < 0.3:
                values.flat[random.randint(values.size)] = random.choice([np.nan, np.inf, -np.inf])
        face = face._replace(score=random.choice([0.9, np.nan]))
        out.send([face], frame(i / 30.0))
    for address, tags, args in two[0].messages() + two[1].messages():
        assert all(np.isfinite(v) for v in args if isinstance(v, float)), address
        if address.endswith(("Bone/Pos", "rot")):
            assert np.linalg.norm(args[-4:]) == pytest.approx(1.0, abs=1e-5)


def test_twelve_targets_are_served_and_thirteen_refused():
    receivers = [Receiver() for _ in range(13)]
    out = outputs(*[target(r) for r in receivers[:12]])
    out.send([person()], frame(1.0))
    assert [len(r.datagrams()) for r in receivers] == [3] * 12 + [0]
    with pytest.raises(UsageError, match="13 targets: at most 12"):
        outputs(*[target(r) for r in receivers])
    for receiver in receivers:
        receiver.socket.close()


def test_several_faces_reach_the_wires_that_can_carry_them(two):
    out = outputs(target(two[0], "kagami"), target(two[1], "openseeface"),
                  target(two[1], "opentrack"))
    out.send([person(id=1), person(id=2)], frame(1.0))
    assert [m[0] for m in two[0].messages() if m[0].endswith("state")] == [
        "/kagami/face/0/state", "/kagami/face/1/state"]
    assert [len(d) for d in two[1].datagrams()] == [2 * PACKET.itemsize, 48]


def test_a_target_that_is_switched_off_is_not_sent_to(there):
    out = outputs(target(there, enabled=False))
    out.send([person()], frame(1.0))
    out.close()
    assert there.datagrams() == []


def test_a_receiver_that_is_away_takes_nothing_from_another(there, caplog):
    caplog.set_level(logging.INFO, "kagami.outputs")
    away = types.SimpleNamespace(to="vmc@127.0.0.1:%d" % free_port())
    out = outputs(away, target(there))
    for i in range(100):
        out.send([person()], frame(i / 30.0))
    assert len(there.values("Apply")) == 100
    assert caplog.messages == [away.to + ": nobody listens there; sending goes on"]


def test_sending_needs_no_more_memory_as_it_goes_on(two):
    out = outputs(target(two[0]), target(two[1], "kagami", mirror=True))
    face, picture = person(), frame(0.0)

    def blocks_after(count, start):
        for i in range(count):
            out.send([face] if i % 50 else [], picture._replace(time=start + i / 30.0))
        gc.collect()
        return sys.getallocatedblocks()
    before = blocks_after(200, 0.0)
    assert blocks_after(10000, 10.0) - before < 50


@pytest.mark.skipif(not shutil.which("oscdump"), reason="no oscdump (liblo-tools) on this machine")
def test_liblo_reads_the_same():
    port = free_port()
    dump = subprocess.Popen(["stdbuf", "-oL", "oscdump", "-L", str(port)], stdout=subprocess.PIPE,
                            universal_newlines=True)
    out = outputs(types.SimpleNamespace(to="vmc@127.0.0.1:%d" % port),
                  types.SimpleNamespace(to="kagami@127.0.0.1:%d" % port))
    try:
        assert eventually(lambda: listens(port))
        out.send([person(yaw=20, jawOpen=0.5)], frame(1.0))
        lines = [dump.stdout.readline().split() for _ in range(60 + 11)]
    finally:
        dump.terminate()
        dump.wait()
    assert ["/VMC/Ext/Blend/Val", "sf", '"JawOpen"', "0.500000"] in [line[-4:] for line in lines]
    assert lines[59][-3:-1] == ["/VMC/Ext/T", "f"]
    assert any(line[1:3] == ["/kagami/face/0/arkit", "f" * 52] or line[:2] == [
        "/kagami/face/0/arkit", "f" * 52] for line in lines)
