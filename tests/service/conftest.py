"""Machines for the tests here, fresh for every module."""
import pytest

from tests.service import house as houses


@pytest.fixture(scope="session")
def possible():
    """Passes over what takes root and systemd-nspawn where they are not."""
    if houses.missing():
        pytest.skip(houses.missing())


@pytest.fixture(scope="module")
def bare(possible):
    """A Debian that has never seen Kagami, not running."""
    with houses.House(houses.root()) as house:
        yield house


@pytest.fixture(scope="module")
def house(possible):
    """A Debian with this Kagami under /opt/kagami/current and none of its units, not running."""
    with houses.House(houses.root("kagami")) as house:
        houses.install(house)
        yield house
