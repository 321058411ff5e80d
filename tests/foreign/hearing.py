"""A real `kagami run` on one machine of a LAN, and on the other whoever listens: what crossed the
cable as tshark's dissector and as python-osc read it, and what the listeners wrote.
"""
import glob
import os
import signal
import subprocess
import sys
import time
from typing import NamedTuple

from tests.data import CLIPS
from tests.fakes import lan
from tests.fakes.receiver import eventually
from tests.golden import decoded

# kagami comes first: a datagram with /kagami/frame begins what is sent of a frame.
DIALECTS = ("kagami", "vmc", "vrchat", "faceosc", "babble", "etvr")
PORTS = {dialect: 5001 + i for i, dialect in enumerate(DIALECTS)}
# The drawn clip, and the real ones where they are.
CLIPS = [os.path.join(lan.ROOT, "appliance/demo.mp4")] + sorted(
    glob.glob(os.path.join(CLIPS, "*.mp4")))
FIELDS = ("udp.dstport", "ip.len", "ip.flags.mf", "ip.frag_offset", "_ws.malformed", "_ws.expert",
          "osc.message.header.path", "osc.message.header.format", "osc.message.int32",
          "osc.message.float", "osc.message.string", "udp.payload")
_BETWEEN = "\x1f"
_QUIET = 0.5            # seconds
SETTLED = 8             # frames after which nothing of the way back to a found face is left


class Packet(NamedTuple):
    """A datagram. trouble: what tshark complains about. dissected: [(address, tags, [arguments])]
    as tshark understood it. messages: the same by python-osc.
    """

    dialect: str
    size: int
    trouble: str
    dissected: list
    messages: list


OSC = ["%s@%s:%d" % (dialect, lan.THERE, port) for dialect, port in PORTS.items()]
APPS = ["kagami@%s" % lan.THERE, "openseeface@%s" % lan.THERE, "opentrack@%s" % lan.THERE,
        "livelink@%s" % lan.THERE, "ifacialmocap@%s/32" % lan.THERE, "vts@%s" % lan.THERE,
        "vts@%s:8001" % lan.THERE]


def run(machines, folder, clip, *options, targets=OSC):
    """Start kagami on "a", with a clip, for targets on "b"."""
    to = [word for target in targets for word in ("--to", target)]
    command = ["env", "STATE_DIRECTORY=" + str(folder), sys.executable, "-m", "appliance", "run",
               "--source", "file:" + clip]
    return machines.launch("a", *(command + to + list(options)))


class Capture:
    """Everything to those ports that reaches "b", written down while entered; then `packets()`."""

    def __init__(self, machines, path):
        self._machines, self._path = machines, str(path)

    def __enter__(self):
        ports = "udp dst portrange %d-%d" % (min(PORTS.values()), max(PORTS.values()))
        self._program = self._machines.launch(
            "b", "dumpcap", "-q", "-i", "eth0", "-f", ports, "-w", self._path, "-B", "64")
        assert any(line.startswith("File:") for line in self._program.stdout)
        return self

    def __exit__(self, *_):
        settled(self._path)
        self._program.send_signal(signal.SIGINT)
        self._program.communicate(timeout=30)

    def packets(self):
        """[Packet] in the order in which they came."""
        words = ["tshark", "-r", self._path, "-n", "--enable-heuristic", "osc_udp", "-T", "fields",
                 "-E", "aggregator=" + _BETWEEN]
        for field in FIELDS:
            words += ["-e", field]
        lines = subprocess.check_output(words, stderr=subprocess.DEVNULL, universal_newlines=True)
        return [_packet(line.split("\t")) for line in lines.splitlines()]


def _packet(columns):
    port, size, more, offset, malformed, expert = columns[:6]
    paths, tags, ints, floats, texts = (column.split(_BETWEEN) for column in columns[6:11])
    trouble = " ".join(filter(None, (malformed, expert, more.strip("0"), offset.strip("0"),
                                     "" if paths[0] else "not understood as OSC")))
    dialect = next(name for name, number in PORTS.items() if number == int(port))
    return Packet(dialect, int(size), trouble, _told(paths, tags, ints, floats, texts),
                  decoded(bytes.fromhex(columns[11].replace(":", ""))))


def _told(paths, formats, ints, floats, texts):
    """tshark tells addresses, formats and the values of each kind apart."""
    values = {"i": map(int, filter(None, ints)), "f": map(float, filter(None, floats)),
              "s": iter(texts)}
    def read(tag):
        return next(values[tag]) if tag in values else tag == "T"
    return [(path, tags, [read(tag) for tag in tags[1:]]) for path, tags in zip(paths, formats)]


def steady(truth):
    """Numbers of the frames in which a face had been there for SETTLED before."""
    out = []
    for number in range(SETTLED, len(truth)):
        faces = [line["faces"] for line in truth[number - SETTLED:number + 1]]
        if all(faces) and {(f[0]["id"], f[0]["state"]) for f in faces} == {
                (faces[-1][0]["id"], "tracked")}:
            out.append(number)
    return out


def frames(packets):
    """[[(dialect, messages)]] of each frame, in order, without what is said once a second or as a
    farewell.
    """
    out = []
    for packet in packets:
        first = packet.messages[0][0]
        if first == "/kagami/bye":
            return out
        if first == "/kagami/frame":
            out.append([])
        if out and (packet.dialect != "kagami" or first == "/kagami/frame"):
            out[-1].append((packet.dialect, packet.messages))
    raise AssertionError("no farewell")


def settled(path):
    """Wait until a file that somebody writes does not grow any more."""
    size, since = -1, time.monotonic()
    while time.monotonic() - since < _QUIET:
        if os.path.getsize(path) != size:
            size, since = os.path.getsize(path), time.monotonic()
        time.sleep(0.05)


def listening(machines):
    """Wait until each port of "b" has somebody who listens."""
    def there():
        table = machines.at("b", "cat", "/proc/net/udp")
        return all(":%04X " % port in table for port in PORTS.values())
    assert eventually(there, 20.0)
