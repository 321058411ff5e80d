"""What the tracker costs besides time: start, memory, files, allocations, processor. One table."""
import json
import os
import statistics
import subprocess
import sys
import time
from collections import OrderedDict

from appliance import backends
from appliance.backends import manifest
from appliance.errors import KagamiError
from benchmarks import report

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


def table(figures, files):
    """The Markdown of the figures and the sizes of the networks."""
    rows = [(words, "%g" % figures[name]) for name, words in LINES.items()]
    rows += [("network %s, MB" % name, size / 1e6) for name, size in files.items()]
    rows.append(("networks together, MB", sum(files.values()) / 1e6))
    return report.markdown(("what", "figure"), rows)


def main(args):
    """The command: args.source, args.frames, args.lives, args.out."""
    backends.choose()       # so that its version is told
    figures, files = middle([life(args.source, args.frames) for _ in range(args.lives)]), sizes()
    report.publish("footprint", [table(figures, files)], dict(
        figures, source=args.name, lives=args.lives, networks=files), args.out)
