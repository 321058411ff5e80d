"""Pages show what a file of samples says, where it says it."""
import os
import shutil
import subprocess
import sys

import cv2
import numpy as np
import pytest

pytest.importorskip("h5py", reason="files of samples need h5py")
pytest.importorskip("scipy", reason="Matlab's files need scipy")

from appliance import geometry  # noqa: E402 (needs what was looked for above)
from appliance.errors import InputMissing, PartMissing  # noqa: E402
from appliance.overlay import AXES, GREEN, YELLOW  # noqa: E402
from engines.training import viewer  # noqa: E402
from engines.training.samples import Reader, Writer, all_faces  # noqa: E402
from tests.training import sample  # noqa: E402

BLUE = AXES[2]
ROOT = os.path.join(os.path.dirname(__file__), "..", "..")


def made(path, *rows):
    """The Reader of black pictures (256, 256) with labels."""
    black = cv2.imencode(".png", np.zeros((viewer.TILE, viewer.TILE), np.uint8))[1].tobytes()
    with Writer(str(path), "", "") as out:
        for labels in rows:
            out.add(black, **labels)
    return Reader(str(path))


def middle_of(tile, colour):
    """(x, y) of the pixels of a colour, however dark, from the tile's middle."""
    bright, hue = tile.astype(float), np.array(colour, float)
    like = bright.dot(hue) / (np.linalg.norm(bright, axis=2) * np.linalg.norm(hue) + 1e-9)
    y, x = np.nonzero((like > 0.995) & (bright.max(2) > 30))
    return np.mean(x) - 127.5, np.mean(y) - 127.5


def drawn(tmp_path, colour, **labels):
    return middle_of(viewer.tile(made(tmp_path / "a.h5", labels), 0), colour)


@pytest.mark.parametrize("turn, across, down", [
    ((40, 0, 0), 1, 0), ((-40, 0, 0), -1, 0), ((0, 30, 0), 0, -1), ((0, -30, 0), 0, 1)])
def test_the_blue_axis_points_where_the_nose_does(tmp_path, turn, across, down):
    x, y = drawn(tmp_path, BLUE, rotation=geometry.matrix_from_angles(*turn))
    assert (np.sign(x) * (abs(x) > 3), np.sign(y) * (abs(y) > 3)) == (across, down)


@pytest.mark.parametrize("gaze, across, down", [
    ((30, 0), 1, 0), ((-30, 0), -1, 0), ((0, 30), 0, -1), ((0, -30), 0, 1)])
def test_the_arrow_points_where_the_eyes_look(tmp_path, gaze, across, down):
    x, y = drawn(tmp_path, YELLOW, gaze=gaze)
    assert (np.sign(x) * (abs(x) > 3), np.sign(y) * (abs(y) > 3)) == (across, down)


def test_angles_and_ways_are_each_others_inverse():
    from engines.training.layouts.gaze import angles
    assert np.allclose(angles(viewer.gaze_way(-35, 20)), (-35, 20))


def test_faces_are_drawn_and_ignored_ones_told_apart(tmp_path):
    boxes = [(10, 20, 60, 80), (150, 100, 200, 160)]
    samples = made(tmp_path / "a.h5", {"faces": all_faces(boxes, [False, True])})
    tile = viewer.tile(samples, 0)
    assert middle_of(tile, GREEN) == pytest.approx((35 - 127.5, 50 - 127.5), abs=1.5)
    assert middle_of(tile[:240], viewer.GREY) == pytest.approx((175 - 127.5, 130 - 127.5), abs=1.5)


def test_a_row_about_a_face_shows_that_face(tmp_path):
    """The face fills the tile, wherever in the picture it is."""
    samples = Reader(sample.samples(tmp_path / "a.h5", 3))
    for i in range(3):
        tile = viewer.tile(samples, i)
        eyes, mouth = (tile > 250).all(2).sum(), (tile == 0).all(2).sum()
        assert eyes > 150 and mouth > 50


def test_pages_hold_all_rows(tmp_path):
    samples = Reader(sample.samples(tmp_path / "a.h5", 25))
    assert viewer.pages(samples) == 2
    first, second = viewer.page(samples, 0), viewer.page(samples, 1)
    assert first.shape == (4 * 256, 6 * 256, 3)
    assert (second[:256, :256] == viewer.tile(samples, 24)).all() and not second[256:].any()


@pytest.mark.parametrize("number", [-1, 2])
def test_a_page_that_is_not_there_is_told(tmp_path, number):
    with pytest.raises(InputMissing, match="there are 2"):
        viewer.page(Reader(sample.samples(tmp_path / "a.h5", 25)), number)


def test_without_a_display_there_is_no_window(tmp_path, monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(PartMissing, match="--out FILE.png"):
        viewer.show(Reader(sample.samples(tmp_path / "a.h5", 1)))


TURNED = """
import sys
import tkinter
from engines.training import viewer
from engines.training.samples import Reader
window = viewer._Window(tkinter, Reader(sys.argv[1]), 0)
titles = []
def note(*keys):
    titles.append(window._root.title())
    if keys:
        window._root.focus_force()
        while not window._root.focus_get():      # a busy X server takes its time
            window._root.update()
        window._root.event_generate(keys[0])
        window._root.after(50, note, *keys[1:])
    else:
        window._root.event_generate("<Escape>")
window._root.after(200, note, "<Right>", "<Right>", "<Left>")
window.run()
print([title.split(": ")[1] for title in titles])
"""


@pytest.mark.skipif(not shutil.which("xvfb-run"), reason="no xvfb-run here")
def test_a_window_turns_its_pages(tmp_path):
    path = sample.samples(tmp_path / "a.h5", 25)
    ran = subprocess.run(["xvfb-run", "-a", sys.executable, "-c", TURNED, path], cwd=ROOT,
                         stdout=subprocess.PIPE, timeout=60, universal_newlines=True)
    assert ran.stdout.strip() == str(["page 1 of 2", "page 2 of 2", "page 2 of 2", "page 1 of 2"])
