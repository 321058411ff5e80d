"""What the tracker costs besides time: start, memory, files, allocations, processor, energy. Two
tables, of the tracker in a process of its own and of the whole program with its wire.
"""
import json
import os
import statistics
import subprocess
import sys
import time
from collections import OrderedDict

from appliance import backends, quality
from appliance.backends import manifest
from appliance.box import board
from appliance.errors import KagamiError
from benchmarks import fed, report
from benchmarks.stages import pictures

# What a figure of benchmarks.life is called in the table.
LINES = OrderedDict([
    ("start_s", "process start to first result, s"),
    ("peak_mib", "peak memory, decoder included, MiB"),
    ("cpu_ms", "processor time a picture, fed 30 a second, ms"),
    ("cpu_percent", "of one core, fed 30 a second, %"),
    ("within_kib", "allocated at once in a picture, KiB"),
    ("left_bytes", "left behind by a picture, bytes")])


def life(url, frames):
    """The figures of one fresh process."""
    born = repr(time.monotonic())
    words = [sys.executable, "-m", "benchmarks.life", born, url, str(frames)]
    process = subprocess.Popen(words, cwd=report.ROOT, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, universal_newlines=True)
    out, complaint = process.communicate()
    if process.returncode:
        last = (complaint.strip().splitlines() or ["no word"])[-1]
        raise KagamiError("benchmarks.life", last, "run it by hand: " + " ".join(words[1:]))
    return json.loads(out.splitlines()[-1])


def sizes(path=manifest.MANIFEST):
    """{network: bytes of its file}."""
    return OrderedDict((name, os.path.getsize(network.path))
                       for name, network in sorted(manifest.read(path).items()))


def middle(lives):
    """The median of each figure over several lives."""
    return {name: statistics.median(one[name] for one in lives) for name in LINES}


RATES = (30, 60)        # pictures a second that the whole program is fed
LOOK = 0.2              # seconds between two looks at the board's power
STARTING = 15           # frames before anything counts


def program(frames, rate, seconds):
    """{figure: value} of the whole program at a camera's rate: start to the first datagram,
    memory, processor, watts of each rail where the board tells them."""
    idle, watts = board.watts(), []
    with fed.Program(frames, rate) as one:
        one.wait(1)
        first = min(one.heard.values()) - one.born
        one.wait(STARTING)
        before, sent, began = fed.spent(one.pid), len(one.heard), time.monotonic()
        while time.monotonic() - began < seconds:
            time.sleep(LOOK)
            watts.append(board.watts())
        used, sent = fed.spent(one.pid) - before, len(one.heard) - sent
        passed, mib = time.monotonic() - began, fed.resident_mib(one.pid)
    return {"first_s": round(first, 3), "mib": round(mib, 1), "frames": sent,
            "cpu_ms": round(1e3 * used / max(1, sent), 3),
            "cpu_percent": round(100 * used / passed, 1),
            "watts": {rail: power(idle[rail], [look[rail] for look in watts], sent / passed)
                      for rail in idle}}


def power(idle, looks, rate):
    """{"idle_w", "mean_w", "mj_a_frame"} of a rail: the watts before, and while `rate` frames a
    second were sent."""
    mean = sum(looks) / len(looks)
    return {"idle_w": idle, "mean_w": round(mean, 3),
            "mj_a_frame": round(1e3 * (mean - idle) / max(rate, 1e-9), 1)}


def program_table(found):
    """Markdown of {rate: what `program` gave}."""
    rates = ["%d a second" % rate for rate in found]
    lines = [("process start to first datagram, s", "first_s"), ("memory, MiB", "mib"),
             ("processor time a frame sent, all threads, ms", "cpu_ms"),
             ("of one core, %", "cpu_percent"), ("frames", "frames")]
    rows = [[words] + ["%g" % one[key] for one in found.values()] for words, key in lines]
    for rail in sorted({rail for one in found.values() for rail in one["watts"]}):
        rows.append(["%s, W before / while; mJ a frame more" % rail] + [
            "%(idle_w).2f / %(mean_w).2f; %(mj_a_frame).1f" % one["watts"][rail]
            for one in found.values()])
    if len(rows) == len(lines):
        rows.append(["energy"] + ["this board tells none"] * len(rates))
    return report.markdown(["the whole program, fed"] + rates, rows)


def table(figures, files):
    """The Markdown of the figures and the sizes of the networks."""
    rows = [(words, "%g" % figures[name]) for name, words in LINES.items()]
    rows += [("network %s, MB" % name, size / 1e6) for name, size in files.items()]
    rows.append(("networks of the usual quality together, MB",
                 sum(files[name] for name in quality.needed(files)) / 1e6))
    return report.markdown(("what", "figure"), rows)


def main(args):
    """The command: args.source, args.frames, args.lives, args.out."""
    backends.choose()       # so that its version is told
    figures, files = middle([life(args.source, args.frames) for _ in range(args.lives)]), sizes()
    frames = pictures(args.source, min(120, args.frames))
    whole = OrderedDict((rate, program(frames, rate, args.seconds)) for rate in RATES)
    report.publish("footprint", [table(figures, files), program_table(whole)], dict(
        figures, source=args.name, lives=args.lives, networks=files, program=whole), args.out)
