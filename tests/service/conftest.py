"""Machines for the tests here, fresh for every module."""
import glob
import os

import pytest

from tests.service import house as houses

CONFIG = "[camera]\nsource = test\n[backend]\nname = onnxruntime\n[target]\nto = vmc@%s:%d\n"
PORT = 39539


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
    """Put what lies in systemd/ where a Debian's systemd reads it, and enable it."""
    place = "/etc/systemd/system/"
    house.shell("useradd --system --user-group --groups video --no-create-home kagami")
    ours = os.path.join(houses.ROOT, "systemd")
    for pattern in ("kagami*.*", "kagami*.d/*.conf"):
        for path in filter(os.path.isfile, glob.glob(os.path.join(ours, pattern))):
            with open(path) as f:
                house.write(place + os.path.relpath(path, ours), f.read())
    with open(os.path.join(ours, "journald.conf")) as f:
        house.write("/etc/systemd/journald.conf.d/kagami.conf", f.read())
    house.shell("cd %s && systemctl enable $(grep -l '^.Install' kagami*.*)" % place)


def configure(box, text):
    """Start it anew with this configuration."""
    box.write("/etc/kagami.conf", text)
    box.run("systemctl", "restart", "kagami")
