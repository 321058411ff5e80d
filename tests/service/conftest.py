"""Machines for the tests here, fresh for every module."""
import pytest

from tests.service import house as houses

CONFIG = "[camera]\nsource = test\n[backend]\nname = onnxruntime\n[target]\nto = vmc@%s:%d\n"
PORT = 39539
PATTERN = "[camera]\nsource = test\n[target]\nto = vmc@%s:%d\n" % (houses.HERE, PORT)


@pytest.fixture(scope="session")
def possible(request):
    """Passes over what takes minutes, root and systemd-nspawn, unless it is asked for."""
    if not request.config.getoption("--none-skipped"):
        pytest.skip("takes a quarter of an hour: make test-service")
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


@pytest.fixture(scope="module")
def box(house):
    """The same with its user, its units and a configuration that sends the pattern to our end of
    the cable, running."""
    units(house)
    house.write("/etc/kagami.conf", CONFIG % (houses.HERE, PORT))
    house.boot()
    return house


def units(house):
    """Its user, and its units as an installation places them."""
    house.shell("useradd --system --user-group --groups video --no-create-home kagami")
    house.shell("/opt/kagami/current/deploy/units.sh install")


def configure(box, text):
    """Start it anew with this configuration."""
    box.write("/etc/kagami.conf", text)
    box.run("systemctl", "restart", "kagami")
