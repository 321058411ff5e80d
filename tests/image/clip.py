"""The clip that a stand-in camera plays: pictures as the camera has them, and how the head of each
is turned, as this machine sees it."""
import os

import cv2
import numpy as np

from appliance.tracker import Tracker

CLIP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../appliance/demo.mp4")
FRAMES = range(16, 128, 2)          # the head turns from one side to the other


class Clip:
    """pictures: [bytes] as YUYV, 640 by 480. yaws: degrees, of each."""

    def __init__(self):
        video, track = cv2.VideoCapture(CLIP), Tracker()
        self.pictures, self.yaws = [], []
        for number in range(FRAMES[-1] + 1):
            colour = video.read()[1]
            if number in FRAMES:
                pair = cv2.cvtColor(colour, cv2.COLOR_BGR2YUV_YUYV)
                self.pictures.append(pair.tobytes())
                # A head that is turned slowly: what smoothing would add is not part of it.
                face, = track(np.ascontiguousarray(pair[..., 0]), time=number * 1.0)
                self.yaws.append(float(face.angles[0]))
