"""What the page's server costs, beside a program that really runs: one table.

A watcher here is a WebSocket of this process, so its own work is in the age of the values.
"""
import asyncio
import functools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import OrderedDict
from socket import SOCK_DGRAM, socket

from benchmarks import hostile, report

TOTALS = "totals"       # file of the tracker's times
SETTLE = 3.0            # seconds before anything is counted
TURNS, TURN = 12, 10.0  # of the tracker's own time; seconds
LINES = OrderedDict([
    ("idle_percent", "of one core while nobody watches, %"),
    ("idle_mib", "memory while nobody watches, MiB"),
    ("look_percent", "of one core with one Look view, %"),
    ("look_mib", "memory with one Look view, MiB"),
    ("picture_p50_ms", "age of a picture with its points at its watcher, middle, ms"),
    ("picture_p95_ms", "age of a picture with its points at its watcher, 95th percentile, ms"),
    ("watched_percent", "of one core with one Values view, %"),
    ("age_p50_ms", "age of a value at its watcher, middle, ms"),
    ("age_p95_ms", "age of a value at its watcher, 95th percentile, ms"),
    ("crowd_percent", "of one core with 20 watchers, %"),
    ("crowd_lost", "frames that the one of 20 lost who lost most"),
    ("tracker_p50_ms", "the tracker's own time for a picture, middle, nobody watches, ms"),
    ("tracker_percent", "the same with an open Look view, % more"),
    ("tracker_p10_percent", "of its fastest tenth, % more"),
    ("hostile_percent", "the same under hostile requests in place of a Look view, % more"),
    ("hostile_p10_percent", "of its fastest tenth, % more"),
    ("door_percent", "the same where a port that hangs up at once is asked instead, % more"),
    ("door_p10_percent", "of its fastest tenth, % more"),
    ("hostile_rate", "hostile requests a second, while they come"),
    ("hostile_panel_percent", "of one core the page's server takes under them, % of the time")])


class Watched:
    """What one WebSocket heard: ages of frames in seconds, and their numbers."""

    def __init__(self):
        self.ages, self.numbers = [], []

    async def stream(self, client, url):
        """Watch all that there is."""
        await self._hear(client, url + "/stream?points=1&iris=1")

    async def state(self, client, url):
        """Watch as every view does."""
        await self._hear(client, url + "/stream?divider=0")

    async def look(self, client, url):
        """Look at the picture."""
        await self._hear(client, url + "/look")

    async def _hear(self, client, address):
        async with client.ws_connect(address) as socket_:
            async for message in socket_:
                if isinstance(message.data, str):
                    self._take(json.loads(message.data))

    def _take(self, message):
        if message["type"] == "frame":
            self.ages.append(time.time() - message["time"])
            self.numbers.append(message["number"])

    @property
    def lost(self):
        """Frames between others that did not come; a program that begins anew counts anew."""
        pairs = zip(self.numbers, self.numbers[1:])
        return sum(max(0, after - before - 1) for before, after in pairs)


async def costs(process, seconds):
    """(% of one core, MiB) of a process and its children over some seconds."""
    before, began = _spent(process.pid), time.monotonic()
    await asyncio.sleep(seconds)
    spent = _spent(process.pid)
    used = sum(ticks - before.get(pid, 0) for pid, ticks in spent.items())
    passed = time.monotonic() - began
    return (100.0 * used / os.sysconf("SC_CLK_TCK") / passed,
            sum(map(_resident, spent)) / 1024.0)


def _spent(pid):
    """{pid: ticks} of a process and its children."""
    with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
        pids = [pid] + [int(child) for child in f.read().split()]
    return {one: sum(map(int, _fields("/proc/%d/stat" % one)[11:13])) for one in pids}


def _fields(path):
    with open(path) as f:
        return f.read().rpartition(")")[2].split()


def _resident(pid):
    with open("/proc/%d/status" % pid) as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))


def _free(*kind):
    with socket(type=kind[0] if kind else 1) as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def _started(folder, ports, *words, module="appliance"):
    words = [sys.executable, "-m", module] + list(words) + [
        "--set", "panel.port=%d" % ports[0], "--set", "control.port=%d" % ports[1],
        "--set", "network.discovery=no", "--set", "network.oscquery=no"]
    return subprocess.Popen(words, cwd=report.ROOT, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL, env=dict(
                                os.environ, STATE_DIRECTORY=folder, KAGAMI_CONFIG=os.devnull))


async def _with(url, process, jobs, seconds):
    """The costs while some coroutines of (client, url) go on."""
    import aiohttp
    async with aiohttp.ClientSession(headers={"Origin": url}) as client:
        tasks = [asyncio.ensure_future(job(client, url)) for job in jobs]
        await asyncio.sleep(SETTLE)
        found = await costs(process, seconds)
        for task in tasks:
            if task.done():
                task.result()           # one that did not watch is told, not measured
            task.cancel()
        await asyncio.wait(tasks)
    return found


async def figures(folder, ports, source, seconds):
    """{a name of LINES: its figure}."""
    panel, url = _started(folder, ports, "panel"), "http://127.0.0.1:%d" % ports[0]
    try:
        out = await _beside(_again(folder, ports, source), _page(panel, url, seconds))
        await _beside(_again(folder, ports, source, os.path.join(folder, TOTALS)),
                      _with(url, panel, (Watched().state, Watched().look), TURNS * TURN))
        out.update(_turns(os.path.join(folder, TOTALS), time.monotonic()))
        out.update(await _asked_ill(folder, ports, source, panel))
        return out
    finally:
        panel.terminate()
        panel.wait()


