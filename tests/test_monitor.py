"""The monitor against real senders and hostile bytes."""
import io
import os
import signal
import socket
import subprocess
import sys
import types

import pytest

from appliance import monitor
from appliance.errors import UsageError
from appliance.outputs import Outputs
from appliance.outputs.osc import Layout, message
from tests.fakes.people import frame, person
from tests.fakes.receiver import Receiver, eventually, free_port, listens
from tests.outputs.test_outputs import LOSS, OUTPUT

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def board(*datagrams, width=130, height=80):
    shown = monitor.Board()
    for i, datagram in enumerate(datagrams):
        shown.hear(bytes(datagram), "10.0.0.5:4000", 1.0 + i / 30.0)
    return shown.lines(width, height, 1.0 + len(datagrams) / 30.0)


def values_of(dialect):
    with Receiver() as there:
        to = types.SimpleNamespace(to="%s@127.0.0.1:%d" % (dialect, there.port))
        out = Outputs([to], LOSS, OUTPUT)
        for i in range(4):
            out.send([person(jawOpen=0.5)], frame(i / 30.0))
        return there.datagrams()


def test_vmc_values_become_named_bars():
    lines = board(*values_of("vmc"))
    assert any("JawOpen" in line and "######...... +0.50" in line for line in lines)
    assert any(line.startswith("/VMC/Ext/Blend/Val   ") and "/s" in line for line in lines)
    assert lines[0].startswith("from 10.0.0.5:4000   12 datagrams/s")


def test_kagami_weights_get_their_names():
    lines = board(*values_of("kagami"))
    assert any("jawOpen" in line and "######......" in line for line in lines)
    assert any(line.startswith("euler") and "20.000 10.000 5.000" in line for line in lines)


def test_a_small_window_says_what_it_leaves_out():
    lines = board(*values_of("vmc"), width=60, height=10)
    assert len(lines) == 10 and "lines more" in lines[-1] and max(map(len, lines)) <= 60


def test_nothing_yet_is_said():
    assert board() == ["nothing has arrived yet"]


def test_silence_is_told():
    shown = monitor.Board()
    shown.hear(message("/a/b", 0.5), "x:1", 0.0)
    assert "/a   silent for 9 s" in shown.lines(80, 20, 9.0)


@pytest.mark.parametrize("value, low, high, drawn", [
    (0.5, 0.0, 1.0, "###..."), (2.0, 0.0, 1.0, "######"), (0.0, 0.0, 1.0, "......"),
    (-1.0, -1.0, 1.0, "###..."), (0.34, -1.0, 1.0, "...#.."), (float("nan"), 0.0, 1.0, "??????")])
def test_bars(value, low, high, drawn):
    assert monitor.bar(value, low, high, 6) == drawn


@pytest.mark.parametrize("junk", [
    b"", b"\0", b"hello", b"/a", b"/a\0\0,f\0\0", b"/a\0\0,s\0\0abc", b"/\xff\xfe\0,i\0\0\0\0\0\1",
    b"#bundle\0", b"#bundle\0" + b"\0" * 8 + b"\x7f\xff\xff\xff", b"\xff" * 1500,
    (b"#bundle\0" + b"\0" * 7 + b"\1" + b"\0\0\x7f\xff") * 400, b"/a\0\0,[[[f\0\0\0" + b"\0" * 4])
def test_bytes_that_are_no_osc_are_counted_or_read_but_never_stop_it(junk):
    lines = board(junk, message("/a/b", 0.5))
    assert any("b " in line for line in lines)


def test_a_stranger_cannot_steer_the_terminal():
    lines = board(message("/a/\x1b[2J", "\x1b]0;title\x07", 0.5))
    assert "/a/?[2J   0.0/s" in lines and not any("\x1b" in line for line in lines)


def test_strangers_do_not_fill_the_memory():
    shown = monitor.Board()
    for i in range(200):
        shown.hear(message("/a", 0.5), "10.0.0.%d:1" % i, float(i))
    for i in range(3 * monitor.ROWS_MOST):
        shown.hear(message("/v/%d" % i, 0.5), "x:1", 300.0)
    lines = shown.lines(80, 10 ** 6, 300.0)
    assert len([line for line in lines if line.startswith("from")]) == monitor.SENDERS_MOST
    assert len(lines) < monitor.ROWS_MOST + 100


def test_a_taken_port_is_told_in_one_line():
    with Receiver("0.0.0.0") as there:
        says = "port %d: another program listens there" % there.port
        with pytest.raises(UsageError, match=says):
            monitor.monitor(there.port, io.StringIO())


@pytest.mark.parametrize("port", [0, -1, 65536, 10 ** 9])
def test_a_port_out_of_range_is_told(port):
    with pytest.raises(UsageError, match="out of range"):
        monitor.listen(port)


def test_without_a_terminal_it_writes_a_line_for_each_message():
    port = free_port()
    child = subprocess.Popen([sys.executable, "-m", "appliance", "monitor", str(port)], cwd=ROOT,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             universal_newlines=True)
    try:
        assert eventually(lambda: listens(port), 20)
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        bundle = Layout([("/one", ("name", 0.25)), ("/two", (7,))]).datagrams[0]
        sender.sendto(bundle, ("127.0.0.1", port))
        sender.sendto(b"junk", ("127.0.0.1", port))
        lines = [child.stdout.readline().split(" ", 1)[1] for _ in range(3)]
    finally:
        child.send_signal(signal.SIGINT)
        _, errors = child.communicate(timeout=20)
    assert lines[:2] == ["/one name 0.250\n", "/two 7\n"] and "no OSC" in lines[2]
    assert child.returncode == 0 and errors == ""


def test_on_a_terminal_it_draws_in_place():
    port = free_port()
    screen, terminal = os.openpty()
    child = subprocess.Popen([sys.executable, "-m", "appliance", "monitor", str(port)], cwd=ROOT,
                             stdout=terminal, stderr=subprocess.DEVNULL)
    try:
        assert eventually(lambda: listens(port), 20)
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sender.sendto(message("/one/two", 0.5), ("127.0.0.1", port))
        os.set_blocking(screen, False)
        drawn = []
        assert eventually(lambda: b"+0.50" in _more(screen, drawn), 20)
    finally:
        child.send_signal(signal.SIGINT)
        child.wait(20)
        os.close(terminal)
        os.close(screen)
    assert b"listening on port %d" % port in b"".join(drawn) and b"/one" in b"".join(drawn)
    assert child.returncode == 0


def _more(screen, drawn):
    try:
        drawn.append(os.read(screen, 4096))
    except BlockingIOError:
        pass
    return b"".join(drawn)
