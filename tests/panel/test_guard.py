"""Nobody else gets in: names, origins, methods, sizes, paths, crowds and those who dawdle."""
import asyncio
import json
import random

import aiohttp
import pytest

from appliance.panel import guard
from tests.panel.conftest import told

FOREIGN = "http://evil.example"


async def raw(house, *parts):
    """What comes back for some bytes until the end, which the other side has to make."""
    reader, writer = await asyncio.open_connection("127.0.0.1", house.panel.port)
    try:
        for part in parts:
            writer.write(part)
            await asyncio.sleep(0.01)
        return await asyncio.wait_for(reader.read(), 10.0)
    except ConnectionError:
        return b""
    finally:
        writer.close()


def asked(path, host=b"127.0.0.1", method=b"GET"):
    return method + b" " + path + b" HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize("host, ours", [
    ("127.0.0.1", True), ("127.0.0.1:8910", True), ("[::1]:8910", True), ("localhost", True),
    ("KAGAMI.local", True), ("kagami.local.:80", True), ("studio.lan", True),
    ("evil.example", False), ("kagami.local.evil.example", False), ("", False),
    ("127.0.0.1.evil.example", False), ("localhost:80:80", False), ("a b", False),
    ("localhost/", False), ("user@localhost", False), ("2130706433", False)])
def test_only_our_names_and_plain_addresses_are_heard(house, host, ours):
    async def visit(house):
        status, _, text = await house.get("/", Host=host)
        assert status == (200 if ours else 403)
        assert ours or json.loads(text)["error"]["what"] == "Host"
    house.options["panel.names"] = "studio.lan"
    if host and " " not in host:
        house(visit)
    else:
        assert not house(spelt, host)


async def spelt(house, host):
    return house.panel._guard.is_ours(host)


@pytest.mark.parametrize("origin", [FOREIGN, "null", "https://127.0.0.1", "http://localhost", ""])
def test_a_change_comes_from_our_own_page_or_not_at_all(house, origin):
    async def visit(house):
        async with house.running() as running:
            status, told_so = await house.post("/api/recenter", {}, headers={"Origin": origin})
            assert (status, told_so["error"]["what"], running.heard) == (403, "Origin", [])
    house(visit)


def test_a_change_without_an_origin_is_refused(house):
    async def visit(house):
        async with aiohttp.ClientSession() as program:
            async with program.post(house.url + "/api/recenter", json={}) as answer:
                assert answer.status == 403
    house(visit)


@pytest.mark.parametrize("path", ["stream", "look"])
def test_a_foreign_page_sees_neither_stream_nor_picture(house, path):
    async def visit(house):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await house.client.ws_connect(house.url + "/" + path, headers={"Origin": FOREIGN})
        assert refused.value.status == 403
    house(visit)


def test_a_page_that_the_configuration_names_sees_the_stream_and_changes_nothing(house):
    async def visit(house):
        async with house.running(), house.stream(headers={"Origin": FOREIGN}) as stream:
            await told(stream, "frame")
        status, _ = await house.post("/api/recenter", {}, headers={"Origin": FOREIGN})
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await house.look(headers={"Origin": FOREIGN})
        assert status == 403
    house.options["panel.origins"] = "null, " + FOREIGN
    house(visit)


def test_a_program_that_is_no_browser_hears_the_stream(house):
    async def visit(house):
        async with house.running(), aiohttp.ClientSession() as program:
            async with program.ws_connect(house.url + "/stream") as stream:
                await told(stream, "frame")
    house(visit)


@pytest.mark.parametrize("path", [
    "/api/recenter", "/api/change", "/api/restart", "/api/rollback", "/api/login",
    "/api/password"])
def test_nothing_changes_by_looking(house, path):
    async def visit(house):
        async with house.running() as running:
            assert (await house.get(path))[0] in (404, 405) and running.heard == []
    house(visit)


@pytest.mark.parametrize("method", [b"PUT", b"DELETE", b"OPTIONS", b"TRACE", b"PATCH", b"BREW"])
def test_other_methods_are_refused(house, method):
    async def visit(house):
        answer = await raw(house, asked(b"/", method=method))
        assert answer.split(b" ")[1] in (b"400", b"405")
    house(visit)


