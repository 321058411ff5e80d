"""What the browser's tests play and compare with, made of the demo's clip into a folder.

    python -m tests.panel.clips FOLDER CACHE

demo.mp4: the clip again and again. still.avi: its most turned face, held. grey.bin: each frame of
it, 80 x 60 bytes. CACHE: what `kagami track` says of it.
"""
import os
import sys

import cv2
import gi

from tests.panel.stand_in import CLIP, measured

gi.require_version("Gst", "1.0")
from gi.repository import Gst   # noqa: E402

ROUNDS, HELD = 40, 1800         # of 20 s; frames
SIZE = 80, 60


def long(path):
    """The clip ROUNDS times, as it is."""
    Gst.init(None)
    once = "filesrc location=%s ! qtdemux ! h264parse ! joined. " % CLIP
    line = Gst.parse_launch("concat name=joined ! h264parse ! mp4mux ! filesink location=%s %s" % (
        path, ROUNDS * once))
    line.set_state(Gst.State.PLAYING)
    ended = line.get_bus().timed_pop_filtered(
        Gst.CLOCK_TIME_NONE, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    line.set_state(Gst.State.NULL)
    assert ended.type == Gst.MessageType.EOS, ended.parse_error()


def frames():
    """The pictures of the clip."""
    clip = cv2.VideoCapture(CLIP)
    while True:
        whole, picture = clip.read()
        if not whole:
            return
        yield picture


def main(folder, cache):
    """All of them."""
    faces = [frame["faces"] for frame in measured(cache)]
    turned = max((i for i, found in enumerate(faces) if found),
                 key=lambda i: min(25, abs(faces[i][0]["angles"][0])))
    with open(os.path.join(folder, "grey.bin"), "wb") as grey:
        for i, picture in enumerate(frames()):
            luma = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
            grey.write(cv2.resize(luma, SIZE, interpolation=cv2.INTER_AREA).tobytes())
            if i == turned:
                held = picture
    still = cv2.VideoWriter(os.path.join(folder, "still.avi"),
                            cv2.VideoWriter_fourcc(*"XVID"), 30, held.shape[1::-1])
    for _ in range(HELD):
        still.write(held)
    still.release()
    long(os.path.join(folder, "demo.mp4"))


if __name__ == "__main__":
    main(*sys.argv[1:])
