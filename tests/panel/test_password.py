"""The page's password: what it protects, how it is kept, how long it is known."""
import hashlib
import json
import os

import pytest

from appliance.errors import ConfigError
from appliance.panel.password import NAME, Password
from tests.panel.conftest import told

pytestmark = pytest.mark.skipif(not hasattr(hashlib, "scrypt"),
                                reason="this Python was built without scrypt")


async def set_to(house, text):
    assert (await house.post("/api/password", {"password": text}))[0] == 200


async def stranger(house, visit):
    """The same visit in a browser that has not logged in."""
    known = house.client
    async with house.browser() as house.client:
        try:
            return await visit(house)
        finally:
            house.client = known


async def auth(house):
    return json.loads((await house.get("/api/state"))[2])["panel"]["auth"]


async def login(house, text):
    return (await house.post("/api/login", {"password": text}))[0]


async def change(house):
    return (await house.post("/api/recenter", {}))[0]


def test_picture_changes_and_export_want_it_the_stream_does_not(house):
    async def visit(house):
        async with house.running():
            await set_to(house, "open sesame")
            assert await stranger(house, change) == 401
            assert (await stranger(house, lambda h: h.get("/api/export")))[0] == 401
            assert (await stranger(house, lambda h: h.post("/api/rollback", {})))[0] == 401
            assert await stranger(house, looked) == 4401
            await stranger(house, watched)
            assert await change(house) == 200 and await auth(house) == "ok"
    house(visit)


async def looked(house):
    async with house.look() as look:
        return (await look.receive()).data


async def watched(house):
    async with house.stream() as stream:
        return await told(stream, "frame")


def test_who_gives_it_is_known(house):
    async def enters(house):
        assert await auth(house) == "needed"
        assert await login(house, "wrong") == 401
        house.panel._guard._counts.clear()          # a second later
        assert await login(house, "open sesame") == 200
        assert await auth(house) == "ok" and await change(house) == 200

    async def visit(house):
        async with house.running():
            await set_to(house, "open sesame")
            house.panel._guard._counts.clear()
            await stranger(house, enters)
    house(visit)


def test_it_is_tried_once_a_second(house):
    async def visit(house):
        await set_to(house, "open sesame")
        assert {await login(house, "wrong") for _ in range(3)} & {429}
    house(visit)


def test_the_cookie_is_for_our_own_page_alone(house):
    async def visit(house):
        async with house.client.post(house.url + "/api/password",
                                     json={"password": "a"}) as answer:
            cookie = answer.headers["Set-Cookie"]
        assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
    house(visit)


def test_a_foreign_page_can_try_none(house):
    async def visit(house):
        await set_to(house, "open sesame")
        status, _ = await house.post("/api/login", {"password": "open sesame"},
                                     headers={"Origin": "http://evil.example"})
        assert status == 403
    house(visit)


def test_another_password_ends_every_session(house):
    async def visit(house):
        await set_to(house, "first")
        house.panel._guard._counts.clear()
        await stranger(house, lambda h: entered(h, "first", "second"))
        assert await auth(house) == "needed"
    house(visit)


async def entered(house, old, new):
    assert await login(house, old) == 200
    await set_to(house, new)            # at once: no second try


def test_it_can_be_taken_away(house):
    async def visit(house):
        await set_to(house, "first")
        house.panel._guard._counts.clear()
        await set_to(house, "")
        assert await stranger(house, auth) == "none"
    house(visit)


def test_what_is_kept_tells_it_to_nobody(house, state):
    async def visit(house):
        await set_to(house, "open sesame")
    house(visit)
    path = os.path.join(state, NAME)
    with open(path) as f:
        assert "sesame" not in f.read()
    assert os.stat(path).st_mode & 0o077 == 0


def test_a_broken_file_lets_nobody_in(house, state):
    async def visit(house):
        assert await change(house) == 400
    with open(os.path.join(state, NAME), "w") as f:
        f.write("{")
    house(visit)
    with pytest.raises(ConfigError, match="--password"):
        Password(state).needed
