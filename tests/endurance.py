"""Eight targets at a camera's rate for minutes: what is late, what is lost.

`python3 -m tests.endurance --minutes 10`. The receivers are a process of their own; when a
datagram reached them is the kernel's word, so a receiver that is slow to look spoils nothing.
"""
import argparse
import math
import multiprocessing
import select
import socket
import struct
import sys
import time
from types import SimpleNamespace

import numpy as np

from appliance.outputs import Outputs
from tests.fakes.people import frame, person

DIALECTS = ("vmc", "kagami", "vrchat", "babble", "etvr", "faceosc", "openseeface", "livelink")
STAMPS = 35                 # SO_TIMESTAMPNS, which Python's socket does not name
STAMP = struct.Struct("ll")
LOSS = SimpleNamespace(hold_ms=250, return_ms=500, blend_ms=150, lost_keepalive_hz=5.0)
OUTPUT = SimpleNamespace(neck_share=0.4, limit=1472)


def receive(pipe):
    """The receivers: tells their ports, then until something is said counts; tells [[times]]."""
    sockets = [_receiver() for _ in DIALECTS]
    pipe.send([one.getsockname()[1] for one in sockets])
    times = [[] for _ in sockets]
    ended = False
    while not ended:
        ready = select.select(sockets + [pipe], [], [])[0]
        ended = ready == [pipe]         # only once the sockets are empty
        for one in ready:
            if one is not pipe:
                times[sockets.index(one)].append(_arrival(one))
    pipe.send(times)


def _receiver():
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.setsockopt(socket.SOL_SOCKET, STAMPS, 1)
    one.bind(("127.0.0.1", 0))
    return one


def _arrival(one):
    """Unix seconds at which the next datagram came."""
    notes = one.recvmsg(65536, socket.CMSG_SPACE(STAMP.size))[1]
    seconds, nanoseconds = STAMP.unpack(notes[0][2])
    return seconds + nanoseconds * 1e-9


def moving(seconds):
    """A Face that nods, turns and speaks."""
    wave = [math.sin(seconds * speed) for speed in (1.1, 1.7, 2.3, 5.0)]
    return person(1, 30 * wave[0], 15 * wave[1], 10 * wave[2], (8 * wave[3], 4 * wave[1]),
                  (0.5 + 0.5 * wave[2], 0.5 + 0.5 * wave[2]), jawOpen=0.5 + 0.5 * wave[3],
                  mouthSmileLeft=0.5 + 0.5 * wave[0], mouthPucker=0.5 - 0.5 * wave[0])


def send(ports, count, rate):
    """Publish `count` frames; ([Unix seconds of each frame], [processor's seconds in each],
    [datagrams sent to each port]).
    """
    targets = [SimpleNamespace(to="%s@127.0.0.1:%d" % pair) for pair in zip(DIALECTS, ports)]
    out, times, busy = Outputs(targets, LOSS, OUTPUT), [], []
    empty, begun = frame(0.0), time.monotonic()
    for number in range(count):
        time.sleep(max(0.0, begun + number / rate - time.monotonic()))
        face = moving(number / rate)
        times.append(time.time())
        start = time.process_time()
        # The time of the plan: when this process was woken late must not make a pace leave out.
        out.send([face], empty._replace(number=number, time=begun + number / rate))
        busy.append(time.process_time() - start)
    sent = [channel.link.sent for channel in out.channels]
    out.close()
    return times, busy, sent


def endure(minutes, rate=60.0):
    """{"frames", "sent", "lost", "late", the milliseconds from a frame to its datagrams, and those
    of the processor}; late is what came after the next frame was due. Where the processor's are
    few, others had it.
    """
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=receive, args=(theirs,), daemon=True)
    process.start()
    frames, busy, sent = send(ours.recv(), int(minutes * 60 * rate), rate)
    ours.send("the end")
    arrived = [np.array(times) for times in ours.recv()]
    process.join()
    took = [1e3 * (times - np.array(frames)[np.searchsorted(frames, times) - 1])
            for times in (one[:count] for one, count in zip(arrived, sent))]
    lost = sum(count - len(one) for one, count in zip(took, sent))
    took = np.concatenate(took)
    return {"frames": len(frames), "sent": sum(sent), "lost": lost,
            "late": int((took > 1e3 / rate).sum()), "p50_ms": round(float(np.median(took)), 3),
            "p99_ms": round(float(np.percentile(took, 99)), 3),
            "most_ms": round(float(took.max()), 3),
            "busy_p99_ms": round(1e3 * float(np.percentile(busy, 99)), 3)}


def main():
    """The command; exit status 1 where something was late or lost."""
    parser = argparse.ArgumentParser(prog="python3 -m tests.endurance", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--rate", type=float, default=60.0)
    args = parser.parse_args()
    found = endure(args.minutes, args.rate)
    print(found)
    return int(found["late"] + found["lost"] > 0)


if __name__ == "__main__":
    sys.exit(main())
