"""What the page's server costs, beside a program that really runs: one table.

A watcher here is a WebSocket of this process, so its own work is in the age of the values.
"""
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import OrderedDict
from socket import SOCK_DGRAM, socket

from benchmarks import report

TOTALS = "totals"       # file of the tracker's times
SETTLE = 3.0            # seconds before anything is counted
PAIRS, SLICE = 8, 4.0   # of the tracker's own time, watched and not; seconds
OVER = 9.0              # until nothing is asked of the tracker after the last has looked
LINES = OrderedDict([
    ("idle_percent", "of one core while nobody watches, %"),
    ("idle_mib", "memory while nobody watches, MiB"),
    ("look_percent", "of one core with one Look view, %"),
    ("look_mib", "memory with one Look view, MiB"),
    ("age_p50_ms", "age of a value at its watcher, middle, ms"),
    ("age_p95_ms", "age of a value at its watcher, 95th percentile, ms"),
    ("crowd_percent", "of one core with 20 watchers, %"),
    ("crowd_lost", "frames that the one of 20 lost who lost most"),
    ("tracker_p50_ms", "the tracker's own time for a picture, middle, nobody watches, ms"),
    ("tracker_percent", "the same with an open Look view, %d turns about, %% more" % PAIRS)])


class Watched:
    """What one WebSocket heard: ages of frames in seconds, and their numbers."""

    def __init__(self):
        self.ages, self.numbers = [], []

    async def stream(self, client, url):
        """Watch all that there is."""
        async with client.ws_connect(url + "/stream?points=1&iris=1") as socket_:
            async for message in socket_:
                frame = json.loads(message.data)
                if frame["type"] == "frame":
                    self.ages.append(time.time() - frame["time"])
                    self.numbers.append(frame["number"])

    async def look(self, client, url):
        """Look at the picture."""
        async with client.ws_connect(url + "/look") as socket_:
            async for _ in socket_:
                pass

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
            task.cancel()
        await asyncio.wait(tasks)
    return found


async def figures(folder, ports, source, seconds):
    """{a name of LINES: its figure}."""
    panel, url = _started(folder, ports, "panel"), "http://127.0.0.1:%d" % ports[0]
    running = asyncio.ensure_future(_again(folder, ports, source))
    try:
        await asyncio.sleep(SETTLE)
        out = dict(zip(("idle_percent", "idle_mib"), await costs(panel, seconds)))
        one, crowd = Watched(), [Watched() for _ in range(20)]
        out["look_percent"], out["look_mib"] = await _with(
            url, panel, (one.stream, one.look), seconds)
        out["age_p50_ms"], out["age_p95_ms"] = _ages(one.ages)
        out["crowd_percent"], _ = await _with(url, panel, [w.stream for w in crowd], seconds)
        out["crowd_lost"] = max(watched.lost for watched in crowd)
        out["tracker_p50_ms"], out["tracker_percent"] = await _turns(folder, url)
        return out
    finally:
        running.cancel()
        await asyncio.wait([running])
        panel.terminate()
        panel.wait()


async def _turns(folder, url):
    """(p50 in ms, % more with an open Look view): the middle of pairs that follow each other, for
    a machine that is busy is so for longer than a pair."""
    import aiohttp
    pairs = []
    async with aiohttp.ClientSession(headers={"Origin": url}) as client:
        for _ in range(PAIRS):
            await asyncio.sleep(OVER)
            closed = await _slice(folder)
            jobs = [asyncio.ensure_future(job(client, url))
                    for job in (Watched().stream, Watched().look)]
            await asyncio.sleep(SETTLE)
            pairs.append((closed, await _slice(folder)))
            for job in jobs:
                job.cancel()
            await asyncio.wait(jobs)
    more = statistics.median(watched / alone for alone, watched in pairs) - 1.0
    return statistics.median(alone for alone, _ in pairs), 100.0 * more


async def _slice(folder):
    """The middle of the tracker's times over a slice, ms."""
    began = time.monotonic()
    await asyncio.sleep(SLICE)
    with open(os.path.join(folder, TOTALS)) as f:
        rows = (line.split() for line in f.readlines() if line.endswith("\n"))
        return 1000.0 * statistics.median(
            float(took) for when, took in rows if float(when) >= began)


def _noting(path, words):
    """The program, which notes when it was done with each picture, and how long that took."""
    from appliance import cli
    from appliance.timing import Timing
    add = Timing.add
    with open(path, "a", buffering=1) as f:
        def noted(timing, row, seconds):
            if row == "total":
                f.write("%.3f %.6f\n" % (time.monotonic(), seconds))
            add(timing, row, seconds)
        Timing.add = noted
        return cli.main(words)


async def _again(folder, ports, source):
    """Run the program, and again whenever its source has ended."""
    while True:
        run = _started(folder, ports, os.path.join(folder, TOTALS), "run", "--source", source,
                       "--to", "vmc@127.0.0.1:9", module="benchmarks.panel")
        try:
            while run.poll() is None:
                await asyncio.sleep(0.1)
        finally:
            run.terminate()
            run.wait()


def _ages(ages):
    ages = sorted(ages)
    return 1000.0 * statistics.median(ages), 1000.0 * ages[int(0.95 * len(ages))]


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
