"""A port of the page comes in, requests that wish it ill go out, in every other slice of time; how
many came to an end is printed.

Run as a process of its own: python3 -m benchmarks.hostile PORT SECONDS
"""
import socket
import sys
import time
from itertools import cycle

HERE = "127.0.0.1"
SLICE = 0.5             # seconds with, then without
RATE = 200              # requests a second while it is at it
HELD = 1000             # connections that are tried to be held open, and say nothing
PATIENCE = 0.05         # seconds for an answer
OURS = "Host: 127.0.0.1\r\n"
REQUESTS = [text.encode() for text in (
    "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    "POST /api/recenter HTTP/1.1\r\n" + OURS + "Origin: http://evil.example\r\n"
    "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
    "GET /../../etc/passwd HTTP/1.1\r\n" + OURS + "\r\n",
    "GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n" + OURS + "\r\n",
    "GET / HTTP/1.1\r\n" + OURS + "X: " + "x" * 20000 + "\r\n\r\n",
    "POST /api/import HTTP/1.1\r\n" + OURS + "Content-Type: application/json\r\n"
    "Content-Length: 99999999\r\n\r\n{",
    "\x16\x03\x01\x02\x00\x01\x00 no HTTP at all\r\n\r\n",
    "GET /api/state HTTP/1.1\r\n" + OURS + "\r\n",
    "GET /look HTTP/1.1\r\n" + OURS + "Origin: http://evil.example\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    "GET / HTTP/1.1\r\nHo")]         # and then nothing


def shows(now):
    """Whether at this moment, of time.monotonic(), it is at it."""
    return int(now / SLICE) % 2


def attack(port, seconds):
    """Requests to this port for some seconds; the number that was begun."""
    held = [_opened(port) for _ in range(HELD)]
    end, number, kinds = time.monotonic() + seconds, 0, cycle(REQUESTS)
    while time.monotonic() < end:
        begun = time.monotonic()
        if shows(begun):
            number += 1
            _ask(port, next(kinds))
        time.sleep(max(0.0, 1.0 / RATE - (time.monotonic() - begun)))
    for one in held:
        if one is not None:
            one.close()
    return number


def _opened(port):
    try:
        return socket.create_connection((HERE, port), PATIENCE)
    except OSError:
        return None


def _ask(port, request):
    asking = _opened(port)
    if asking is None:
        return
    with asking:
        try:
            asking.sendall(request)
            asking.recv(4096)
        except OSError:
            pass


def main(words):
    """PORT SECONDS."""
    port, seconds = words
    print(attack(int(port), float(seconds)))


if __name__ == "__main__":
    main(sys.argv[1:])
