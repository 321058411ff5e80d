"""One tracker in a process of its own that takes its turns: `python -m benchmarks.contestant
kagami|mediapipe PICTURES.npy CORE`, with a Python that has it.

It says `ready`, then for each line `COUNT RATE` it looks at the next COUNT pictures, at RATE a
second (0: one after the other), and answers one line of JSON: {"ms": [of each call], "cpu_ms": of
all threads a picture, "lost": pictures without a face}. Any other command that does so can be
compared as well; pictures are (N, H, W) luma or (N, H, W, 3) R, G, B.
"""
import json
import os
import sys
import time

WARMING = 30        # pictures before anything counts


def kagami():
    """(function of a luma picture, what it answers to being asked for a face)."""
    import cv2
    cv2.setNumThreads(1)
    from appliance.tracker import Tracker
    return Tracker(), bool


def mediapipe():
    """The same of an R, G, B picture: the 478 points, irises among them, of one face followed."""
    import mediapipe as library
    mesh = library.solutions.face_mesh.FaceMesh(
        static_image_mode=False, refine_landmarks=True, max_num_faces=1)
    return mesh.process, lambda answer: bool(answer.multi_face_landmarks)


KNOWN = {"kagami": kagami, "mediapipe": mediapipe}


class Turns:
    """The pictures in a ring, and a tracker that looks at them."""

    def __init__(self, call, found, pictures):
        self._call, self._found, self._pictures, self._at = call, found, pictures, 0

    def __call__(self, count, rate=0.0):
        """The answer to `COUNT RATE`."""
        taken, lost, cpu, due = [], 0, time.process_time(), time.perf_counter()
        for _ in range(count):
            picture = self._pictures[self._at % len(self._pictures)]
            self._at += 1
            if rate:
                time.sleep(max(0.0, due - time.perf_counter()))
                due += 1.0 / rate
            start = time.perf_counter()
            answer = self._call(picture)
            taken.append((time.perf_counter() - start) * 1e3)
            lost += not self._found(answer)
        return {"ms": taken, "cpu_ms": (time.process_time() - cpu) * 1e3 / count, "lost": lost}


def main(words):
    """Serve turns until standard input ends."""
    which, path, core = words
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {int(core)})
    import numpy as np
    call, found = KNOWN[which]()
    turns = Turns(call, found, list(np.load(path)))
    turns(WARMING)
    print("ready", flush=True)
    for line in sys.stdin:
        count, rate = line.split()
        print(json.dumps(turns(int(count), float(rate))), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
