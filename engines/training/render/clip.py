"""`python -m engines.training.render.clip OUT.mp4`: the demo clip, a drawn head doing all it can.

What it does when is the table MOVES; the picture is the renderer's radiance with a tint per
material.
"""
import argparse
import os
import subprocess

import cv2
import numpy as np

from appliance import geometry
from appliance.face import ARKIT
from engines.training.render import assembly, scene as scenes, shapes, skin, world
from engines.training.render.expression import sample_expression, sample_gaze
from engines.training.render.face_model import look_weights, settle
from engines.training.render.raster import Lights, Tones, join

SECONDS, RATE, SIZE = 20.0, 30, (640, 480)
FINER = 1.5
SEED = 18               # of the person: the friendliest of some that were looked at
# Quantity -> (seconds, value) to pass through, smoothly; degrees, mm, ARKit weights (both sides,
# or one).
MOVES = {
    "yaw": ((0.7, 0), (1.5, 40), (1.9, 40), (3.0, -42), (3.4, -42), (4.1, 0), (17.2, 0),
            (17.7, -18), (18.6, -10), (19.1, 0)),
    "pitch": ((4.1, 0), (4.5, -20), (5.0, 17), (5.4, -12), (5.8, 0), (13.6, 0), (13.9, 5),
              (14.5, 0)),
    "roll": ((12.9, 0), (13.5, 8), (14.3, 0), (17.2, 0), (17.7, -9), (18.6, -4), (19.1, 0)),
    "x": ((17.2, 0), (17.9, -640), (18.3, -640), (19.1, 0)),
    "gaze_yaw": ((10.7, 0), (10.9, 26), (11.3, 26), (11.5, -26), (11.9, -26), (12.1, 0)),
    "gaze_pitch": ((12.1, 0), (12.25, 20), (12.55, 20), (12.75, -22), (13.0, -22), (13.15, 0)),
    "eyeBlinkLeft": ((6.9, 0), (7.05, 1), (7.4, 1), (7.55, 0)),
    "cheekSquintLeft": ((6.9, 0), (7.05, 0.7), (7.4, 0.7), (7.55, 0)),
    "mouthSmileLeft": ((6.9, 0), (7.05, 0.3), (7.4, 0.3), (7.55, 0)),
    "eyeBlinkRight": ((7.8, 0), (7.95, 1), (8.3, 1), (8.45, 0)),
    "cheekSquintRight": ((7.8, 0), (7.95, 0.7), (8.3, 0.7), (8.45, 0)),
    "mouthSmileRight": ((7.8, 0), (7.95, 0.3), (8.3, 0.3), (8.45, 0)),
    "mouthSmile": ((12.9, 0), (13.3, 0.9), (14.2, 0.9), (14.6, 0)),
    "cheekSquint": ((12.9, 0), (13.3, 0.5), (14.2, 0.5), (14.6, 0)),
    "browInnerUp": ((14.6, 0), (14.8, 0.9), (15.2, 0.9), (15.4, 0)),
    "browOuterUp": ((14.6, 0), (14.8, 0.9), (15.2, 0.9), (15.4, 0)),
    "eyeWide": ((14.6, 0), (14.8, 0.5), (15.2, 0.5), (15.4, 0)),
    "browDown": ((15.3, 0), (15.45, 0.9), (15.6, 0.9), (15.75, 0)),
    "hand": ((15.7, 0), (16.0, 1), (16.95, 1), (17.3, 0)),
}
VOWELS = (("A", {"jawOpen": 0.6, "mouthLowerDown": 0.3}),
          ("I", {"jawOpen": 0.12, "mouthStretch": 0.6, "mouthSmile": 0.35, "mouthLowerDown": 0.3}),
          ("U", {"mouthPucker": 0.8, "mouthFunnel": 0.3, "jawOpen": 0.1}),
          ("E", {"jawOpen": 0.3, "mouthStretch": 0.35, "mouthUpperUp": 0.3,
                 "mouthLowerDown": 0.3}),
          ("O", {"jawOpen": 0.35, "mouthFunnel": 0.8, "mouthPucker": 0.2}))
SPEECH, VOWEL = 8.55, 0.42
BLINKS = (0.4, 2.45, 6.1, 6.5, 10.68, 14.55, 18.9)
# R, G, B for a radiance of 1: skin, eyes, hair, wet, cloth, hard things (raster's materials).
TINTS = np.array([[1, 1, 1], [1.33, 0.92, 0.74], [1.0, 1.0, 1.0], [1.30, 0.94, 0.70],
                  [1.40, 0.84, 0.76], [0.62, 1.05, 1.45], [1, 1, 1]], np.float32)
