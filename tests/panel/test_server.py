"""The page's server: what it serves, what it passes on, what it says when nobody runs."""
import asyncio
import json
import os

import pytest

from appliance.box import wish
from appliance.panel.picture import luma
from appliance.panel.stream import LINGERS, SLOW
from tests.box.workshop import installed
from tests.panel.conftest import told

BUNDLE = b"#bundle\0\0\0\0\0\0\0\0\1"


def test_the_page_comes_with_its_type_and_is_asked_for_again_only_when_it_changed(house):
    async def visit(house):
        status, headers, text = await house.get("/")
        assert (status, text) == (200, "<title>Kagami</title>")
        assert headers["Content-Type"] == "text/html; charset=utf-8"
        assert headers["Cache-Control"] == "no-cache" and headers["Last-Modified"]
        again = {"If-None-Match": headers["ETag"]}
        assert (await house.get("/", **again))[0] == 304
    house(visit)


def test_scripts_have_the_type_that_browsers_insist_on(house):
    async def visit(house):
        _, headers, _ = await house.get("/look.js")
        assert headers["Content-Type"] == "text/javascript; charset=utf-8"
        _, headers, text = await house.get("/vendor/three.js")
        assert (headers["Content-Type"], text) == ("text/javascript; charset=utf-8", "let b")
    house(visit)


def test_the_stream_tells_what_the_running_program_sends(house):
    async def visit(house):
        async with house.running(), house.stream("?points=1&iris=1") as stream:
            frame = await told(stream, "frame")
            names = await told(stream, "names")
        face, = frame["faces"]
        jaw = names["blendshapes"].index("jawOpen")
        assert (face["state"], face["blendshapes"][jaw]) == ("tracked", 0.5)
        assert face["angles"] == pytest.approx([20, 10, 5], abs=0.02)
        assert (len(face["points"]), len(face["iris"]), face["slot"]) == (136, 6, 0)
        assert face["left"]["gaze"] == pytest.approx([12, 6], abs=0.01)
        assert frame["camera_running"] and not frame["mirrored"]
    house(visit)


def test_who_wishes_no_points_gets_none_and_every_second_frame(house):
    async def visit(house):
        async with house.running(), house.stream("?divider=2") as stream:
            first, second = await told(stream, "frame"), await told(stream, "frame")
        assert "points" not in first["faces"][0] and "iris" not in first["faces"][0]
        assert (second["number"] - first["number"]) % 2 == 0
    house(visit)


def test_no_more_is_asked_for_than_somebody_watches(house):
    async def visit(house):
        def asked():
            return [(lease.wish.every, lease.wish.mask)
                    for lease in running._subscriptions._leases.values()]
        async with house.running() as running, house.stream("?divider=0") as state:
            await told(state, "status")
            assert asked() == [(1, SLOW)]
            async with house.stream("?divider=6"), house.stream("?divider=4&points=1") as faces:
                await told(faces, "frame")
                assert asked() == [(2, 1023 - 64 - 8)]
            while asked() != [(1, SLOW)]:
                await asyncio.sleep(0.1)
    house(visit)


def test_who_wishes_no_frames_hears_the_state_alone(house):
    async def visit(house):
        async with house.running(), house.stream() as all_of_it, house.stream("?divider=0") as one:
            await told(all_of_it, "frame")
            kinds = {(await one.receive_json())["type"] for _ in range(6)}
        assert "status" in kinds and "frame" not in kinds
    house(visit)


def test_a_wish_out_of_bounds_is_told(house):
    async def visit(house):
        status, _, text = await house.get("/stream?divider=-1")
        assert status == 400 and "give 0 to 1000" in json.loads(text)["error"]["do"]
    house(visit)


def test_the_stream_says_when_nobody_runs_and_recovers_by_itself(house):
    async def visit(house):
        async with house.stream() as stream:
            away = await told(stream, "tracker")
            assert not away["reachable"] and "start kagami run" in away["why"]
            async with house.running():
                assert (await told(stream, "tracker"))["reachable"]
                await told(stream, "frame")
            assert (await told(stream, "tracker", reachable=False))["why"] == (
                "kagami run has ended")
            async with house.running():
                await told(stream, "tracker", reachable=True)
                await told(stream, "frame")
    house(visit)


def test_who_joins_later_is_told_at_once_what_is_known(house):
    async def visit(house):
        async with house.running(), house.stream() as first:
            await told(first, "status")
            async with house.stream() as second:
                early = [(await second.receive_json())["type"] for _ in range(3)]
        assert "names" in early and "frame" not in early
    house(visit)


