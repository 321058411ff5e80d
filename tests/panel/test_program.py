"""The page's server as a user starts it, beside a program that really runs."""
import asyncio
import os
import signal
import subprocess
import sys

import pytest

aiohttp = pytest.importorskip("aiohttp")
from tests.fakes.receiver import free_port, free_tcp_port  # noqa: E402
from tests.panel.conftest import told  # noqa: E402

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
CLIP = os.path.join(ROOT, "appliance", "demo.mp4")


class Programs:
    """`start(*words)` a command; all of them end with the test."""

    def __init__(self):
        self.udp, self.tcp, self._started = free_port(), free_tcp_port(), []

    def start(self, *words):
        """A running command, set to our ports."""
        words = [sys.executable, "-m", "appliance"] + list(words) + [
            "--set", "control.port=%d" % self.udp, "--set", "panel.port=%d" % self.tcp,
            "--set", "network.discovery=no", "--set", "network.oscquery=no"]
        self._started.append(subprocess.Popen(words, cwd=ROOT, stderr=subprocess.PIPE,
                                              stdout=subprocess.DEVNULL,
                                              universal_newlines=True))
        return self._started[-1]

    def check(self):
        """All of them run."""
        for one in self._started:
            assert one.poll() is None, one.stderr.read()

    def end(self):
        """Nothing is left."""
        for one in self._started:
            if one.poll() is None:
                one.kill()
            one.wait()
            one.stderr.close()


@pytest.fixture
def programs(monkeypatch, tmp_path):
    monkeypatch.setenv("KAGAMI_CONFIG", str(tmp_path / "kagami.conf"))
    (tmp_path / "kagami.conf").write_text("")
    made = Programs()
    yield made
    made.end()


def within(coroutine):
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(asyncio.wait_for(coroutine, 90.0))
    finally:
        loop.close()


async def watched(programs, *kinds):
    """The first message of each type, with a face where it is a frame."""
    url = "http://127.0.0.1:%d/stream?points=1" % programs.tcp
    async with aiohttp.ClientSession() as client:
        while True:
            try:
                async with client.ws_connect(url) as stream:
                    return [await told(stream, kind, 60.0, **fields) for kind, fields in kinds]
            except aiohttp.ClientConnectorError:
                programs.check()
                await asyncio.sleep(0.1)


def test_it_listens_ends_cleanly_and_says_where_it_is(programs):
    panel = programs.start("panel")
    away, = within(watched(programs, ("tracker", {})))
    panel.send_signal(signal.SIGTERM)
    _, log = panel.communicate(timeout=30)
    assert panel.returncode == 0 and "http://127.0.0.1:%d/" % programs.tcp in log
    assert not away["reachable"] and "Traceback" not in log


@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGUSR2])
def test_a_signal_that_is_meant_for_the_tracker_does_not_end_it(programs, number):
    panel = programs.start("panel")
    within(watched(programs, ("tracker", {})))
    panel.send_signal(number)
    within(watched(programs, ("tracker", {})))
    panel.send_signal(signal.SIGTERM)
    assert panel.wait(30) == 0


def test_a_face_of_a_real_clip_reaches_a_page(programs):
    pytest.importorskip("gi", reason="no GStreamer bindings for this Python")
    programs.start("panel")
    programs.start("run", "--source", "file:" + CLIP, "--to", "vmc@127.0.0.1:9")
    names, status, frame = within(watched(
        programs, ("names", {}), ("status", {"code": 1}), ("frame", {"camera_running": True})))
    assert len(names["blendshapes"]) == 52 and status["fps"] > 0
    assert len(frame["faces"][0]["points"]) == 136


async def changed(programs, *wishes):
    """[(status, document)] of changes, once a face has been seen."""
    await watched(programs, ("status", {"code": 1}))
    url, out = "http://127.0.0.1:%d" % programs.tcp, []
    async with aiohttp.ClientSession(headers={"Origin": url}) as client:
        for name, body in wishes:
            async with client.post("%s/api/%s" % (url, name), json=body) as answer:
                out.append((answer.status, await answer.json()))
    return out


def test_the_program_that_runs_obeys_and_complains(programs):
    pytest.importorskip("gi", reason="no GStreamer bindings for this Python")
    programs.start("panel")
    programs.start("run", "--source", "file:" + CLIP, "--to", "vmc@127.0.0.1:9")
    obeyed, refused = within(changed(
        programs, ("set", {"key": "mirror", "value": True}), ("eyes", {"which": "crossed"})))
    assert obeyed == (200, {"ok": True, "said": ""})
    assert refused[0] == 400 and "open or shut" in refused[1]["error"]["do"]


def test_a_port_that_is_taken_is_told_in_one_line(programs):
    programs.start("panel")
    within(watched(programs, ("tracker", {})))
    second = programs.start("panel")
    _, log = second.communicate(timeout=30)
    assert second.returncode == 69 and log.startswith("kagami: error: 127.0.0.1 port")
    assert len(log.splitlines()) == 1


def test_a_password_is_set_at_a_terminal(state):
    done = subprocess.run([sys.executable, "-m", "appliance", "panel", "--password"], cwd=ROOT,
                          input="open sesame\n", stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          universal_newlines=True)
    if "scrypt" in done.stderr:
        pytest.skip("this Python was built without scrypt")
    assert done.stdout == "kept in %s\n" % state and "panel.json" in os.listdir(state)
