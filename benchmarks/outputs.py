"""Faces of a clip in, what it costs to tell them to the targets out: each dialect alone, all at
once, and beside receivers that are not as they should be. Two tables.

Hot is frame upon frame; paced is as a camera comes, with cold caches in between, which takes
several times as long on any machine. Cases take turns, so that their ratios can be believed.
"""
import gc
import socket
import sys
import time
from contextlib import ExitStack, closing

import numpy as np

from appliance import config as configuration
from appliance.errors import InputMissing, PartMissing
from appliance.face import Frame
from appliance.outputs import Outputs
from appliance.outputs.dialects import DIALECTS, ifacialmocap
from appliance.outputs.moment import Moment
from appliance.tracker import Tracker
from benchmarks import report
from benchmarks.stages import pictures

RATES = (30, 60)            # paced, frames a second
BURST = 10                  # frames of one case before the next has its turn
HERE, WHOEVER = "127.0.0.1", "127.0.0.0/8"
PERCENTS = (10, 50, 95)     # the lowest is the one to compare on a machine with other work
# What is asked of those that send nothing unasked; PORT is the receiver's.
QUESTIONS = {"vts": b'{"messageType": "iOSTrackingDataRequest", "time": 10, "ports": [PORT]}'}


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
    """Targets that are published to together, with the one who receives from them.

    to: [("DIALECT@HOST:PORT", the question that its receiver asks there, or None)]; port 0 means
    the receiver's own, or a free one to ask at.
    """

    def __init__(self, name, to):
        self.name, self.sent, self.received = name, 0, 0
        self._receiver, self._questions = Receiver(), []
        made = configuration.defaults()
        targets = [made.target._replace(to=self._placed(*one)) for one in to]
        self._outputs = Outputs(targets, made.loss, made.output)
        self._picture = np.zeros((480, 640), np.uint8)

    def _placed(self, text, question):
        port = free_port() if question else self._receiver.port
        if question:
            own = b"%d" % self._receiver.port
            self._questions.append((question.replace(b"PORT", own), (HERE, port)))
        return text[:-1] + str(port) if text.endswith(":0") else text

    def __call__(self, face):
        """Seconds that it takes to publish a face, which is new like each of a tracker's."""
        face = face._replace()
        for question in self._questions if self.sent % 100 == 0 else ():
            self._receiver.socket.sendto(*question)
        # Time of the film, not of the clock: else dialects with a top rate would leave out some.
        frame = Frame(self.sent, self.sent / 30.0, 0.0, self._picture)
        start = time.perf_counter()
        self._outputs.send([face], frame)
        passed = time.perf_counter() - start
        self.sent += 1
        self.received += self._receiver.drain()
        return passed

    def close(self):
        """Say farewell."""
        self._outputs.close()
        self._receiver.close()


def to(dialect):
    """A dialect's target and question, for a Case."""
    question = QUESTIONS.get(dialect)
    return "%s@%s:0" % (dialect, WHOEVER if question else HERE), question


def dialects():
    """[Case] of each dialect alone, then of all at once."""
    names = sorted(DIALECTS)
    return [Case(name, [to(name)]) for name in names] + [Case("all", [to(n) for n in names])]


def weather():
    """[Case] of VMC beside one receiver that listens, then beside those that do not as they
    should.
    """
    beside = [("listening", "vmc@%s:0" % HERE, None),
              ("refusing", "vmc@%s:%d" % (HERE, free_port()), None),
              ("unresolvable", "vmc@nowhere.invalid", None),
              ("unreachable", "vmc@[100::1]", None),        # by RFC 6666 no way leads there
              ("slow", "ifacialmocap@%s:0" % WHOEVER, ifacialmocap.STREAM)]
    return [Case("vmc and one " + name, [to("vmc"), rest]) for name, *rest in beside] + [
        Case("vmc and one of each", [to("vmc")] + [rest for _, *rest in beside])]


