"""A Python with MediaPipe, and photographs of drawn people."""
import os

import cv2
import numpy as np
import pytest

from tests.data import DATA

MEDIAPIPE = os.path.expanduser("~/.cache/kagami/mediapipe")
MODEL = os.path.join(DATA, "train/ict_face.npz")


@pytest.fixture(scope="session")
def mediapipe():
    if not os.path.exists(os.path.join(MEDIAPIPE, "made")):
        pytest.skip("no Python with mediapipe in %s; `make test-training` makes it" % MEDIAPIPE)
    return os.path.join(MEDIAPIPE, "bin", "python")


@pytest.fixture(scope="session")
def studio():
    for name in ("scipy", "moderngl"):
        pytest.importorskip(name, reason="heads are drawn where networks are trained")
    if not os.path.exists(MODEL):
        pytest.skip("no face model at %s" % MODEL)
    from engines.training.render import dataset
    try:
        return dataset.Studio(os.path.dirname(MODEL))
    except Exception as error:      # moderngl raises its own bare kinds where there is no EGL
        pytest.skip("no OpenGL here: %s" % error)


@pytest.fixture(scope="session")
def drawn(studio):
    """[(picture (344, 344) luma, labels)] of three people who look our way, nothing before their
    faces."""
    from engines.training.render import scene
    drawn = []
    for seed in (5, 6, 7):
        one = scene.sample(np.random.default_rng(seed), (seed, 0))
        one.look.update(occluder="", worn="", glasses=False, bangs=False)
        one.blendshapes, one.gaze = np.zeros(52, np.float32), np.zeros((2, 2), np.float32)
        one.angles, one.translation, one.fov = (8.0, 0.0, 4.0), np.array([0, 0, 600.0]), 60.0
        drawn.append(studio.face(one))
    return drawn


@pytest.fixture(scope="session")
def heads(drawn):
    """The pictures of them."""
    return [picture for picture, _ in drawn]


@pytest.fixture(scope="session")
def points_of_heads(drawn):
    """Their exact 68 points."""
    return [labels["points"] for _, labels in drawn]


@pytest.fixture(scope="session")
def people(heads, tmp_path_factory):
    """A folder of photographs: two persons of a set, one of them once more but smaller, a face in
    a larger room, a picture without a face, and a file that is none."""
    folder = tmp_path_factory.mktemp("people")
    (folder / "drawn" / "ann").mkdir(parents=True)
    (folder / "drawn" / "bob").mkdir()
    (folder / "drawn" / "LICENCE.txt").write_text("CC0-1.0\nmore words\n")
    room = np.full((480, 640), 90, np.uint8)
    room[100:444, 200:544] = heads[2]
    nobody = np.full((200, 300), 90, np.uint8)
    for name, picture in (("drawn/ann/1.jpg", heads[0]), ("drawn/bob/1.png", heads[1]),
                          ("drawn/copy.jpg", cv2.resize(heads[1], (260, 260))),
                          ("in a room.jpg", room), ("nobody.jpg", nobody)):
        cv2.imwrite(str(folder / name), picture)
    (folder / "broken.jpg").write_text("no picture")
    return str(folder)
