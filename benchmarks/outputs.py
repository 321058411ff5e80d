"""Faces of a clip in, what it costs to tell them to the targets out: each dialect alone, all at
once, and beside receivers that are not as they should be. Two tables.

Hot is frame upon frame; paced is as a camera comes, with cold caches in between, which takes
several times as long on any machine. Cases take turns, so that their ratios can be believed.
"""
import gc
import json
import socket
import sys
import time
from contextlib import ExitStack, closing

import numpy as np

from appliance import config as configuration
from appliance.face import Frame
from appliance.outputs import Outputs
from appliance.outputs.dialects import DIALECTS, ifacialmocap
from appliance.outputs.moment import Moment
from appliance.outputs.targets import MOST
from appliance.tracker import Tracker
from benchmarks import report
from benchmarks.stages import pictures

RATES = (30, 60)            # paced, frames a second
BURST = 10                  # frames of one case before the next has its turn
HERE, WHOEVER = "127.0.0.1", "127.0.0.0/8"
PERCENTS = (10, 50, 95)     # the lowest is the one to compare on a machine with other work


def tracked(url, most):
    """[Face] of up to `most` pictures of a source."""
    tracker = Tracker()
    found = [tracker(luma)[:1] for luma in pictures(url, most)]
    return [face for faces in found for face in faces]


class Receiver:
    """A socket that takes what is sent to `port`."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.socket.bind((HERE, 0))
        self.socket.setblocking(False)
        self.port = self.socket.getsockname()[1]

    def drain(self):
        """How many datagrams lay there."""
        count = 0
        while True:
            try:
                self.socket.recv(65536)
            except BlockingIOError:
                return count
            count += 1

    def close(self):
        """Close the socket."""
        self.socket.close()


def free_port():
    """A UDP port on which nobody listens."""
    with closing(Receiver()) as one:
        return one.port


class Case:
    """Targets that are sent to together, and who receives it.

    to: {"DIALECT@HOST:PORT": the question that its receiver asks, or None}; HERE:0 is this
    case's receiver, WHOEVER:0 a free port where it asks.
    """

    def __init__(self, name, to):
        self.name, self._receiver, self._questions, texts = name, Receiver(), [], []
        for text, question in to:
            port = self._receiver.port if question is None else free_port()
            texts.append(text[:-1] + str(port) if text.endswith(":0") else text)
            if question:
                self._questions.append((question.replace(b"PORT", b"%d" % self._receiver.port),
                                        (HERE, port)))
        made = configuration.defaults()
        targets = [made.target._replace(to=text) for text in texts]
        self._outputs = [Outputs(targets[i:i + MOST], made.loss, made.output)
                         for i in range(0, len(targets), MOST)]
        self._picture, self.sent, self.received = np.zeros((480, 640), np.uint8), 0, 0

    def __call__(self, face):
        """Seconds that it takes to publish a face."""
        if self.sent % 100 == 0:
            for question in self._questions:
                self._receiver.socket.sendto(*question)
        # Time of the film, not of the clock: else dialects with a top rate would leave out some.
        frame = Frame(self.sent, self.sent / 30.0, 0.0, self._picture)
        start = time.perf_counter()
        for outputs in self._outputs:
            outputs.send([face], frame)
        passed = time.perf_counter() - start
        self.sent += 1
        self.received += self._receiver.drain()
        return passed

    def close(self):
        """Say farewell."""
        for outputs in self._outputs:
            outputs.close()
        self._receiver.close()


ASKED = json.dumps({"messageType": "iOSTrackingDataRequest", "time": 10, "ports": ["PORT"]})
QUESTIONS = {"vts": ASKED.replace('"PORT"', "PORT").encode()}


def to(dialect):
    """The target of a dialect and its question, as a Case wants them."""
    question = QUESTIONS.get(dialect)
    return "%s@%s:0" % (dialect, WHOEVER if question else HERE), question


def dialects():
    """[Case] of each dialect alone, then of all at once."""
    names = sorted(DIALECTS)
    return [Case(name, [to(name)]) for name in names] + [Case("all", [to(n) for n in names])]


def weather():
    """[Case] of VMC alone, then beside receivers that are not as they should be."""
    beside = [("refusing", "vmc@%s:%d" % (HERE, free_port()), None),
              ("unresolvable", "vmc@nowhere.invalid", None),
              ("unreachable", "vmc@[100::1]", None),        # by RFC 6666 no way leads there
              ("slow", "ifacialmocap@%s:0" % WHOEVER, ifacialmocap.STREAM)]
    cases = [Case("vmc", [to("vmc")])]
    cases += [Case("vmc, one %s" % name, [to("vmc"), rest]) for name, *rest in beside]
    return cases + [Case("vmc, one of each", [to("vmc")] + [rest for _, *rest in beside])]


def hot(cases, faces, count):
    """{name: [seconds]} of `count` frames upon each other."""
    found = {case.name: [] for case in cases}
    for first in range(0, count, BURST):
        for case in cases:
            found[case.name] += [case(faces[i % len(faces)])
                                 for i in range(first, first + BURST)]
    return found


def paced(cases, faces, count, rate):
    """{name: [seconds]} of `count` frames at `rate` a second, one case after the other."""
    found = {}
    for case in cases:
        due, found[case.name] = time.monotonic(), []
        for i in range(count):
            time.sleep(max(0.0, due - time.monotonic()))
            due += 1.0 / rate
            found[case.name].append(case(faces[i % len(faces)]))
    return found


def encoded(faces, count):
    """{name: [seconds]} of the dialects' own work for one frame, hot, without sending."""
    moments = [Moment(i, i / 30.0, 1.7e9 + i / 30.0, (640, 480), face, 1, i / 30.0, focal=554.0)
               for i, face in enumerate(faces)]
    made = {name: [make()] for name, make in sorted(DIALECTS.items())}
    made["all"] = [make() for _, make in sorted(DIALECTS.items())]
    found = {name: [] for name in made}
    for first in range(0, count, BURST):
        for name, together in made.items():
            for moment in [moments[i % len(moments)] for i in range(first, first + BURST)]:
                start = time.perf_counter()
                for dialect in together:
                    dialect(moment)
                found[name].append(time.perf_counter() - start)
    return found


