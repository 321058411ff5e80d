"""What this machine says of itself on the network, as far as the configuration decides it."""
from types import SimpleNamespace

from appliance import config
from appliance.network.surroundings import Surroundings


def told(made):
    """{type: (port, TXT)} of what is announced."""
    return {kind.split(".")[0]: (port, text) for kind, _, port, text in made._offer("00beef")}


def surroundings(*overrides):
    """With some options, and without the thread."""
    made = Surroundings.__new__(Surroundings)
    made._status = SimpleNamespace(engines={})
    made.change(config.load(None, overrides))
    return made


def ports(*overrides):
    """{type: port} of what is announced with some options."""
    return {kind: port for kind, (port, _) in told(surroundings(*overrides)).items()}


def test_the_page_is_announced_where_others_can_open_it():
    assert ports("panel.address=0.0.0.0", "panel.port=80")["_http"] == 80


def test_a_page_for_this_machine_alone_is_not_announced():
    assert "_http" not in ports() and ports()["_kagami"] == 39600


def test_how_many_faces_are_followed_is_announced():
    assert told(surroundings("tracker.max_faces=3"))["_kagami"][1]["faces"] == "3"


def test_a_control_port_that_a_target_has_taken_is_not_announced():
    assert "_kagami" not in ports("target me.to=kagami@127.0.0.1:39600")


def test_another_configuration_is_announced_from_then_on():
    made = surroundings()
    made.change(config.load(None, ["control.port=39700", "control.token=word"]))
    port, text = told(made)["_kagami"]
    assert (port, text["auth"]) == (39700, "token")
