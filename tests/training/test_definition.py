"""Where the 68 points lie: measured on portraits where enough of them have two opinions."""
from types import SimpleNamespace

import numpy as np
import pytest

from appliance.face import LANDMARK_MIRROR
from engines.training import definition
from tests.fakes.dots import face_points


def portraits(count, moved=(0.0, 4.0)):
    """`count` front views whose second teacher sees all points moved by that many pixels."""
    points = np.tile(np.array(face_points(128, 110, 1.2, 0.0), float), (count, 1, 1))
    osf = np.ones((count, 66, 3))
    osf[..., :2] = points[:, definition.OSF_TO_IBUG] + moved
    return SimpleNamespace(points=points, osf=osf, quality=np.full(count, 2))


def offsets(people):
    count = len(people.points)
    return definition.offsets(people, np.zeros((count, 3)), people.points,
                              np.tile(np.eye(3), (count, 1, 1)), LANDMARK_MIRROR)


def test_many_opinions_move_the_points_by_their_share():
    people = portraits(definition.ENOUGH)
    to_ours, _ = offsets(people)
    share = definition.SHARE * 4.0 / definition.box_size(people.points)[0]
    assert to_ours[:48, 1] == pytest.approx(share[:48])
    assert to_ours[:, 0] == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("people", [portraits(definition.ENOUGH - 1),
                                    portraits(2000, (np.nan, np.nan))], ids=["few", "one teacher"])
def test_otherwise_they_are_moved_as_was_measured_before(people):
    table = np.genfromtxt(definition.OFFSETS, delimiter=",", skip_header=1)
    to_ours, model_to_ours = offsets(people)
    assert np.array_equal(to_ours, table[:, 1:4]) and np.array_equal(model_to_ours, table[:, 4:])
