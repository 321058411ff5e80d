"""VRChat's avatar is read over real HTTP, and the vrchat dialect sends what it declares."""
import asyncio
import ipaddress
import json
import types

import pytest

from appliance.network.hosts import Host, Hosts
from appliance.outputs import Outputs
from tests.fakes.people import frame, person
from tests.fakes.receiver import Receiver

pytest.importorskip("aiohttp")
pytest.importorskip("zeroconf")
from appliance.network.avatars import Avatars  # noqa: E402
from appliance.network.query import PARAMETERS, parameters  # noqa: E402
from tests.fakes import vrchat  # noqa: E402

LOSS = types.SimpleNamespace(hold_ms=250, return_ms=500, blend_ms=150, lost_keepalive_hz=5.0)
OUTPUT = types.SimpleNamespace(neck_share=0.4, limit=1472)
OWN = [("lo", ipaddress.ip_interface("127.0.0.1/8"))]
GAZE = "/tracking/eye/LeftRightPitchYaw"


class World:
    """Outputs to a receiver, a VRChat that shows `pages`, and one look of Avatars at both.

    called: kind and name of the program that shows them. hears: where it hears OSC, 0 is the
    receiver's port.
    """

    called, hears = ("VRChat", "VRChat-Client-A"), 0

    def __init__(self, there):
        target = types.SimpleNamespace(to="vrchat@127.0.0.1:%d" % there.port)
        self.there, self.hosts, self.pages, self.time = there, Hosts(), {}, 0.0
        self.outputs = Outputs([target], LOSS, OUTPUT)
        self._avatars = Avatars(lambda: self.outputs.channels, self.hosts, lambda: OWN)

    def wear(self, avatar, **tags):
        """Put on an avatar with these parameters."""
        self.pages.update(vrchat.pages(avatar, tags, self.there.port))

    def look(self, seconds=0.4):
        """What the receiver hears after Avatars has looked: addresses."""
        asyncio.new_event_loop().run_until_complete(self._look(seconds))
        self.there.datagrams()
        self.time += 2.0
        self.outputs.send([person(jawOpen=0.5)], frame(self.time))
        return {address for address, _, _ in self.there.messages()}

    async def _look(self, seconds):
        runner, port = await vrchat.serve(self.pages)
        self.hosts.put("it", Host(*self.called, "127.0.0.1", port, self.hears or self.there.port))
        task = asyncio.ensure_future(self._avatars())
        await asyncio.sleep(seconds)
        task.cancel()
        await asyncio.wait([task])
        await runner.cleanup()


@pytest.fixture
def world():
    with Receiver() as there:
        made = World(there)
        yield made
        made.outputs.close()


def test_only_what_the_avatar_declares_is_sent(world):
    world.wear("one", **{"FT/v2/JawOpen": "f", "v2/EyeLeftX": "f", "v2/EyeLidLeft": "f",
                         "Clothes": "T"})
    assert world.look() == {PARAMETERS + "FT/v2/JawOpen", PARAMETERS + "v2/EyeLeftX",
                            PARAMETERS + "v2/EyeLidLeft"}


def test_an_avatar_without_eyes_gets_the_native_ones(world):
    world.wear("one", **{"v2/JawOpen": "f"})
    assert world.look() == {PARAMETERS + "v2/JawOpen", GAZE, "/tracking/eye/EyesClosedAmount"}


def test_another_avatar_is_read_anew_and_none_means_everything(world):
    world.wear("one", **{"v2/JawOpen": "f"})
    world.look()
    world.wear("two", **{"v2/JawX": "f"})
    assert PARAMETERS + "v2/JawX" in world.look()
    world.pages.clear()
    assert len(world.look()) == 79


def test_another_oscquery_program_that_hears_at_the_target_tells_its_avatar_too(world):
    world.called = "OSCQuery", "SomeGame-1"
    world.wear("one", **{"v2/JawX": "f", "v2/EyeLeftX": "f", "v2/EyeLidLeft": "f"})
    assert world.look() == {PARAMETERS + "v2/" + name for name in ("JawX", "EyeLeftX",
                                                                   "EyeLidLeft")}


def test_one_that_does_not_say_which_avatar_tells_its_parameters_all_the_same(world):
    world.called = "OSCQuery", "SomeGame-1"
    world.wear("one", **{"v2/JawX": "f", "v2/EyeLeftX": "f", "v2/EyeLidLeft": "f"})
    del world.pages["/avatar/change"]
    assert len(world.look()) == 3


def test_an_oscquery_program_at_another_port_of_that_computer_does_not_count(world):
    world.called, world.hears = ("OSCQuery", "SomeGame-1"), 1
    world.wear("one", **{"v2/JawX": "f"})
    assert len(world.look()) == 79


def test_a_program_without_an_avatar_leaves_everything_as_it_is(world):
    world.called = "OSCQuery", "Sequencer"
    world.wear("one")
    world.pages["/avatar/parameters"] = {"FULL_PATH": "/avatar/parameters"}
    assert len(world.look()) == 79


@pytest.mark.parametrize("page", [
    {}, {"CONTENTS": 3}, {"CONTENTS": {"a": 3}}, {"FULL_PATH": 3, "TYPE": "f"},
    {"FULL_PATH": "/elsewhere", "TYPE": "f"}, {"FULL_PATH": PARAMETERS + "a\n", "TYPE": "f"},
    {"FULL_PATH": PARAMETERS + "a", "TYPE": ["f"]}, {"FULL_PATH": PARAMETERS + "a" * 999,
                                                     "TYPE": "f"}])
def test_nonsense_in_a_page_is_no_parameter(page):
    assert parameters(page) == {}


def test_a_page_may_nest_deeply_and_be_large():
    page = {"FULL_PATH": PARAMETERS + "v2/JawOpen", "TYPE": "f"}
    for _ in range(5000):
        page = {"CONTENTS": {"a": page}}
    assert parameters(page) == {PARAMETERS + "v2/JawOpen": "f"}
    many = {str(i): {"FULL_PATH": PARAMETERS + str(i), "TYPE": "f"} for i in range(9999)}
    assert len(parameters({"CONTENTS": many})) == 4096


def test_a_tower_of_brackets_is_weather(world):
    world.wear("one", **{"v2/JawOpen": "f"})
    world.pages["/avatar/parameters"] = json.loads("[" * 900 + "]" * 900)
    assert len(world.look()) == 79
