"""docs/osc.md tells the truth: addresses, tags, names and options are those of the code."""
import os
import re
import types

from appliance.face import ARKIT_NAMES
from appliance.keys import KEYS
from appliance.network.orders import COMMANDS, SET
from appliance.options import SCHEMA
from appliance.outputs.dialects.babble import NAMES, Babble
from appliance.outputs.dialects.etvr import SETS, Etvr
from appliance.outputs.dialects.faceosc import FaceOsc
from appliance.outputs.dialects.kagami import Kagami
from appliance.outputs.dialects.unified import USUAL
from appliance.outputs.dialects.vmc import BONES, PRESETS, PRESETS_1, Vmc
from appliance.outputs.dialects.vrchat import Vrchat
from appliance.outputs.moment import Moment
from appliance.outputs.targets import Target
from tests.fakes.people import person
from tests.golden import decoded

DOCS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/osc.md")
MOMENT = Moment(1, 1.0, 1.0, (640, 480), person()._replace(taught={"smirk": 0.5}), 1, 1.0)
STATUS = types.SimpleNamespace(code=1, text="", fps=1.0, dropped=0, temperature=1.0, uptime=1,
                               size=(640, 480), fov=60.0, ms={})


def text():
    with open(DOCS, encoding="utf-8") as f:
        return f.read()


def spelt_out(tags):
    """ffff from `ffff`, and from "4 `f`"; nothing from (none)."""
    count, _, letters = re.fullmatch(r"(\d*)( ?)`?([ifsT]*|\(none\))`?", tags).groups()
    return "," + (letters * int(count or 1) if letters != "(none)" else "")


def documented(control=False):
    before, _, rest = text().partition("\n## Control\n")
    inside, _, after = rest.partition("\n## ")
    rows = re.findall(r"^\| `(/[^`]+)` \| ([^|]+) \|", inside if control else before + after, re.M)
    return {(address, spelt_out(tags.strip())) for address, tags in rows}


def sent():
    datagrams = []
    plain = (Vmc(), Vmc(role="assistant"), Kagami(), Kagami(form="human"), Babble(), FaceOsc(),
             Vrchat(parameters="both", native="yes"))
    for dialect in plain + tuple(Etvr(etvr_set=name) for name in SETS):
        datagrams += [bytes(d) for d in dialect(MOMENT)]
        datagrams += list(dialect.announce(STATUS, True))
        datagrams += [bytes(d) for d in dialect.farewell(MOMENT, 0)]
    return {(general(address), tags.replace("F", "T"))
            for d in datagrams for address, tags, _ in decoded(d)}


def general(address):
    """An address with what is one of a list told as what it is."""
    address = address.replace("smirk", "<name>")
    address = re.sub("arkit/(?!names).+", "arkit/<name>", address)
    if address[1:] in NAMES:
        return "/<name>"
    return re.sub("FT/v2/[A-Za-z]+?([0-9]|Negative|)$", lambda m: "FT/v2/<name>" + (
        "<bit>" if m.group(1).isdigit() else m.group(1)), address)


def listed(mark):
    return tuple(re.search(r"<!-- %s -->\n((?:    .+\n)+)" % mark, text()).group(1).split())


def test_every_address_and_its_tags_are_documented_and_no_others():
    assert documented() == sent()


def test_every_command_is_documented():
    commands = {(address, "," + kind) for address, one in COMMANDS.items()
                for kind in one.kinds if address != SET}
    answers = {("/kagami/pong", ",i"), ("/kagami/challenge", ",i"), ("/kagami/ok", ",si"),
               ("/kagami/error", ",sis"), ("/kagami/said", ",s"), ("/kagami/target", ",ssfisi")}
    assert documented(control=True) == commands | answers | {(SET + "<key>", ",si")}
    assert all("`%s`" % key in text() for key in KEYS if "/" not in key)


def test_the_names_are_listed_in_order():
    assert listed("names") == ARKIT_NAMES and listed("presets") == PRESETS
    assert listed("babble") == NAMES
    assert listed("presets of VRM 1") == PRESETS_1 and listed("vrchat") == USUAL


def test_every_option_is_documented():
    table = text().partition("\n## Targets while it runs")[0]
    options = re.findall(r"^\| `([a-z_]+)` \|", table, re.M)
    assert options == [name for name in Target._fields if name not in ("dialect", "host", "port")]
    assert options == list(SCHEMA["target"])


def test_the_rest_pose_is_that_of_the_code():
    for name, rest, _ in BONES:
        assert "%s (%s)" % (name, ", ".join("%g" % v for v in rest)) in text().replace("\n", " ")
