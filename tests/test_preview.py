"""What somebody sees who sets the camera up."""
import cv2
import numpy as np
import pytest

from appliance import preview
from appliance.face import Frame
from appliance.terminal import LiveLine
from tests.fakes.faces import face


class Terminal:
    """A terminal that remembers."""

    def __init__(self, tty):
        self.text, self._tty = "", tty

    def isatty(self):
        return self._tty

    def write(self, text):
        self.text += text

    def flush(self):
        pass


def picture(tone=0, number=0):
    return Frame(number, 0.0, 0.0, np.full((480, 640), tone, np.uint8))


@pytest.fixture(autouse=True)
def no_display(monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)


def test_without_a_display_there_is_no_window():
    assert not preview.windowed()


@pytest.mark.parametrize("gui, there", [("NONE", False), ("GTK3", True)])
def test_with_a_display_it_depends_on_opencv(monkeypatch, gui, there):
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(cv2, "getBuildInformation", lambda: "a\n  GUI:     %s\nb" % gui)
    assert preview.windowed() is there


def test_on_a_terminal_the_points_are_drawn_as_in_a_mirror():
    lines = preview.sketch(picture(), [face(x=160)], 100, 40)
    marks = [line.index("@") for line in lines if "@" in line]
    assert marks and min(marks) > 0.6 * max(map(len, lines))


def test_a_bright_picture_is_dense_and_a_dark_one_empty():
    assert set("".join(preview.sketch(picture(255), [], 60, 20))) == {"%"}
    assert set("".join(preview.sketch(picture(0), [], 60, 20))) == {" "}


@pytest.mark.parametrize("columns, rows", [(20, 8), (80, 24), (200, 60), (30, 60)])
def test_a_sketch_fits_into_its_terminal(columns, rows):
    for faces in ([], [face()], [face(x=-300), face(x=9000)]):
        lines = preview.sketch(picture(128), faces, max(columns, 50), rows)
        assert len(lines) <= rows
        assert max(len(line) for line in lines) <= max(columns, 50)
        assert len(preview.sketch(None, faces, columns, rows)) == rows


def test_a_terminal_is_drawn_in_place_with_the_status_below():
    terminal = Terminal(True)
    shown = preview.open_preview(LiveLine(terminal), 60.0)
    shown(picture(), [face()], lambda: "tracking, too far")
    assert terminal.text.startswith("\x1b[H") and "tracking, too far" in terminal.text
    assert "jawOpen" in terminal.text
    shown.close()


def test_a_log_gets_the_status_line_alone():
    terminal = Terminal(False)
    line = LiveLine(terminal)
    line._next = 0.0
    shown = preview.open_preview(line, 60.0)
    shown(picture(), [face()], lambda: "tracking")
    assert terminal.text == "tracking\n"


def test_a_window_shows_the_picture_mirrored(monkeypatch):
    shown = []
    monkeypatch.setattr(preview, "windowed", lambda: True)
    for name in ("namedWindow", "waitKey", "destroyAllWindows"):
        monkeypatch.setattr(cv2, name, lambda *_: None, raising=False)
    monkeypatch.setattr(cv2, "imshow", lambda title, image: shown.append(image), raising=False)
    luma = np.zeros((480, 640), np.uint8)
    luma[:, :100] = 200
    window = preview.open_preview(LiveLine(Terminal(False)), 60.0)
    window(Frame(0, 0.0, 0.0, luma), [], lambda: "nobody there")
    window.close()
    assert shown[0].shape == (480, 640, 3) and shown[0][300, 600, 0] == 200
    assert shown[0][300, 20, 0] == 0
