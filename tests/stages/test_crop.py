"""Crops: the square's pixels, beyond the border, much larger than the network's size."""
import numpy as np
import pytest

from appliance import geometry
from appliance.stages import crop


def ramp(height=480, width=640):
    """A picture whose luma tells x: 0 to 255 from left to right."""
    return np.tile(np.linspace(0, 255, width).astype(np.uint8), (height, 1))


def cut(luma, square, size=64):
    out = np.zeros((size, size), np.uint8)
    return out, crop.cut(luma, square, out)


@pytest.mark.parametrize("side", [20.0, 64.0, 127.0, 128.0, 200.0, 333.0, 450.0])
@pytest.mark.parametrize("roll", [0, 30, -75])
def test_every_pixel_of_the_crop_comes_from_where_its_way_back_leads(side, roll):
    luma = ramp()
    out, back = cut(luma, crop.Square((330.3, 236.7), side, roll))
    y, x = np.mgrid[:64, :64]
    at = geometry.apply(back, np.stack((x.ravel(), y.ravel()), axis=1))
    expected = np.clip(at[:, 0], 0, 639) * 255 / 639
    assert np.abs(out.ravel() - expected)[(at[:, 0] > 8) & (at[:, 0] < 631)].max() < 2


@pytest.mark.parametrize("side", [64.0, 130.0, 300.0])
def test_a_crop_that_is_wider_than_high_is_the_middle_rows_of_the_square(side):
    luma = np.random.RandomState(0).randint(0, 255, (480, 640)).astype(np.uint8)
    square = crop.Square((330.3, 236.7), side, 20)
    whole, back = cut(luma, square)
    out = np.zeros((40, 64), np.uint8)
    wide = crop.cut(luma, square, out)
    assert np.abs(out - whole[12:52].astype(float)).max() <= 1
    assert np.allclose(geometry.apply(wide, np.zeros((1, 2))),
                       geometry.apply(back, np.array([[0.0, 12.0]])))


def test_beyond_the_picture_its_border_is_repeated():
    luma = np.full((100, 100), 77, np.uint8)
    for side in (50.0, 300.0):
        out, _ = cut(luma, crop.Square((0.0, 0.0), side))
        assert (out == 77).all()


def test_a_square_wholly_outside_is_filled_from_the_border():
    for centre in ((-500.0, -500.0), (5000.0, 50.0)):
        for side in (30.0, 400.0):
            out, _ = cut(np.full((100, 100), 33, np.uint8), crop.Square(centre, side))
            assert (out == 33).all()


def test_a_large_square_is_averaged_not_picked():
    checks = (np.indices((512, 512)).sum(axis=0) % 2 * 255).astype(np.uint8)
    out, _ = cut(checks, crop.Square((255.5, 255.5), 500.0))
    assert np.abs(out[2:-2, 2:-2].astype(int) - 127).max() < 40


def test_noise_weighs_less_where_several_pixels_become_one():
    noisy = np.random.RandomState(0).normal(128, 20, (480, 640)).clip(0, 255).astype(np.uint8)
    left = [cut(noisy, crop.Square((320.3, 240.4), side))[0].std() for side in (64.0, 96.0, 120.0)]
    assert left[1] < 0.6 * left[0] and left[2] < 0.6 * left[0]


@pytest.mark.parametrize("roll", [0.0, 33.0])
@pytest.mark.parametrize("side", [100.0, 127.0, 200.0, 340.0])
def test_a_square_sees_as_much_as_if_all_of_the_picture_were_halved(side, roll, monkeypatch):
    luma = np.random.RandomState(2).randint(0, 255, (512, 640)).astype(np.uint8)
    square = crop.Square((320.0, 256.0), side, roll)
    part, _ = cut(luma, square)
    monkeypatch.setattr(crop, "_part", lambda luma, back, shape: (luma, back))
    assert np.abs(cut(luma, square)[0] - part.astype(float)).max() <= 2


def test_the_crop_of_a_mirror_image_is_the_mirror_image_of_the_crop():
    noisy = np.random.RandomState(1).randint(0, 255, (480, 640)).astype(np.uint8)
    here, _ = cut(noisy, crop.Square((300.0, 200.0), 110.0))
    there, _ = cut(np.ascontiguousarray(noisy[:, ::-1]), crop.Square((339.0, 200.0), 110.0))
    assert np.abs(here[:, ::-1].astype(int) - there).max() <= 4     # places are rounded to 1/32


def test_rows_with_padding_are_read_like_rows_without():
    padded = np.zeros((480, 700), np.uint8)
    padded[:, :640] = ramp()
    square = crop.Square((300.0, 200.0), 180.0, 10.0)
    assert np.array_equal(cut(padded[:, :640], square)[0], cut(ramp(), square)[0])


HERE = crop.Square((300.0, 200.0), 100.0, 10.0)


@pytest.mark.parametrize("new", [
    crop.Square((300.9, 199.7), 100.0, 10.0), crop.Square((300.0, 200.0), 101.5, 10.0),
    crop.Square((300.0, 200.0), 98.5, 10.9), HERE])
def test_a_trembling_face_stays_in_its_square(new):
    assert np.allclose(crop.dragged(HERE, new)[0], HERE.centre)
    assert np.allclose(crop.dragged(HERE, new)[1:], HERE[1:])


def test_a_moving_face_drags_its_square_along_on_a_short_leash():
    there = crop.Square((340.0, 170.0), 150.0, 40.0)
    square = crop.dragged(HERE, there)
    assert np.isclose(np.hypot(*np.subtract(there.centre, square.centre)), 1.0)
    assert np.isclose(square.roll, 39.0)
    assert np.isclose(np.log(150.0 / square.side), 0.02)


def test_a_face_that_is_upside_down_drags_its_square_the_short_way():
    turned = crop.dragged(HERE._replace(roll=179.0), HERE._replace(roll=-178.0))
    assert np.isclose(turned.roll, 181.0)


def test_the_square_of_a_box_is_that_of_its_points():
    points = np.array([[10, 20], [50, 20], [50, 110], [10, 110.0]])
    a, b = crop.around_box((10, 20, 50, 110)), crop.around_points(points, 0.0)
    assert np.allclose(a.centre, (30, 65)) and np.isclose(a.side, 1.35 * 60)
    assert np.allclose(a.centre, b.centre) and np.isclose(a.side, b.side)


def test_an_empty_box_still_has_a_square():
    assert crop.around_box((5, 5, 5, 5)).side >= crop.SMALLEST


def test_colour_becomes_luma_by_the_weights_of_television():
    image = np.zeros((1, 3, 3), np.uint8)
    image[0] = np.eye(3) * 255
    assert np.allclose(crop.as_luma(image), [[76, 150, 29]], atol=1)
