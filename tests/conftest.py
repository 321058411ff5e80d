"""What every test has."""
import pytest


@pytest.fixture(autouse=True)
def state(tmp_path_factory, monkeypatch):
    """A folder for what is kept over restarts, and one for the socket: this machine's own stay as
    they are."""
    folder = str(tmp_path_factory.mktemp("state"))
    monkeypatch.setenv("STATE_DIRECTORY", folder)
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path_factory.mktemp("run")))
    return folder