def test_its_own_stream_is_no_target_of_the_page(house):
    async def visit(house):
        async with house.running() as running, house.stream() as stream:
            await told(stream, "frame")
            mine = house.panel._stream._socket.getsockname()[1]
            rows = [{"to": "kagami@127.0.0.1:%d" % port} for port in (mine, 9)]
            running.answers["/kagami/about"] = json.dumps({"targets": rows})
            state = json.loads((await house.get("/api/state"))[2])
        assert state["targets"] == rows[1:]
    house(visit)


def test_the_page_is_told_the_address_under_which_it_reached_us(house):
    async def visit(house):
        state = json.loads((await house.get("/api/state"))[2])
        assert state["panel"]["address"] == "127.0.0.1"
    house(visit)


def test_nothing_is_asked_of_the_program_while_nobody_watches(house):
    async def visit(house):
        async with house.running() as running:
            async with house.stream() as stream:
                await told(stream, "frame")
            await asyncio.sleep(LINGERS + 0.1)
            assert house.panel._stream._asking is None and running.heard == []
    house(visit)


def test_a_slow_watcher_loses_frames_and_nobody_else_does(house):
    async def visit(house):
        async with house.running(rate=240.0), house.stream("?points=1") as quick:
            reader, writer = await asyncio.open_connection("127.0.0.1", house.panel.port,
                                                           limit=1024)
            writer.write(("GET /stream?points=1 HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket"
                          "\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                          "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n").encode())
            numbers = [(await told(quick, "frame"))["number"] for _ in range(300)]
            writer.close()
        assert numbers == list(range(numbers[0], numbers[0] + 300))
    house(visit)


async def pictured(look):
    """(frame, JPEG) of the next picture."""
    frame = await asyncio.wait_for(look.receive_json(), 30.0)
    return frame, await asyncio.wait_for(look.receive_bytes(), 30.0)


def test_pictures_come_as_jpeg_behind_what_is_measured_in_them(house):
    async def visit(house):
        async with house.running(rate=10.0) as running, house.look() as look:
            frame, picture = await pictured(look)
            assert picture[:3] == b"\xff\xd8\xff"
            assert abs(frame["number"] - running.number) < 30
            assert len(frame["faces"][0]["points"]) == 136
    house(visit)


def test_no_picture_is_made_while_nobody_looks(house):
    async def visit(house):
        async with house.running() as running, house.stream() as stream:
            for _ in range(5):
                await told(stream, "frame")
            assert running.pictures == 0 and running.heard == []
    house(visit)


def test_without_preview_a_look_ends_with_its_reason(house):
    async def visit(house):
        async with house.look() as look:
            assert (await look.receive()).data == 4403
    house.options["panel.preview"] = "no"
    house(visit)


def test_the_state_is_that_of_the_program_and_tells_no_token(house):
    async def visit(house):
        async with house.running():
            state = json.loads((await house.get("/api/state"))[2])
        assert state["config"] == {"camera": {"source": "test"}, "control": {}}
        assert state["tracker"] == {"reachable": True, "why": ""} and state["found"] == []
        assert state["panel"]["me"] == "127.0.0.1" and state["panel"]["auth"] == "none"
        assert 0 < state["box"]["memory_mb"][0] < state["box"]["memory_mb"][1]
    house(visit)


def test_engines_that_are_being_built_are_told(house):
    async def visit(house):
        engines = [{"name": "iris", "state": "building", "progress": 0.4}]
        async with house.running() as running:
            running.answers["/kagami/about"] = json.dumps({"engines": engines})
            state = json.loads((await house.get("/api/state"))[2])
        assert state["box"]["engines"] == engines
    house(visit)


def test_the_state_without_a_program_says_why(house):
    async def visit(house):
        state = json.loads((await house.get("/api/state"))[2])
        assert not state["tracker"]["reachable"] and "does not run" in state["tracker"]["why"]
    house(visit)


@pytest.mark.parametrize("path, body, asked", [
    ("recenter", {}, ("/kagami/calibrate/recenter", [""])),
    ("neutral", {"seconds": 2}, ("/kagami/calibrate/neutral", ["", 2.0])),
    ("eyes", {"which": "shut"}, ("/kagami/calibrate/eyes", ["", "shut"])),
    ("gaze", {"yaw": 10, "pitch": -5.5}, ("/kagami/calibrate/gaze", ["", 10.0, -5.5])),
    ("clear", {"what": "eyes"}, ("/kagami/calibrate/clear", ["", "eyes"])),
    ("teach", {"name": "smirk", "times": 3}, ("/kagami/teach", ["smirk", 3])),
    ("forget", {"name": "smirk"}, ("/kagami/forget", ["smirk"])),
    ("set", {"key": "gain/jawOpen", "value": 2}, ("/kagami/set/gain/jawOpen", ["", 2])),
    ("set", {"key": "mirror", "value": True}, ("/kagami/set/mirror", ["", 1])),
    ("wave", {"to": "vmc@127.0.0.1"}, ("/kagami/wave", ["vmc@127.0.0.1"])),
    ("restart", {}, ("/kagami/restart", [])),
    ("import", {"document": {"a": 1}}, ("/kagami/import", ['{"a":1}'])),
    ("change", {"camera": {"flip": "none"}}, ("/kagami/change", ['{"camera": {"flip": "none"}}'])),
])
def test_a_change_is_passed_on(house, path, body, asked):
    async def visit(house):
        async with house.running() as running:
            assert await house.post("/api/" + path, body) == (200, {"ok": True, "said": "done"})
            assert running.heard == [asked]
    house(visit)


def test_the_versions_are_shown_and_the_one_before_is_wished_for(house, state, tmp_path,
                                                                 monkeypatch):
    box = installed(tmp_path / "opt", "0.1.0", "0.2.0")
    monkeypatch.setattr(wish, "Versions", lambda: box)

    async def visit(house):
        shown = json.loads((await house.get("/api/state"))[2])["box"]["versions"]
        assert (shown["current"], shown["previous"]) == ("0.2.0", "0.1.0")
        assert (await house.post("/api/rollback", {}))[0] == 200
        assert wish.WANTED in os.listdir(state)
    house(visit)


def test_where_there_is_no_version_before_the_page_is_told(house, state):
    async def visit(house):
        status, told_so = await house.post("/api/rollback", {})
        assert status == 400 and "no version before" in told_so["error"]["why"]
        assert wish.WANTED not in os.listdir(state)
    house(visit)


def test_what_the_program_complains_of_reaches_the_page(house):
    async def visit(house):
        async with house.running() as running:
            running.refuses["/kagami/change"] = 78, "camera.flip = x: not known; give none"
            status, told_so = await house.post("/api/change", {"camera": {"flip": "x"}})
        assert (status, told_so["error"]) == (400, {"what": "camera.flip = x", "why": "not known",
                                                    "do": "give none"})
    house(visit)


def test_a_change_while_nobody_runs_is_told(house):
    async def visit(house):
        status, told_so = await house.post("/api/recenter", {})
        assert status == 503 and told_so["error"]["why"] == "it does not run here"
    house(visit)


def test_a_question_that_waits_holds_up_no_other(house):
    async def visit(house):
        async with house.running() as running:
            running.silent.add("/kagami/teach")
            lesson = asyncio.ensure_future(house.post("/api/teach", {"name": "a", "times": 2}))
            await asyncio.sleep(0.1)
            assert (await house.post("/api/recenter", {}))[0] == 200
            lesson.cancel()
    house(visit)


def test_the_export_is_a_document_to_keep(house):
    async def visit(house):
        async with house.running():
            status, headers, text = await house.get("/api/export")
        assert (status, json.loads(text)) == (200, {"kagami": 1})
        assert "kagami.json" in headers["Content-Disposition"]
    house(visit)


def test_pictures_go_on_after_the_program_was_started_anew(house):
    async def visit(house):
        async with house.look() as look:
            for _ in range(2):
                async with house.running():
                    await pictured(look)
    house(visit)


def test_one_picture_is_for_all_who_look(house):
    async def visit(house):
        async with house.running(rate=10.0), house.look() as one, house.look() as two:
            mine = [(await pictured(one))[0]["number"] for _ in range(3)]
            other = [(await pictured(two))[0]["number"] for _ in range(3)]
            assert set(mine) & set(other)
    house(visit)


@pytest.mark.parametrize("size, whole", [(48 * 36, True), (48 * 36 - 1, False), (0, False)])
def test_a_picture_that_is_not_whole_is_passed_over(size, whole):
    pytest.importorskip("numpy")
    sizes = b"".join(n.to_bytes(4, "big") for n in (7, 48, 36, 48 * 36))
    datagram = BUNDLE + bytes(4) + b"/kagami/picture\0,iiib\0\0\0" + sizes + bytes(size)
    read = luma(datagram)
    assert (read is not None) == whole and (not whole or read[0].shape == (36, 48))