HOME = np.array([0.0, 8.0, 550.0])


def at(keys, t):
    """Value of a track at time t: rests before the first key and after the last, eases between."""
    times, values = zip(*keys)
    k = int(np.searchsorted(times, t))
    if k in (0, len(times)):
        return values[min(k, len(times) - 1)]
    s = (t - times[k - 1]) / (times[k] - times[k - 1])
    return values[k - 1] + (values[k] - values[k - 1]) * s * s * (3 - 2 * s)


def _both(weights, name, value):
    for full in ((name,) if name in ARKIT else (name + "Left", name + "Right")):
        weights[ARKIT[full]] = max(weights[ARKIT[full]], value)


def blendshapes(t, gaze):
    """(52,) weights at time t."""
    w = np.zeros(52, np.float32)
    for name, keys in MOVES.items():
        if name in ARKIT or name + "Left" in ARKIT:
            _both(w, name, at(keys, t))
    for k, (_, shape) in enumerate(VOWELS):
        start = SPEECH + VOWEL * k
        share = at(((start - 0.06, 0), (start + 0.12, 1), (start + 0.3, 1), (start + 0.48, 0)), t)
        for name, value in shape.items():
            _both(w, name, value * share)
    for blink in BLINKS:
        lid = ((-0.1, 0), (-0.03, 1), (0.03, 1), (0.15, 0))
        _both(w, "eyeBlink", at(lid, t - blink))
    for name, value in look_weights(gaze).items():
        w[ARKIT[name]] = value
    return settle(w)


def idle(t):
    """(yaw, pitch, roll) of somebody who sits still, degrees; nothing in the last half second."""
    calm = at(((SECONDS - 0.9, 1), (SECONDS - 0.5, 0)), t)
    yaw = 1.2 * np.sin(1.3 * t) + 0.5 * np.sin(3.1 * t)
    return calm * np.array([yaw, 0.9 * np.sin(1.7 * t + 1), 0.8 * np.sin(0.9 * t + 2)])


class Clip:
    """Draws the pictures of the clip."""

    def __init__(self, data):
        self.world = world.World(data)
        self.person = person(SEED)
        self.room = room()
        down = np.array([[-0.55, -0.75, -0.8], [0.9, -0.2, 0.5], [0.0, 0.5, -1], [0, -1, 0.2]])
        sky = self.world.skies[0].copy()
        sky[1:] *= 0.5
        self.lights = Lights(down / np.linalg.norm(down, axis=1, keepdims=True),
                             np.array([1.5, 0.9, 0.25, 0.0]), 0.55 * sky, np.eye(3), 0.7)
        self.exposure = None

    def pose(self, t):
        """The person at time t, as a Scene."""
        s = self.person
        turn = (at(MOVES["gaze_yaw"], t), at(MOVES["gaze_pitch"], t))
        s.gaze = np.array([turn, turn], np.float32) + [[-3.2, 0], [3.2, 0]]
        s.blendshapes = blendshapes(t, s.gaze)
        s.angles = tuple(np.array([at(MOVES[k], t) for k in ("yaw", "pitch", "roll")]) + idle(t))
        s.body = (0.12 * s.angles[0], 0.0, 0.3 * s.angles[2])
        pivot = HOME + assembly.NECK + np.array([at(MOVES["x"], t), 0, 0])
        s.translation = pivot - s.rotation.dot(assembly.NECK)
        return s

    def __call__(self, t):
        """(480, 640, 3) uint8 R, G, B."""
        s = self.pose(t)
        mesh = assembly.build(s, self.world)[0]
        raised = at(MOVES["hand"], t)
        if raised > 0:
            mesh = join([mesh] + covering_hand(raised, s.look["tone"]))
        look = s.look
        tones = Tones(look["hair"], look["brow"], look["skin"], look["iris"],
                      assembly.strands(look), skin.creases(look["seed"], s.blendshapes))
        raster = self.world.raster
        raster.load(mesh, self.lights._replace(focus=s.translation), tones)
        centre = (np.array(SIZE) - 1) / 2
        pixels = raster.view(s.focal, centre, np.eye(3)[:2], SIZE, FINER)
        return self._develop(pixels)

    def _develop(self, pixels):
        material = pixels[..., 1].astype(int)
        if self.exposure is None:
            self.exposure = 0.34 / np.median(pixels[material == 1, 0])
        light = np.minimum(pixels[..., :1] * self.exposure, 1.5)
        # Light that has gone through skin is redder the less of it there is.
        depth = 1 + 0.9 * np.clip(1 - light / 0.4, 0, 1) * (material == 1)[..., None]
        colour = light * TINTS[material] ** depth
        dark_eye = (material == 2) & (light[..., 0] < 0.16)
        colour[dark_eye] *= np.array([1.25, 0.95, 0.7], np.float32)
        behind = cv2.resize(self.room, pixels.shape[1::-1])
        colour = np.where(material[..., None] > 0, colour, behind)
        small = cv2.resize(colour, SIZE, interpolation=cv2.INTER_AREA)
        small = np.where(small > 0.8, 0.8 + 0.2 * np.tanh((small - 0.8) / 0.4), small)
        return np.clip(255 * np.clip(small, 0, 1) ** (1 / 2.2) + 0.5, 0, 255).astype(np.uint8)


