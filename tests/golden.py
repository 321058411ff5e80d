"""The faces and datagrams of the golden wires as Face, Moment and decoded messages."""
import json
import os

import numpy as np
import pytest
from pythonosc.osc_bundle import OscBundle
from pythonosc.osc_message import OscMessage

from appliance.face import ARKIT_NAMES, Eye, Face
from appliance.outputs.moment import Moment
from tests.data import DATA

WIRES = os.path.join(DATA, "wires/osc")
NAMES = ("A_neutral", "B_left_up", "C_right_down_wink", "D_lost")
needs_wires = pytest.mark.skipif(not os.path.isdir(WIRES), reason="no golden wires at " + WIRES)


def load(name):
    """The JSON of one file of the golden wires."""
    with open(os.path.join(WIRES, name + ".json")) as f:
        return json.load(f)


def moment(name):
    """One of the golden faces as the Moment that its datagrams tell of."""
    golden = load("faces")
    entry = next(e for e in golden["faces"] if e["name"] == name)
    camera = golden["camera"]
    return Moment(number=entry["seq"], time=entry["t_mono_s"],
                  unix=entry["wall_sec"] + entry["wall_nsec"] / 1e9,
                  size=(camera["width"], camera["height"]),
                  face=None if entry["lost"] else _face(entry),
                  id=entry["track_id"], age=entry["age_s"], focal=camera["fx"])


def _face(entry):
    box = entry["box_px"]
    return Face(id=entry["track_id"], score=entry["score"],
                box=np.array([box["x"], box["y"], box["x"] + box["w"], box["y"] + box["h"]]),
                landmarks=np.array(entry["points68_px"]), sigma=np.ones(68),
                rotation=np.array(entry["rotation"]["quaternion_wxyz"], float),
                translation=np.array(entry["translation_mm"], float),
                left=_eye(entry, "left"), right=_eye(entry, "right"),
                blendshapes=np.array([entry["arkit"][n] for n in ARKIT_NAMES], float))


def _eye(entry, side):
    eye, (x, y, r) = entry["eyes"][side], entry["iris_px"][side]
    nose = -r if side == "left" else r      # the nose is to image left of the subject's left eye
    iris = np.array([(x, y), (x + nose, y), (x, y - r), (x - nose, y), (x, y + r)])
    return Eye(iris, eye["openness"], np.array([eye["yaw_deg"], eye["pitch_deg"]], float),
               eye["confidence"])


def decoded(datagram):
    """[(address, tags, [arguments])] of a datagram, read by python-osc, bundles unfolded."""
    datagram = bytes(datagram)
    if OscBundle.dgram_is_bundle(datagram):
        return [m for part in OscBundle(datagram) for m in decoded(part.dgram)]
    message = OscMessage(datagram)
    tags = datagram[datagram.index(b","):].split(b"\0")[0].decode()
    return [(message.address, tags, list(message.params))]
