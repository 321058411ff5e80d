"""The machine that the other tests here run on."""
from appliance import __version__
from tests.golden import decoded
from tests.service.conftest import PATTERN, PORT

COMMAND = "/opt/kagami/current/.venv/bin/kagami"


def test_it_boots_and_is_reached_through_its_cable(house):
    house.write("/etc/kagami.conf", PATTERN)
    house.boot()
    with house.listen(PORT) as receiver:
        house.run("systemd-run", "--unit", "once", COMMAND, "run")
        receiver.socket.settimeout(30)
        addresses = [address for address, _, _ in decoded(receiver.socket.recv(65536))]
    assert "/VMC/Ext/Root/Pos" in addresses
    house.power_off()


def test_its_version_counts_as_whole(house):
    assert __version__ in house.at_rest(COMMAND, "update")


def test_what_is_written_at_rest_is_there_after_a_boot(house):
    house.write("/etc/motd", "welcome\n")
    house.boot()
    assert house.read("/etc/motd") == "welcome\n"
    house.cut()
    house.boot()
    assert house.read("/etc/motd") == "welcome\n"