def left_behind(case, faces, count):
    """Memory blocks that `count` frames leave allocated."""
    for face in faces:
        case(face)
    gc.collect()
    before = sys.getallocatedblocks()
    for i in range(count):
        case(faces[i % len(faces)])
    gc.collect()
    return sys.getallocatedblocks() - before


def figures(seconds):
    """{"p10_ms", "p50_ms", "p95_ms"} of durations."""
    values = np.percentile(seconds, PERCENTS) * 1e3
    return {"p%d_ms" % p: round(float(v), 4) for p, v in zip(PERCENTS, values)}


def measured(cases, faces, frames, still):
    """{name: {"datagrams", "hot", "30", "60"}} of cases; still: frames of the paced runs."""
    ways = [("hot", hot(cases, faces, frames))]
    ways += [(str(rate), paced(cases, faces, still, rate)) for rate in RATES]
    return {case.name: dict({way: figures(found[case.name]) for way, found in ways},
                            datagrams=round(case.received / float(case.sent), 1))
            for case in cases}


def table(rows, first="targets"):
    """Markdown of what `measured` gave; ratios are those of p10 to the first row."""
    ways = [way for way in ("encode", "hot", "30", "60") if way in next(iter(rows.values()))]
    header = [first, "datagrams"]
    for way in ways:
        name = {"encode": "encode, hot", "hot": "publish, hot"}.get(way, "publish, %s Hz" % way)
        header += ["%s: p10" % name, "p50", "p95"]
    begin = next(iter(rows.values()))
    cells = [[name, row["datagrams"]]
             + ["%.3f" % row[way]["p%d_ms" % p] for way in ways for p in PERCENTS]
             + ["%.2f" % (row[way]["p10_ms"] / begin[way]["p10_ms"]) for way in ("hot", "60")]
             for name, row in rows.items()]
    return report.markdown(header + ["hot / first row", "60 Hz / first row"], cells)


def main(args):
    """The command: args.source, args.frames, args.paced, args.out."""
    faces = tracked(args.source, 300)
    with ExitStack() as stack:
        # Its queue fills up: it accepts and never reads.
        stopped = stack.enter_context(closing(socket.socket()))
        stopped.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stopped.bind((HERE, ifacialmocap.STREAM_PORT))
        stopped.listen(8)
        alone, troubled = dialects(), weather()
        for case in alone + troubled:
            stack.enter_context(closing(case))
        found, beside = [measured(cases, faces, args.frames, args.paced)
                         for cases in (alone, troubled)]
        left = left_behind(alone[-1], faces, args.frames)
    for name, seconds in encoded(faces, args.frames).items():
        found[name]["encode"] = figures(seconds)
    report.publish("outputs", [table(found, "dialect"), table(beside)], {
        "source": args.name, "faces": len(faces), "frames": args.frames, "paced": args.paced,
        "dialects": found, "weather": beside, "blocks_left_of_all": left}, args.out)