async def _asked_ill(folder, ports, source, panel):
    """The figures of hostile requests: what they cost beyond the asking itself."""
    door = await asyncio.get_event_loop().create_server(_Door, "127.0.0.1", 0)
    out = {}
    for name, port in (("door", door.sockets[0].getsockname()[1]), ("hostile", ports[0])):
        notes = os.path.join(folder, name)
        spent, number = await _beside(_again(folder, ports, source, notes),
                                      _attacked(panel, port, TURNS * TURN))
        turned = _turns(notes, time.monotonic())
        out[name + "_percent"] = turned["tracker_percent"]
        out[name + "_p10_percent"] = turned["tracker_p10_percent"]
    door.close()
    return dict(out, hostile_rate=number / (TURNS * TURN / 2), hostile_panel_percent=spent)


async def _attacked(panel, port, seconds):
    """(% of one core of the page's server, requests) while this port is asked ill."""
    await asyncio.sleep(SETTLE)
    asking = asyncio.get_event_loop().run_in_executor(None, functools.partial(
        subprocess.check_output, [sys.executable, "-m", "benchmarks.hostile", str(port),
                                  str(seconds)], cwd=report.ROOT))
    spent, _ = await costs(panel, seconds)
    return spent, int(await asking)


class _Door(asyncio.Protocol):
    """Hangs up at once."""

    def connection_made(self, transport):
        """End it."""
        transport.abort()


async def _beside(program, job):
    """What a coroutine gives while another goes on."""
    running = asyncio.ensure_future(program)
    try:
        return await job
    finally:
        running.cancel()
        await asyncio.wait([running])


async def _page(panel, url, seconds):
    """The figures of the page's server."""
    await asyncio.sleep(SETTLE)
    out = dict(zip(("idle_percent", "idle_mib"), await costs(panel, seconds)))
    look, one, crowd = Watched(), Watched(), [Watched() for _ in range(20)]
    out["look_percent"], out["look_mib"] = await _with(
        url, panel, (look.state, look.look), seconds)
    out["picture_p50_ms"], out["picture_p95_ms"] = _ages(look.ages)
    out["watched_percent"], _ = await _with(url, panel, (one.stream,), seconds)
    out["age_p50_ms"], out["age_p95_ms"] = _ages(one.ages)
    out["crowd_percent"], _ = await _with(url, panel, [w.stream for w in crowd], seconds)
    out["crowd_lost"] = max(watched.lost for watched in crowd)
    return out


def _turns(notes, now):
    """What the tracker takes in every other slice, when no picture leaves or nobody asks, and how
    much more in those between: the middle of turns, each of which has both, for a machine is busy
    for longer than a slice."""
    turns = [([], []) for _ in range(TURNS)]
    with open(notes) as f:
        for when, shows, took in (map(float, line.split()) for line in f):
            turn = int((now - when) / TURN)
            if turn < TURNS:
                turns[turn][int(shows)].append(1000.0 * took)
    turns = [turn for turn in turns if all(turn)]       # the program may have begun anew in one
    return dict(tracker_p50_ms=statistics.median(_share(0.5, alone) for alone, _ in turns),
                tracker_percent=_more(0.5, turns), tracker_p10_percent=_more(0.1, turns))


def _more(share, turns):
    ratios = [_share(share, shown) / _share(share, alone) for alone, shown in turns]
    return 100.0 * (statistics.median(ratios) - 1.0)


def _share(share, values):
    return sorted(values)[int(share * len(values))]


def _noting(path, words):
    """The program, which lets pictures leave in every other slice alone, and notes when it was
    done with each picture, whether in such a slice, and how long that took."""
    from appliance import cli
    from appliance.network.pictures import Pictures
    from appliance.timing import Timing
    add, show, begun = Timing.add, Pictures.__call__, time.monotonic() + SETTLE
    with open(path, "a", buffering=1) as f:
        def noted(timing, row, seconds):
            now = time.monotonic()
            if row == "total" and now > begun:
                f.write("%.3f %d %.6f\n" % (now, hostile.shows(now), seconds))
            add(timing, row, seconds)
        Timing.add = noted
        Pictures.__call__ = lambda self, *frame: hostile.shows(
            time.monotonic()) and show(self, *frame)
        return cli.main(words)


async def _again(folder, ports, source, *notes):
    """Run the program, and again whenever its source has ended; notes: as of _noting."""
    while True:
        run = _started(folder, ports, *notes, "run", "--source", source, "--to",
                       "vmc@127.0.0.1:9", module="benchmarks.panel" if notes else "appliance")
        try:
            while run.poll() is None:
                await asyncio.sleep(0.1)
        finally:
            run.terminate()
            run.wait()


def _ages(ages):
    return 1000.0 * _share(0.5, ages), 1000.0 * _share(0.95, ages)


def main(args):
    """The command: args.source, args.seconds, args.out."""
    with tempfile.TemporaryDirectory() as folder:
        loop = asyncio.get_event_loop_policy().new_event_loop()
        found = loop.run_until_complete(figures(
            folder, (_free(), _free(SOCK_DGRAM)), args.source, args.seconds))
    rows = [(words, "%.1f" % found[name]) for name, words in LINES.items()]
    report.publish("panel", [report.markdown(("what", "figure"), rows)], dict(
        found, source=args.name, seconds=args.seconds), args.out)


if __name__ == "__main__":
    sys.exit(_noting(sys.argv[1], sys.argv[2:]))
