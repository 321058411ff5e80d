"""What this machine says of itself on the network, as far as the configuration decides it."""
import pytest

from appliance import config
from appliance.network.surroundings import Surroundings


def ports(*overrides):
    """{type: port} of what is announced with some options."""
    made = Surroundings.__new__(Surroundings)
    made._config = config.load(None, overrides)
    return {kind.split(".")[0]: port for kind, _, port, _ in made._offer("00beef")}


@pytest.fixture(autouse=True)
def alone(monkeypatch, tmp_path):
    monkeypatch.setattr(config, "SYSTEM", str(tmp_path / "none.conf"))
    monkeypatch.delenv(config.VARIABLE, raising=False)


def test_the_page_is_announced_where_others_can_open_it():
    assert ports("panel.address=0.0.0.0", "panel.port=80")["_http"] == 80


def test_a_page_for_this_machine_alone_is_not_announced():
    assert "_http" not in ports() and ports()["_kagami"] == 39600
