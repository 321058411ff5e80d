"""Pictures of the running program become JPEG for whoever looks, each behind what was measured in
it; in a process of its own.

That process lives only while somebody looks, with the picture library in it, so that the server
stays small and never waits for a picture. `python3 -m appliance.panel.picture` is its other end.
"""
import asyncio
import logging
import select
import struct
import sys
import time

from appliance.errors import KagamiError
from appliance.network.packets import written
from appliance.panel.snapshot import Snapshot
from appliance.panel.tracker import ANSWER, opened
from appliance.panel.watchers import Watcher

LOG = logging.getLogger("kagami.panel")
LEASE, EVERY = 3, 1.0           # seconds; a lease is asked for again before it is over
LINGERS = 5.0                   # seconds for which the process waits for the next who looks
QUALITY = 80                    # of 100
HEAD = struct.Struct(">II")     # on the way to the server: bytes of a bundle and of the JPEG
_BUNDLE = b"#bundle\0\0\0\0\0\0\0\0\1"
_NAME = b"/kagami/picture\0,iiib\0\0\0"
_SIZES = struct.Struct(">iiii")
_PIXELS = len(_BUNDLE) + 4 + len(_NAME) + _SIZES.size


class Pictures:
    """Those who look; setting: calibration.folder of the configuration."""

    def __init__(self, setting=""):
        self._setting, self._watchers, self._drawing, self._later = setting, [], None, None

    def join(self):
        """A Watcher who is given pictures: the frame as the stream tells it, then its JPEG."""
        watcher = Watcher()
        self._watchers.append(watcher)
        if self._later is not None:
            self._later.cancel()
        if self._drawing is None:
            self._drawing = asyncio.ensure_future(self._draw())
        return watcher

    def leave(self, watcher):
        """This one looks no longer."""
        self._watchers.remove(watcher)
        if not self._watchers:
            self._later = asyncio.get_event_loop().call_later(LINGERS, self.close)

    def close(self):
        """Nobody is given pictures any more; the task that ends with it, or None."""
        ending, self._drawing = self._drawing, None
        if ending is not None:
            ending.cancel()
        return ending

    async def end(self):
        """The same, until it has ended."""
        ending = self.close()
        if ending is not None:
            await asyncio.wait([ending])

    async def _draw(self):
        """Keep the process, and hand on what it draws."""
        while True:
            try:
                process = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", __name__, self._setting, stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE)
                await self._until_it_ends(process)
            except OSError as e:                    # no room for one more
                LOG.warning("no picture: %s", e.strerror)
            await asyncio.sleep(EVERY)

    async def _until_it_ends(self, process):
        try:
            await self._hand_on(process.stdout)
        except asyncio.IncompleteReadError:
            pass
        finally:
            if process.returncode is None:          # it may wait for us to read
                process.kill()
            await process.wait()

    async def _hand_on(self, drawn):
        snapshot = Snapshot()
        while True:
            measured, jpeg = [await drawn.readexactly(size) for size in HEAD.unpack(
                await drawn.readexactly(HEAD.size))]
            snapshot.take(snapshot.read(measured))
            frame = snapshot.frame(True, True)
            for watcher in self._watchers:
                watcher.put("frame", frame)
                watcher.put("picture", jpeg)


def draw(setting, ends, out):
    """Ask for pictures and write them to `out` as JPEG, until `ends` can be read: who started us
    has gone."""
    import cv2                  # before anything is asked for: it takes a while
    cv2.setNumThreads(1)
    while not _ended(ends, 0.0):
        try:
            with opened(setting) as asking:
                _lease(asking, ends, out)
        except (KagamiError, OSError):              # it is away: weather
            if _ended(ends, EVERY):
                return


def _lease(asking, ends, out):
    asked = 0.0
    while True:
        if time.monotonic() - asked >= EVERY:
            asked = time.monotonic()
            asking.send(written("/kagami/preview", LEASE))
        ready = select.select([asking, ends], [], [], EVERY)[0]
        if ends in ready:
            return
        if ready:
            _jpeg(_newest(asking), out)


def _newest(asking):
    """The last of the datagrams that wait."""
    newest = b""
    while True:
        try:
            heard = asking.recv(ANSWER)
        except BlockingIOError:
            return newest
        newest = heard if heard.startswith(_NAME, len(_BUNDLE) + 4) else newest


def _jpeg(datagram, out):
    """Write the picture in a datagram, if there is one, behind what was measured in it."""
    read = luma(datagram)
    if read is None:
        return
    import cv2
    picture, measured = read
    done, jpeg = cv2.imencode(".jpg", picture, (cv2.IMWRITE_JPEG_QUALITY, QUALITY))
    if done:
        out.write(HEAD.pack(len(measured), len(jpeg)) + measured + jpeg.tobytes())
        out.flush()


def luma(datagram):
    """((H, W) uint8, the rest of the bundle as one) of a bundle that begins with /kagami/picture
    ,iiib; None of another."""
    import numpy as np
    if not datagram.startswith(_NAME, len(_BUNDLE) + 4) or len(datagram) < _PIXELS:
        return None
    _, width, height, size = _SIZES.unpack_from(datagram, _PIXELS - _SIZES.size)
    pixels = datagram[_PIXELS:][:size]
    if width < 1 or height < 1 or width * height != size or len(pixels) != size:
        return None
    return (np.frombuffer(pixels, np.uint8).reshape(height, width),
            _BUNDLE + datagram[_PIXELS + size + -size % 4:])


def _ended(ends, seconds):
    return bool(select.select([ends], [], [], seconds)[0])


if __name__ == "__main__":
    draw(sys.argv[1], sys.stdin.buffer, sys.stdout.buffer)
