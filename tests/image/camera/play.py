"""A clip comes in, goes out on a video output node for ever, slowly; each picture's number and
moment are told by UDP as it is shown. Runs inside the machine, with nothing but Python.

The records are those of linux/videodev2.h on 64 bits.
"""
import fcntl
import mmap
import os
import socket
import struct
import sys
import time

OUTPUT, MAPPED, PROGRESSIVE = 2, 1, 1
BUFFERS = 3
SIZE = 640 * 480 * 2
RATE = 2.0                      # pictures a second: the machine follows one or two


class Screen:
    """A video output node whose pictures lie in mapped buffers."""

    def __init__(self, path):
        self._handle, self._on = os.open(path, os.O_RDWR), False
        self._ask(8, 3, struct.pack("=5I", BUFFERS, OUTPUT, MAPPED, 0, 0))
        self._maps, self._free = [self._map(i) for i in range(BUFFERS)], list(range(BUFFERS))

    def show(self, picture):
        """Show a picture until the next."""
        if not self._free:
            self._free.append(struct.unpack_from("=I", self._ask(17, 3, self._record(0)))[0])
        i = self._free.pop()
        self._maps[i][:SIZE] = picture
        self._ask(15, 3, self._record(i, SIZE))
        if not self._on:
            self._ask(18, 1, struct.pack("=I", OUTPUT))
            self._on = True

    def _map(self, i):
        told = self._ask(9, 3, self._record(i))
        offset, _, length = struct.unpack_from("=III", told, 64)
        return mmap.mmap(self._handle, length, offset=offset)

    @staticmethod
    def _record(i, used=0):
        record = bytearray(88)
        struct.pack_into("=5I", record, 0, i, OUTPUT, used, 0, PROGRESSIVE)
        struct.pack_into("=I", record, 60, MAPPED)
        return record

    def _ask(self, number, direction, record):
        record = bytearray(record)
        fcntl.ioctl(self._handle, direction << 30 | len(record) << 16 | ord("V") << 8 | number,
                    record)
        return record


def main(path, clip, host="10.0.2.2"):
    """Play until killed, or until the node is gone."""
    with open(os.path.join(os.path.dirname(clip), "port")) as f:
        listener = host, int(f.read())
    asker, screen = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), Screen(path)
    with open(clip, "rb") as f:
        pictures = mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ)
    number = 0
    while True:
        screen.show(pictures[number * SIZE:(number + 1) * SIZE])
        try:
            asker.sendto(b"%d %.3f" % (number, time.monotonic()), listener)
        except OSError:                 # no network yet
            pass
        number = (number + 1) % (len(pictures) // SIZE)
        time.sleep(1 / RATE)


if __name__ == "__main__":
    main(*sys.argv[1:])
