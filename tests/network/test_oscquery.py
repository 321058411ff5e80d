"""Our OSCQuery pages over real HTTP, and what other programs read in them."""
import json
import socket
import subprocess
import urllib.error
import urllib.request

import numpy as np
import pytest

from appliance.face import ARKIT_NAMES
from appliance.network.background import Background
from appliance.network.tree import Namespace, found
from appliance.outputs.moment import Moment, Slot
from appliance.status import Status
from tests.fakes.people import person
from tests.fakes.receiver import eventually, free_tcp_port
from tests.foreign.tools import needs, script

pytest.importorskip("aiohttp")
from appliance.network import oscquery  # noqa: E402

MOMENT = Moment(7, 1.0, 1.0, (640, 480), person(yaw=20, jawOpen=0.5), 3, 1.0)


@pytest.fixture
def state():
    return [MOMENT, Status()]


@pytest.fixture
def heard_at():
    """[the port of our commands], to be changed."""
    return [39600]


@pytest.fixture
def there(state, heard_at):
    """The port where pages are shown."""
    port, near = free_tcp_port(), lambda address: True
    background = Background([oscquery.OscQuery(lambda: state, near, lambda: "Kagami-x",
                                               lambda: heard_at[0], port)]).start()
    assert eventually(lambda: answers(port), 20.0)
    yield port
    background.close()


def answers(port):
    try:
        return get(port, "/?HOST_INFO")
    except OSError:
        return None


def get(port, path, **more):
    with urllib.request.urlopen("http://127.0.0.1:%d%s" % (port, path), **more) as answer:
        text = answer.read().decode("ascii")
        return json.loads(text) if text else answer.status


def test_what_is_no_http_leaves_no_trace(there, caplog):
    with socket.create_connection(("127.0.0.1", there), 5.0) as stranger:
        stranger.sendall(b"\x00\xff nothing of the kind\r\n\r\n")
        assert b" 400 " in stranger.recv(1000)
    assert caplog.records == []


def test_host_info_says_where_osc_is_heard(there):
    about = get(there, "/any/path?HOST_INFO")
    assert (about["NAME"], about["OSC_PORT"], about["OSC_TRANSPORT"]) == ("Kagami-x", 39600, "UDP")
    assert about["EXTENSIONS"]["VALUE"] and not about["EXTENSIONS"]["LISTEN"]


def test_host_info_follows_another_port_of_commands(there, heard_at):
    heard_at[0] = 39700
    assert get(there, "/?HOST_INFO")["OSC_PORT"] == 39700


def test_commands_are_there_only_while_they_are_heard(there, heard_at):
    heard_at[0] = 0
    assert "OSC_PORT" not in get(there, "/?HOST_INFO")
    assert eventually(lambda: found(get(there, "/"), "/kagami/ping") is None)


def test_values_are_those_of_the_newest_moment(there, state):
    assert get(there, "/kagami/face/0/euler?VALUE")["VALUE"][0] == pytest.approx(20.0, abs=1e-3)
    state[0] = MOMENT._replace(number=8, face=person(yaw=-5))
    assert eventually(lambda: get(there, "/kagami/face/0/euler?VALUE")["VALUE"][0] == (
        pytest.approx(-5.0, abs=1e-3)))


def test_every_address_of_the_wire_is_there_with_type_and_range(there):
    root = get(there, "/")
    jaw = found(root, "/kagami/face/0/arkit/jawOpen")
    assert (jaw["TYPE"], jaw["VALUE"], jaw["RANGE"]) == ("f", [0.5], [{"MIN": 0.0, "MAX": 1.0}])
    assert found(root, "/kagami/face/0/points")["TYPE"] == "f" * 136
    assert found(root, "/kagami/arkit/names")["VALUE"] == list(ARKIT_NAMES)
    assert found(root, "/kagami/status")["TYPE"] == "isfifi"
    assert len(json.dumps(root)) < 65536


