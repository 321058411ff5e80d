"""What every test has."""
import os

import pytest

from appliance import config
from tests.fakes.receiver import Receiver


def pytest_addoption(parser):
    """Options of our own."""
    parser.addoption("--none-skipped", action="store_true",
                     help="a test that is passed over has failed")


def _must_run(config, report):
    if report.skipped and config.getoption("--none-skipped"):
        report.outcome, report.longrepr = "failed", "passed over: %s" % (report.longrepr,)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """What one test came to."""
    _must_run(item.config, (yield).get_result())


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report(collector):
    """What reading one module came to."""
    _must_run(collector.config, (yield).get_result())


@pytest.fixture(autouse=True)
def state(tmp_path_factory, monkeypatch):
    """A folder for what is kept over restarts, one for the socket, and no configuration: this
    machine's own stay as they are."""
    folder = str(tmp_path_factory.mktemp("state"))
    monkeypatch.setenv("STATE_DIRECTORY", folder)
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path_factory.mktemp("run")))
    monkeypatch.setattr(config, "SYSTEM", os.path.join(folder, "none.conf"))
    monkeypatch.delenv(config.VARIABLE, raising=False)
    return folder


@pytest.fixture
def receiver():
    """A UDP socket with its port."""
    with Receiver() as one:
        one.socket.settimeout(30)
        yield one.socket
