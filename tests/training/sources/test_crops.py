"""Squares of photographs: points go there and back, pixels lie where points do."""
import cv2
import numpy as np
import pytest

from engines.training.sources import crops

SQUARES = {"upright": crops.Square((120, 90), 100), "turned": crops.Square((120, 90), 100, 25),
           "mirrored": crops.Square((120, 90), 100, -10, True),
           "much larger": crops.Square((400, 300), 560, 12)}


@pytest.mark.parametrize("square", SQUARES.values(), ids=list(SQUARES))
def test_points_come_back(square):
    points = np.array([[110.0, 95, 3], [130, 70, -8]])
    assert square.back(square.there(points, 64), 64) == pytest.approx(points)


@pytest.mark.parametrize("square", SQUARES.values(), ids=list(SQUARES))
def test_pixels_lie_where_points_do(square):
    picture = np.zeros((600, 800), np.uint8)
    at = square.centre + [0.1 * square.side, -0.2 * square.side]
    cv2.circle(picture, tuple(int(round(v)) for v in at), int(0.05 * square.side), 255, -1)
    view = square.view(picture, 128).astype(float)
    y, x = np.indices(view.shape) + 0.5
    found = np.array([(view * x).sum(), (view * y).sum()]) / view.sum()
    ring = np.round(at) + 0.5       # the middle of the pixel that the circle is drawn around
    assert found == pytest.approx(square.there(np.append(ring, 0)[None], 128)[0, :2], abs=0.35)


def test_a_turn_is_undone():
    """The square of a face that lies, turned likewise, shows it upright."""
    square = crops.Square((100, 100), 80, 90)
    assert square.there(np.array([[100.0, 120, 0]]), 80)[0, :2] == pytest.approx([60, 40])


def test_a_face_takes_its_share():
    points = np.array([[50.0, 50, 0], [105, 80, 0]])
    square = crops.around(points)
    assert square.side == pytest.approx(100) and square.centre == pytest.approx([77.5, 65])


def test_what_lies_outside_the_picture_is_told():
    square = crops.Square((50, 50), 200)
    assert square.real(np.zeros((300, 300)), 256) == pytest.approx([64, 64, 256, 256])


def test_a_picture_is_known_again_smaller_and_brighter():
    rng = np.random.RandomState(4)
    picture, other = (cv2.GaussianBlur(rng.uniform(0, 200, (256, 256)), (0, 0), 12)
                      for _ in range(2))
    bits = [np.unpackbits(crops.fingerprint(p.astype(np.float32))) for p in (
        picture, cv2.resize(picture, (90, 90), interpolation=cv2.INTER_AREA) + 20, other)]
    assert (bits[0] != bits[1]).sum() <= 22 < (bits[0] != bits[2]).sum()