def test_commands_are_there_to_be_written(there):
    root = get(there, "/")
    neutral = found(root, "/kagami/calibrate/neutral")
    assert (neutral["ACCESS"], neutral["TYPE"]) == (2, "sf") and "VALUE" not in neutral
    assert neutral["RANGE"] == [{}, {"MIN": 0.5, "MAX": 5.0}] and neutral["DESCRIPTION"]
    assert found(root, "/kagami/calibrate/eyes")["RANGE"] == [{}, {"VALS": ["open", "shut"]}]
    assert found(root, "/kagami/ping")["TYPE"] == "i"
    assert get(there, "/kagami/ping?VALUE") == 204


@pytest.mark.parametrize("key, tags, most", [
    ("mirror", "si", 1), ("smooth", "sf", 1), ("faces", "si", 4), ("exposure", "sf", 1000000),
    ("hold_ms", "si", 10000), ("return_ms", "si", 10000), ("neck_share", "sf", 1),
    ("gain/jawOpen", "sf", 4), ("gain/tongueOut", "sf", 4)])
def test_what_may_be_set_is_there_with_its_range(there, key, tags, most):
    made = get(there, "/kagami/set/" + key)
    assert (made["ACCESS"], made["TYPE"], made["RANGE"][1]["MAX"]) == (2, tags, most)


def test_what_only_this_machine_may_ask_is_not_there(there):
    root = get(there, "/")
    assert all(found(root, address) is None for address in (
        "/kagami/targets", "/kagami/teach", "/kagami/calibrate/import"))


@pytest.mark.parametrize("path, method, status", [
    ("/nowhere", "GET", 404), ("/kagami?NONSENSE", "GET", 400), ("/", "POST", 405),
    ("/../../etc/passwd", "GET", 404), ("/kagami/face/0/euler/more", "GET", 404)])
def test_what_is_not_there_is_told_by_number(there, path, method, status):
    request = urllib.request.Request("http://127.0.0.1:%d%s" % (there, path), method=method)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    assert refused.value.code == status


def test_what_a_node_lacks_is_no_content(there):
    assert get(there, "/kagami?VALUE") == 204


def test_who_asks_too_often_is_put_off(there):
    def flood():
        for _ in range(3 * oscquery.EACH):
            get(there, "/?HOST_INFO")
    with pytest.raises(urllib.error.HTTPError) as refused:
        flood()
    assert refused.value.code == 429


def test_strangers_are_not_answered(state):
    port = free_tcp_port()
    background = Background([oscquery.OscQuery(lambda: state, lambda a: False, lambda: "",
                                               port=port)]).start()
    with pytest.raises(urllib.error.HTTPError) as refused:
        eventually(lambda: answers_or_raises(port), 20.0)
    background.close()
    assert refused.value.code == 403


def answers_or_raises(port):
    try:
        return get(port, "/")
    except urllib.error.HTTPError:
        raise
    except OSError:
        return None


@pytest.mark.parametrize("faces, names, most", [(1, 0, 30000), (4, 16, 90000)])
def test_the_whole_page_is_no_longer_than_is_told(there, state, faces, names, most):
    chance = np.random.RandomState(0)
    many = [person()._replace(blendshapes=chance.rand(52), landmarks=640 * chance.rand(68, 2),
                              taught={"%02d%s" % (i, 30 * "n"): 0.123456 for i in range(names)})
            for _ in range(faces)]
    slots = tuple(Slot(face, i, 1.0, False) for i, face in enumerate(many))
    state[0] = MOMENT._replace(number=9, face=many[0], slots=slots)
    with urllib.request.urlopen("http://127.0.0.1:%d/" % there) as answer:
        page = answer.read()
    assert (b"/face/%d/points" % (faces - 1)) in page and len(page) <= most


def test_a_namespace_before_the_first_face_has_every_type():
    root = Namespace().tree(None, None)
    assert found(root, "/kagami/face/0/rot")["TYPE"] == "ffff"


def test_an_independent_library_reads_our_tree(there):
    needs("npm:oscquery")
    done = subprocess.run(["node", script("oscquery_js.js"), "127.0.0.1", str(there)],
                          stdout=subprocess.PIPE, timeout=60, universal_newlines=True)
    told = json.loads(done.stdout)
    nodes = dict(told["nodes"])
    assert (told["name"], told["oscPort"], len(nodes) > 60) == ("Kagami-x", 39600, True)
    assert nodes["/kagami/face/0/arkit/jawOpen"] == [["f", 0.5, {"min": 0.0, "max": 1.0}]]
