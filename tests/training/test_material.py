"""Preparing material: the face model is found where it was put, nothing is made twice."""
import os
from collections import namedtuple

import numpy as np
import pytest

from appliance.errors import InputMissing
from engines.training import definition, material, shards
from tests.data import DATA

MODEL = os.path.join(DATA, "train/ict_face.npz")
Portraits = namedtuple("Portraits", "mesh rotation")


@pytest.fixture(scope="module")
def ict():
    if not os.path.exists(MODEL):
        pytest.skip("no face model at %s" % MODEL)
    return dict(np.load(MODEL))


def laid_down(ict, scale, x, y):
    """Picture points (478, 3) of the neutral face model seen from the front, y down."""
    at = ict["verts"][ict["mp478_to_ict"]].astype(float) * scale * [1, -1, 1]
    return at + [x, y, 0]


def test_the_face_model_is_found_where_it_was_laid(ict):
    portraits = Portraits([laid_down(ict, 10.0, 128, 120)], [np.eye(3)])
    fits = material.fitted(portraits, ict, say=lambda text: None)
    true = ict["verts"][ict["lm68"]][:, :2] * [10, -10] + [128, 120]
    assert np.abs(fits["ict68"][0, :, :2] - true).max() < 0.5
    assert fits["scale"][0] == pytest.approx(10, rel=0.01)
    assert fits["rms"][0] < 0.1


def test_the_vertices_of_the_definition_are_those_of_skin(ict):
    assert len(set(definition.LANDMARK_VERTICES)) == 68
    assert max(definition.LANDMARK_VERTICES) < len(ict["verts"])


def test_what_is_there_is_not_made_again(tmp_path):
    for name in ("fits", "portraits_luma", "portrait_labels", "val_faces", "val_eyes",
                 "val_pairs", "faces_1_000000", "turned_3_000000", "pairs_6_000000",
                 "eyes_2_000000", "eyes_2_000005", "brows_5_000000", "looks_6_000000",
                 "speakers_7310_000000"):
        np.savez(str(tmp_path / (name + ".npz")), x=1)
    material.prepare("no data", str(tmp_path),
                     {"faces": 5, "turned": 4, "pairs": 3, "eyes": 8, "brows": 2, "looks": 2,
                      "speakers": 5, "held_out": 3}, shard=5)
    assert sorted(os.listdir(str(tmp_path)))[0] == "backgrounds"
    assert len(os.listdir(str(tmp_path))) == 15


def test_a_shard_that_is_not_there_is_named_in_one_line(tmp_path):
    with pytest.raises(InputMissing, match="val_faces.npz: it is not there; make it with"):
        shards.read([str(tmp_path / "val_faces.npz")], ("pictures",))