def person(seed):
    """The Scene of a bare-faced person, looking ahead."""
    rng = np.random.default_rng(seed)
    gaze = sample_gaze(rng, 550)
    sample_expression(rng, gaze)
    s = scenes.sample(rng, (seed, 0))
    s.identity = 0.75 * s.identity
    s.fov = 60.0
    s.look.update(tone=0.30, hair=0.03, brow=0.03, beard=0.0, bald=False, glasses=False,
                  occluder="", worn="", long=False, bangs=False, volume=14.0, hairline=1.0,
                  makeup=0.0, lashes=0.35, brow_width=0.45, brow_strength=0.8, curl=0.2,
                  skin=(0.05, 0.05, 0.0, 11.0), cloth=0.16)
    s.look["iris"] = (0.06,) + tuple(s.look["iris"][1:3]) + (2.0,)
    return s


def covering_hand(raised, tone):
    """The hand's meshes in the camera frame: 0 below the picture, 1 over the face."""
    rng = np.random.default_rng(4)
    turn = 1.25 * geometry.matrix_from_angles(0, 0, -8)
    centre = HOME + np.array([6, 70 + 330 * (1 - raised), -118])
    return shapes.hand(rng, centre, 0.95 * tone, turn, 0.25)


def room():
    """(480, 640, 3) float32 linear colours of a room out of focus: wall, window, shelf, lamp."""
    w, h = SIZE
    y, x = np.mgrid[0:1:h * 1j, 0:1:w * 1j].astype(np.float32)
    wall = 0.16 + 0.10 * x - 0.06 * y
    picture = wall[..., None] * np.array([1.05, 1.0, 0.92], np.float32)
    cv2.rectangle(picture, (430, 40), (590, 260), (0.62, 0.72, 0.85), -1)
    cv2.rectangle(picture, (504, 40), (514, 260), (0.25, 0.24, 0.22), -1)
    cv2.rectangle(picture, (40, 60), (190, 330), (0.10, 0.07, 0.045), -1)
    rng = np.random.default_rng(2)
    for shelf in range(4):
        left = 46
        while left < 176:
            wide, high = int(rng.integers(8, 20)), int(rng.integers(34, 56))
            colour = tuple(float(c) for c in rng.uniform(0.03, 0.30, 3))
            foot = 122 + 66 * shelf
            cv2.rectangle(picture, (left, foot - high), (min(left + wide, 184), foot), colour, -1)
            left += wide + 1
    return cv2.GaussianBlur(picture, (0, 0), 7)


def encode(pictures, path, bits):
    """Writes (480, 640, 3) R, G, B pictures as H.264 in MP4; the file is whole or not there.

    OSError when gst-launch-1.0 or its openh264enc is not there.
    """
    partial = path + ".partial"
    command = ("gst-launch-1.0 -q fdsrc ! rawvideoparse width=%d height=%d format=rgb "
               "framerate=%d/1 ! videoconvert ! video/x-raw,format=I420 ! openh264enc "
               "complexity=high bitrate=%d gop-size=60 ! h264parse ! mp4mux ! filesink location=%s"
               % (SIZE + (RATE, bits, partial)))
    process = subprocess.Popen(command.split(), stdin=subprocess.PIPE)
    for picture in pictures:
        process.stdin.write(picture.tobytes())
    process.stdin.close()
    if process.wait():
        raise OSError("gst-launch-1.0 gave up on %s" % path)
    os.replace(partial, path)


def main():
    """Parses the arguments and draws the clip."""
    parser = argparse.ArgumentParser(prog="engines.training.render.clip")
    parser.add_argument("out", help="the MP4 to write")
    parser.add_argument("--data", default="../shared/data/train", help="folder with ict_face.npz")
    parser.add_argument("--bits", type=int, default=650000, help="bits a second")
    a = parser.parse_args()
    clip = Clip(a.data)
    encode((clip(k / RATE) for k in range(int(SECONDS * RATE))), a.out, a.bits)


if __name__ == "__main__":
    main()