@pytest.mark.parametrize("path", [
    b"/../beside.txt", b"/..%2fbeside.txt", b"/%2e%2e/beside.txt", b"/%2e%2e%2fbeside.txt",
    b"/vendor/../../beside.txt", b"//beside.txt", b"/.secret", b"/%2esecret", b"/look.js%00",
    b"/look.js%00.html", b"/..\\beside.txt", b"/%5c..%5cbeside.txt", b"/vendor", b"/vendor/",
    b"/%252e%252e/beside.txt", b"/\xff\xfe", b"/" + b"a" * 5000, b"http://evil.example/"])
def test_no_path_leads_out_of_the_page(house, path):
    async def visit(house):
        answer = await raw(house, asked(path))
        found = answer.split(b" ")[1:2]
        assert found in ([b"404"], [b"400"]) or b"<title>" in answer
        assert b"no" != answer[-2:] and b"Traceback" not in answer
    house(visit)


@pytest.mark.parametrize("body, status", [
    (b"", 400), (b"[]", 400), (b"{", 400), (b'{"seconds": NaN}', 400), (b"\xff", 400),
    (b'{"seconds": "2"}', 400), (b'{"seconds": true}', 400), (b'{"seconds": 1e300}', 400),
    (b'{"seconds": 2, "more": 1}', 400), (b"{}", 400), (b"[" * 60000, 400),
    (b'{"a": "' + b"a" * 70000 + b'"}', 413)])
def test_a_body_of_another_shape_is_refused(house, body, status):
    async def visit(house):
        async with house.running() as running:
            headers = {"Content-Type": "application/json"}
            async with house.client.post(house.url + "/api/neutral", data=body,
                                         headers=headers) as answer:
                assert answer.status == status
                assert set((await answer.json())["error"]) == {"what", "why", "do"}
            assert running.heard == []
    house(visit)


@pytest.mark.parametrize("name, body", [
    ("eyes", {"which": "a\0b"}), ("eyes", {"which": "a" * 2000}), ("eyes", {"which": 1}),
    ("set", {"key": "../restart", "value": 1}), ("set", {"key": "mirror", "value": [1]}),
    ("set", {"key": "mirror", "value": 1 << 40}), ("teach", {"name": "a", "times": 2.5})])
def test_a_value_without_a_place_in_a_message_is_refused(house, name, body):
    async def visit(house):
        async with house.running() as running:
            assert (await house.post("/api/" + name, body))[0] == 400 and running.heard == []
    house(visit)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded"])
def test_what_a_form_could_send_is_refused(house, kind):
    async def visit(house):
        async with house.client.post(house.url + "/api/recenter", data=b"{}",
                                     headers={"Content-Type": kind}) as answer:
            assert answer.status == 415
    house(visit)


def test_a_body_without_a_length_stops_where_it_is_too_long(house):
    async def visit(house):
        head = (b"POST /api/import HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://127.0.0.1\r\n"
                b"Content-Type: application/json\r\nConnection: close\r\n"
                b"Transfer-Encoding: chunked\r\n\r\n")
        answer = await raw(house, head, b"80000\r\n" + b" " * 0x80000 + b"\r\n", b"0\r\n\r\n")
        assert answer == b"" or answer.split(b" ")[1] == b"413"
    house(visit)


def test_every_answer_tells_the_browser_to_trust_nobody_else(house):
    async def visit(house):
        for path in ("/", "/look.js", "/api/state", "/nowhere"):
            _, headers, _ = await house.get(path)
            policy = headers["Content-Security-Policy"]
            assert "default-src 'self'" in policy and "unsafe" not in policy
            assert "connect-src 'self' ws://127.0.0.1:%d " % house.panel.port in policy
            assert (headers["X-Content-Type-Options"], headers["X-Frame-Options"]) == (
                "nosniff", "DENY")
            assert "Access-Control-Allow-Origin" not in headers and "Server" not in headers
    house(visit)


def test_what_a_stranger_calls_us_never_comes_back_to_a_browser(house):
    async def visit(house):
        answer = await raw(house, asked(b"/", host=b"evil.example; script-src *"))
        head = answer.split(b"\r\n\r\n")[0]
        assert b" 403 " in answer and b"script-src" not in head and b"evil" not in head
    house(visit)


