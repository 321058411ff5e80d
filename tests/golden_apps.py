"""The faces and datagrams of the golden app wires as Face, Moment and decoded listings."""
import json
import os

import numpy as np
import pytest

from appliance.face import ARKIT_NAMES, Eye, Face
from appliance.geometry import tight_box
from appliance.outputs.moment import Moment
from tests.data import DATA

WIRES = os.path.join(DATA, "wires/apps")
needs_wires = pytest.mark.skipif(not os.path.isdir(WIRES), reason="no golden wires at " + WIRES)
SHOWN = ("00-neutral", "01-left_up_smile", "02-right_down_wink")
LOST = "03-lost_hold"


def load(name):
    """The JSON of one file of the golden wires."""
    with open(os.path.join(WIRES, name + ".json")) as f:
        return json.load(f)


def raw(name):
    """The bytes of one golden datagram."""
    with open(os.path.join(WIRES, name + ".bin"), "rb") as f:
        return f.read()


def entry(name):
    """One of the golden faces as it stands in their file."""
    return load("faces-apps")["faces"][int(name[:2])]


def moment(name):
    """One of the golden faces as the Moment that its datagrams tell of; their camera has a focal
    length of its width.
    """
    golden = entry(name)
    face = None if golden["lost"] else _face(golden)
    return Moment(number=int(name[:2]), time=golden["t_unix"] % 100, unix=golden["t_unix"],
                  size=(640, 480), face=face, id=golden["id"], age=0.0,
                  focal=640.0)


def _face(golden):
    x, y, z, w = golden["rotation_quat_xyzw"]
    points = np.array(golden["landmarks68_px"], float)
    weights = np.array([golden["arkit"][n] for n in ARKIT_NAMES], float)
    return Face(id=golden["id"], score=golden["landmark_conf"], box=tight_box(points),
                landmarks=points, sigma=np.ones(68), rotation=np.array([w, x, y, z]),
                translation=np.array(golden["translation_mm"], float),
                left=_eye(golden, "left"), right=_eye(golden, "right"), blendshapes=weights)


def _eye(golden, side):
    gaze = golden["gaze_deg"][side]
    return Eye(np.zeros((5, 2)), 1.0 - golden["arkit"]["eyeBlink" + side.title()],
               np.array([gaze["yaw_left"], gaze["pitch_up"]], float), golden["landmark_conf"])
