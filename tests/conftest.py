"""What every test has."""
import pytest


@pytest.fixture(autouse=True)
def state(tmp_path_factory, monkeypatch):
    """A folder for what is kept over restarts: this machine's own stays as it is."""
    folder = str(tmp_path_factory.mktemp("state"))
    monkeypatch.setenv("STATE_DIRECTORY", folder)
    return folder
