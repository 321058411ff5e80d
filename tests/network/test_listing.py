"""What `kagami discover` writes."""
import sys

import pytest

from appliance import cli
from appliance.errors import PartMissing
from appliance.network import listing
from appliance.network.hosts import Host


@pytest.mark.parametrize("host, advice", [
    (Host("VRChat", "VRChat-Client-A", "192.168.1.20", 50000), "--to vrchat@192.168.1.20:9000"),
    (Host("VTube Studio", "VTube Studio", "192.168.1.20", 0), "Start API"),
    (Host("VTube Studio", "VTube Studio", "192.168.1.20", 9001), "from 8000 to 8999"),
    (Host("Kagami", "Kagami-0a1b2c", "192.168.1.9", 39601), "another one")])
def test_each_host_is_followed_by_what_to_do(host, advice):
    first, second = listing._line(host).splitlines()
    assert host.address in first and host.name in first and advice in second


def test_without_the_library_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "zeroconf", None)
    with pytest.raises(PartMissing, match="pip install zeroconf"):
        listing.lines(1.0)


def test_seconds_out_of_bounds_are_wrong_usage(capsys):
    assert cli.main(["discover", "--seconds", "0"]) == 2
    assert "1 to 3600" in capsys.readouterr().err
