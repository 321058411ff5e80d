"""A stage's time is told with its network's share apart."""
import time

import pytest

from appliance.tracker import Tracker
from benchmarks import parts
from tests.fakes.dots import Dots, picture


class Slow(Dots):
    """Dots whose landmarks network takes a hundredth of a second."""

    def __init__(self):
        super().__init__()
        read = self.readers["landmarks"]
        self.readers["landmarks"] = lambda *tensors: time.sleep(0.01) or read(*tensors)


@pytest.fixture(scope="module")
def found():
    return parts.measured([picture((320, 200))] * 4, Slow())


def test_what_a_network_takes_is_within_its_stage(found):
    whole, within = found[-1]["landmarks"]
    assert whole > within >= 0.01


def test_a_stage_without_a_network_has_no_share_of_one(found):
    assert found[-1]["pose"][1] == 0


def test_pictures_that_were_searched_are_told_from_those_followed(found):
    assert [("detector" in rows) for rows in found] == [True, False, False, False]
    assert parts.tracking(found) == found[1:]


def test_what_is_outside_is_the_rest(found):
    rows = parts.outside(found[1:])["landmarks"]
    assert rows == [whole - within for whole, within in (r["landmarks"] for r in found[1:])]


def test_a_clocked_backend_calls_itself_as_the_one_within():
    assert str(parts.Clocked("some library")) == "some library"


def test_a_tracker_is_made_with_clock_and_backend():
    assert parts.measured([], Dots(), lambda **given: Tracker(**given)) == []
