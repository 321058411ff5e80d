"""Crops as cameras and little light make them."""
import numpy as np

from engines.training import augment


def test_little_light_leaves_a_dark_picture_with_the_noise_of_a_sensor():
    rng, bright = np.random.RandomState(0), np.full((64, 64), 180, np.uint8)
    dark = np.array([augment.dusk(rng, bright, 48.0) for _ in range(200)], float)
    levels, noise = dark.mean(axis=(1, 2)), dark.std(axis=(1, 2))
    assert levels.min() < 50 and np.median(levels) < 140
    assert noise.min() > 0.5 and noise.max() > 5


def test_the_noise_of_few_pixels_is_coarse():
    rng, grey = np.random.RandomState(0), np.full((64, 64), 120, np.uint8)
    steps = {side: np.mean([np.abs(np.diff(augment.dusk(rng, grey, side).astype(float))).mean()
                            for _ in range(100)]) for side in (16.0, 64.0)}
    assert steps[16.0] < 0.6 * steps[64.0]