def tracked(url, most):
    """[Face] of up to `most` pictures of a source; InputMissing where nobody is seen."""
    tracker = Tracker()
    found = [face for luma in pictures(url, most) for face in tracker(luma)]
    if not found:
        raise InputMissing(url, "nobody is seen in it", "give a clip of a face with --source")
    return found


def stopped():
    """A socket that takes iFacialMocap's connections and never reads: its queue fills up."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    try:
        listening.bind((HERE, ifacialmocap.STREAM_PORT))
    except OSError as e:
        raise PartMissing("port %d" % ifacialmocap.STREAM_PORT, e.strerror,
                          "end the program that listens there") from e
    listening.listen(8)
    return listening


def hot(work, faces, count):
    """{name: [seconds]} of {name: function of a face that tells its seconds}, frame upon frame."""
    found = {name: [] for name in work}
    for first in range(0, count, BURST):
        for name, one in work.items():
            found[name] += [one(faces[i % len(faces)]) for i in range(first, first + BURST)]
    return found


def paced(work, faces, count, rate):
    """The same at `rate` frames a second, one after the other."""
    found = {}
    for name, one in work.items():
        due, found[name] = time.monotonic(), []
        for i in range(count):
            time.sleep(max(0.0, due - time.monotonic()))
            due += 1.0 / rate
            found[name].append(one(faces[i % len(faces)]))
    return found


class Encoding:
    """The dialects' own work for a face, without sending; in place of a Case."""

    def __init__(self, *names):
        self._dialects, self._number = [DIALECTS[name]() for name in names], 0

    def __call__(self, face):
        """Seconds that it takes."""
        face = face._replace()
        now = self._number / 30.0
        moment = Moment(self._number, now, 1.7e9 + now, (640, 480), face, 1, now, focal=554.0)
        self._number += 1
        start = time.perf_counter()
        for dialect in self._dialects:
            dialect(moment)
        return time.perf_counter() - start


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


def measured(cases, faces, count, still):
    """{name: {"datagrams", "publish", "30 Hz", "60 Hz"}}; still: frames of the paced runs."""
    work = {case.name: case for case in cases}
    ways = [("publish", hot(work, faces, count))]
    ways += [("%d Hz" % rate, paced(work, faces, still, rate)) for rate in RATES]
    return {case.name: dict({way: figures(found[case.name]) for way, found in ways},
                            datagrams=round(case.received / float(case.sent), 1))
            for case in cases}


def table(rows, first, ways):
    """Markdown of {name: {way: figures}}: p10, p50 and p95 in each cell."""
    return report.markdown((first, "datagrams") + ways, [
        [name, row["datagrams"]] + [" / ".join("%.3f" % row[way]["p%d_ms" % p] for p in PERCENTS)
                                    for way in ways] for name, row in rows.items()])


def main(args):
    """The command: args.source, args.frames, args.paced, args.out."""
    faces = tracked(args.source, min(300, args.frames))
    with ExitStack() as stack:
        stack.enter_context(closing(stopped()))
        alone, beside = dialects(), weather()
        for case in alone + beside:
            stack.enter_context(closing(case))
        found, troubled = [measured(cases, faces, args.frames, args.paced)
                           for cases in (alone, beside)]
        left = left_behind(alone[-1], faces, args.frames)
    encoding = dict({name: Encoding(name) for name in DIALECTS}, all=Encoding(*DIALECTS))
    for name, seconds in hot(encoding, faces, args.frames).items():
        found[name]["encode"] = figures(seconds)
    ways = ("publish",) + tuple("%d Hz" % rate for rate in RATES)
    tables = [table(found, "dialect", ("encode",) + ways), table(troubled, "targets", ways),
              "blocks of memory left by %d frames of all: %d" % (args.frames, left)]
    report.publish("outputs", tables, {
        "source": args.name, "faces": len(faces), "frames": args.frames, "paced": args.paced,
        "dialects": found, "weather": troubled, "blocks_left": left}, args.out)
