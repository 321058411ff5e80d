"""Our OSCQuery pages over real HTTP, and what other programs read in them."""
import json
import subprocess
import urllib.error
import urllib.request

import pytest

from appliance.face import ARKIT_NAMES
from appliance.network.background import Background
from appliance.network.tree import Namespace, found
from appliance.outputs.moment import Moment
from appliance.status import Status
from tests.fakes.people import person
from tests.fakes.receiver import eventually, free_port
from tests.foreign.tools import needs, script

pytest.importorskip("aiohttp")
from appliance.network import oscquery  # noqa: E402

MOMENT = Moment(7, 1.0, 1.0, (640, 480), person(yaw=20, jawOpen=0.5), 3, 1.0)


@pytest.fixture
def state():
    return [MOMENT, Status()]


@pytest.fixture
def there(state):
    """The port where pages are shown."""
    port, near = free_port(), lambda address: True
    background = Background([oscquery.OscQuery(lambda: state, near, lambda: "Kagami-x", 39600,
                                               port)]).start()
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


def test_host_info_says_where_osc_is_heard(there):
    about = get(there, "/any/path?HOST_INFO")
    assert (about["NAME"], about["OSC_PORT"], about["OSC_TRANSPORT"]) == ("Kagami-x", 39600, "UDP")
    assert about["EXTENSIONS"]["VALUE"] and not about["EXTENSIONS"]["LISTEN"]


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
    port = free_port()
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
