"""Parts beside the loop: told when they end, and ended when it does."""
import asyncio
import builtins
import threading

from appliance.network import query
from appliance.network.background import Background
from tests.fakes.receiver import eventually


def test_each_part_may_say_goodbye():
    begun, ended = [], []

    async def part():
        begun.append(1)
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.01)
            ended.append(threading.current_thread().name)
    background = Background([part, part]).start()
    assert eventually(lambda: len(begun) == 2)
    background.close()
    assert ended == ["network", "network"]


def test_a_part_that_fails_is_told_and_the_others_go_on(caplog):
    went = []

    async def broken():
        raise ValueError("a fault")

    async def well():
        while True:
            went.append(1)
            await asyncio.sleep(0.01)
    background = Background([broken, well]).start()
    assert eventually(lambda: "a fault" in caplog.text and len(went) > 3)
    background.close()


def test_a_missing_library_is_told_in_one_line(caplog, monkeypatch):
    right = builtins.__import__

    def without(name, *more):
        if name == "aiohttp":
            raise ImportError(name)
        return right(name, *more)
    monkeypatch.setattr(builtins, "__import__", without)

    async def part():
        query.library()
    background = Background([part, part, part]).start()
    assert eventually(lambda: caplog.records)
    background.close()
    assert len(caplog.records) == 1 and "pip install aiohttp" in caplog.records[0].getMessage()