def test_who_asks_too_often_is_put_off(house, monkeypatch):
    async def visit(house):
        codes = [(await house.get("/"))[0] for _ in range(12)]
        assert set(codes) == {200, 429}
    monkeypatch.setattr(guard, "ASKED", 2)
    house(visit)


def test_strangers_are_not_let_in(house, monkeypatch):
    async def visit(house):
        monkeypatch.setattr(house.panel._guard, "lets_in", lambda address: False)
        assert await raw(house, asked(b"/")) == b""
    house(visit)


def test_a_thousand_connections_leave_room_for_those_who_watch(house, monkeypatch):
    async def visit(house):
        async with house.running(), house.stream() as stream:
            crowd = []
            for _ in range(1000):
                crowd.append(await asyncio.open_connection("127.0.0.1", house.panel.port))
            await told(stream, "frame")
            assert len(house.panel._doorway._timers) <= guard.EACH
            for _, writer in crowd:
                writer.close()
            for _ in range(10):
                await told(stream, "frame")
            assert (await house.get("/"))[0] == 200
    monkeypatch.setattr(guard, "SOON", 2000)
    house(visit)


def test_who_never_finishes_a_question_is_shown_out(house, monkeypatch):
    async def visit(house):
        assert await raw(house, b"GET / HTTP/1.1\r\n", b"Host: 127", b".0.0.1\r\n") == b""
    monkeypatch.setattr(guard, "FIRST", 0.2)
    house(visit)


def test_who_never_takes_an_answer_is_shown_out(house, monkeypatch):
    async def visit(house):
        reader, writer = await asyncio.open_connection("127.0.0.1", house.panel.port, limit=1024)
        writer.write(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 20)
        while not all(t.is_closing() for t in house.panel._doorway._timers):
            await asyncio.sleep(0.05)
        writer.close()
    monkeypatch.setattr(guard, "SERVED", 0.2)
    house(visit)


def test_who_talks_to_the_stream_is_shown_out(house):
    async def visit(house):
        async with house.running(), house.stream() as stream:
            await stream.send_str("hello")
            last = await stream.receive()
            while last.type == aiohttp.WSMsgType.TEXT:
                last = await stream.receive()
            assert last.data == 1008
    house(visit)


def test_broken_questions_break_nothing(house, monkeypatch):
    async def visit(house):
        dice, whole = random.Random(2), asked(b"/api/state?a=1")
        for _ in range(200):
            noise = bytearray(whole)
            for _ in range(dice.randrange(1, 6)):
                noise[dice.randrange(len(noise))] = dice.randrange(256)
            reader, writer = await asyncio.open_connection("127.0.0.1", house.panel.port)
            writer.write(bytes(noise) + b"\r\n\r\n")
            await asyncio.sleep(0)
            writer.close()
        assert (await house.get("/"))[0] == 200
    monkeypatch.setattr(guard, "ASKED", 1000)
    monkeypatch.setattr(guard, "SOON", 1000)
    house(visit)


def test_who_knocks_too_often_is_not_heard_until_later(house, monkeypatch):
    async def visit(house):
        heard = [await raw(house, asked(b"/")) for _ in range(5)]
        assert [bool(answer) for answer in heard] == [True, True, True, False, False]
        await asyncio.sleep(1.0)
        assert await raw(house, asked(b"/"))
    monkeypatch.setattr(guard, "SOON", 3)
    monkeypatch.setattr(guard, "STEADY", 2)
    house(visit)


def test_a_refused_question_is_the_last_of_its_connection(house):
    async def visit(house):
        answer = await raw(house, (b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n") * 2)
        assert answer.count(b"HTTP/1.1 403") == 1
    house(visit)


def test_who_is_gone_before_the_state_is_known_leaves_no_trace(house, caplog):
    async def visit(house):
        for _ in range(5):
            reader, writer = await asyncio.open_connection("127.0.0.1", house.panel.port)
            writer.write(asked(b"/api/state"))
            await writer.drain()
            writer.transport.abort()
            house.panel._until = 0.0
            await asyncio.sleep(0.05)
    house(visit)
    assert "Traceback" not in caplog.text
