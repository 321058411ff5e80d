"""Backgrounds and light from folders of pictures, or without any."""
import cv2
import numpy as np
import pytest

from appliance.errors import DataError, InputMissing, UsageError
from engines.training.sources import rooms


@pytest.mark.parametrize("shape, count", [((240, 320), 1), ((400, 3000), 1), ((480, 640), 4),
                                          ((3000, 2000), 4), ((60, 80), 1)])
def test_a_large_picture_makes_more_backgrounds(shape, count):
    found = rooms.parts(np.zeros(shape + (3,), np.uint8), np.random.RandomState(1))
    assert [part.shape for part in found] == [(240, 320, 3)] * count


def test_backgrounds_that_were_made_otherwise_stay(tmp_path):
    (tmp_path / "backgrounds").mkdir()
    (tmp_path / "backgrounds/mine.jpg").write_bytes(b"x")
    with pytest.raises(UsageError, match="not made from a folder of pictures"):
        rooms.backgrounds(str(tmp_path), str(tmp_path), "/no/python")


def test_plain_light_is_brighter_above(tmp_path):
    path = str(tmp_path / "env_hdri.npz")
    rooms.plain(path)
    with np.load(path) as light:
        env = light["env"].astype(float)
        assert env.shape[1:] == (128, 256, 3) and len(env) == len(light["names"]) == 5
    assert (env[:, :64].mean((1, 2, 3)) > env[:, 64:].mean((1, 2, 3))).all()
    assert np.isfinite(env).all() and (env > 0).all()


def test_panoramas_are_made_small(tmp_path):
    picture = np.zeros((256, 512, 3), np.float32)
    picture[:128] = (1, 2, 4)       # B, G, R of the sky
    picture[200, 100] = 1e7
    cv2.imwrite(str(tmp_path / "field.hdr"), picture)
    rooms.panoramas(str(tmp_path), str(tmp_path / "env_hdri.npz"))
    with np.load(str(tmp_path / "env_hdri.npz")) as light:
        env, names = light["env"].astype(float), light["names"].tolist()
    assert names == ["field"] and env.shape == (1, 128, 256, 3)
    assert env[0, 10, 10] == pytest.approx([4, 2, 1], rel=0.02)
    assert env.max() <= rooms.BRIGHTEST


def test_a_folder_without_panoramas_is_told(tmp_path):
    with pytest.raises(InputMissing, match="no .hdr file"):
        rooms.panoramas(str(tmp_path), str(tmp_path / "env_hdri.npz"))
    (tmp_path / "broken.hdr").write_text("#?RADIANCE\n")
    with pytest.raises(DataError, match="broken.hdr"):
        rooms.panoramas(str(tmp_path), str(tmp_path / "env_hdri.npz"))
