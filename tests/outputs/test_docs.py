"""docs/osc.md and docs/apps.md tell the truth: addresses, tags, names, options, ports, rates and
ranges are those of the code."""
import os
import re
import struct
import types

import numpy as np
import pytest

from appliance.face import ARKIT, ARKIT_NAMES
from appliance.keys import KEYS
from appliance.network.orders import COMMANDS, SET
from appliance.options import SCHEMA
from appliance.outputs.dialects import DIALECTS, speaks
from appliance.outputs.dialects.babble import NAMES, Babble
from appliance.outputs.dialects.etvr import SETS, Etvr
from appliance.outputs.dialects.faceosc import MESSAGES, FaceOsc, gestures
from appliance.outputs.dialects.kagami import Kagami
from appliance.outputs.dialects.openseeface import FEATURES, PACKET
from appliance.outputs.dialects.unified import USUAL
from appliance.outputs.dialects.vmc import BONES, PRESETS, PRESETS_1, Vmc
from appliance.outputs.dialects.vrchat import Vrchat
from appliance.outputs.dialects.vts_plugin import CREATED, OWN, PORTS
from appliance.outputs.moment import Moment
from appliance.outputs.parts import PARTS
from appliance.outputs.targets import Target, checked
from appliance.stages.pose import FARTHEST, NEAREST
from appliance.status import CODES
from tests.fakes.people import person
from tests.golden import decoded

DOCS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs")
MOMENT = Moment(1, 1.0, 1.0, (640, 480), person()._replace(taught={"smirk": 0.5}), 1, 1.0)
STATUS = types.SimpleNamespace(code=1, text="", fps=1.0, dropped=0, temperature=1.0, uptime=1,
                               size=(640, 480), fov=60.0, ms={})


def text(page="osc.md"):
    with open(os.path.join(DOCS, page), encoding="utf-8") as f:
        return f.read()


def section(title, page="osc.md"):
    """What stands under a heading of the second rank."""
    form = r"^## %s\n(.+?)(?=^## |\Z)" % re.escape(title)
    return re.search(form, text(page), re.M | re.S).group(1)


def table(words, head):
    """The cells of the rows of the table that begins with the row `head`."""
    rows = words.partition(head + "\n")[2].splitlines()[1:]
    end = next((i for i, row in enumerate(rows) if row[:1] != "|"), len(rows))
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[:end]]


def spelt_out(tags):
    """ffff from `ffff`, and from "4 `f`"; nothing from (none)."""
    count, _, letters = re.fullmatch(r"(\d*)( ?)`?([ifsbT]*|\(none\))`?", tags).groups()
    return "," + (letters * int(count or 1) if letters != "(none)" else "")


def documented(control=False):
    before, _, rest = text().partition("\n## Control\n")
    inside, _, after = rest.partition("\n## ")
    rows = re.findall(r"^\| `(/[^`]+)` \| ([^|]+) \|", inside if control else before + after, re.M)
    return {(address, spelt_out(tags.strip())) for address, tags in rows}


def sent():
    datagrams = []
    plain = (Vmc(), Vmc(role="assistant"), Kagami(mask=1023), Kagami(form="human"), Babble(),
             FaceOsc(), Vrchat(parameters="both", native="yes"))
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
               ("/kagami/error", ",sis"), ("/kagami/said", ",s"),
               ("/kagami/target", ",ssfisiiissiis"), ("/kagami/picture", ",iiib")}
    assert documented(control=True) == commands | answers | {(SET + "<key>", ",si")}
    assert all("`%s`" % key in text() for key in KEYS if "/" not in key)


def test_the_names_are_listed_in_order():
    assert listed("names") == ARKIT_NAMES and listed("presets") == PRESETS
    assert listed("babble") == NAMES
    assert listed("presets of VRM 1") == PRESETS_1 and listed("vrchat") == USUAL


def test_every_option_is_documented():
    options = re.findall(r"^\| `([a-z_]+)` \|", section("Options of a target"), re.M)
    assert options == [name for name in Target._fields if name not in ("dialect", "host", "port")]
    assert options == list(SCHEMA["target"])


def test_the_rest_pose_is_that_of_the_code():
    for name, rest, _ in BONES:
        assert "%s (%s)" % (name, ", ".join("%g" % v for v in rest)) in text().replace("\n", " ")


def listed_dialects():
    """{name, or "vts" with its ports: (port, rate, link)} of the list of all dialects."""
    rows = table(section("All dialects"), "| dialect | speaks as | usual port "
                 "| frames a second at most | its table |")
    return {row[0].replace("`", ""): row[2:] for row in rows}


def test_every_dialect_is_in_the_list_and_no_other():
    plugin = "vts at ports %d to %d" % (PORTS[0], PORTS[-1])
    assert sorted(listed_dialects()) == sorted(list(DIALECTS) + [plugin])


@pytest.mark.parametrize("name", sorted(DIALECTS) + ["vts at ports 8000 to 8999"])
def test_the_list_has_the_port_and_the_rate_of_the_code(name):
    port, rate, _ = listed_dialects()[name]
    known = checked(types.SimpleNamespace(to="%s@127.0.0.1:8001" % name.split()[0] if " " in name
                                          else name + "@127.0.0.1"))
    most = speaks(known.dialect, known.port).top_rate
    assert int(port) == known.port and rate == ("every frame" if np.isinf(most) else "%g" % most)


@pytest.mark.parametrize("name", sorted(DIALECTS) + ["vts:8001"])
def test_what_each_wire_does_without_a_part_is_told_as_it_is(name):
    rows = table(section("Two senders to one avatar"),
                 "| dialect | without `head` | without `eyes` | without `mouth` |")
    known = {word: row[1:] for row in rows for word in
             row[0].replace("`vts`, the plugin", "`vts:8001`").replace("`", "").split(", ")}
    port = int(name.partition(":")[2] or 0)
    make = speaks(name.partition(":")[0], port)
    carried = make.carries(Target("", name))
    for part, told in zip(PARTS, known[name]):
        wanted = "" if "parts" in make.options else "at rest"
        wanted = wanted if part in carried else "none"
        wanted = "refused" if carried == (part,) else wanted
        assert wanted in told and (wanted or told.startswith(("no ", "none of", "in arkit")))


@pytest.mark.parametrize("name", sorted(DIALECTS) + ["vts, the plugin API"])
def test_every_dialect_has_a_section_that_tells_its_port_and_its_rate(name):
    page = "osc.md" if "\n## %s\n" % name in text() else "apps.md"
    make = speaks(*("vts", 8001) if " " in name else (name,))
    told = section(name, page).replace("\n", " ")
    assert str(make.port(Target("", name))) in told
    assert ("camera's rate" if np.isinf(make.top_rate) else "%g" % make.top_rate) in told


def test_every_row_of_an_osc_table_has_tags_arguments_and_unit():
    rows = [row.strip("|").split("|") for row in text().partition("\n## Control\n")[0].splitlines()
            if row.startswith("| `/")]
    told = [row for row in rows if len(row) == 4 and row[1].strip() and row[3].strip()]
    assert len(rows) > 60 and [row for row in rows if row not in told] == []


@pytest.mark.parametrize("name", ["openseeface", "opentrack", "livelink", "ifacialmocap", "vts",
                                  "vts, the plugin API"])
def test_every_app_wire_tells_its_signs(name):
    told = section(name, "apps.md")
    head = "| motion | on the wire |" if name != "opentrack" else \
        "| offset | type | what, range | grows when |"
    assert len(table(told, head)) >= 4


def test_openseeface_lies_at_the_offsets_that_are_told():
    rows = table(section("openseeface", "apps.md"), "| offset | type | what |")
    told = {int(row[0]): row[1] for row in rows}
    kinds = {"<f8": "f64", "<i4": "i32", "<f4": "f32", "|u1": "u8"}
    for field, at in PACKET.fields.values():
        count = int(np.prod(field.shape)) if field.shape else 1
        assert told.pop(at) == kinds[field.base.str] + (" x %d" % count if count > 1 else "")
    assert not told and PACKET.itemsize == 1785


def test_openseefaces_features_stay_in_their_range():
    lowest, highest = FEATURES.clip(max=0).sum(1), FEATURES.clip(min=0).sum(1)
    assert lowest.min() == -1 and sorted(set(highest)) == [0, 1, 1.5]
    assert list(np.flatnonzero(highest == 1.5)) == [9, 11, 13]


def test_opentrack_is_six_doubles_at_the_offsets_that_are_told():
    rows = table(section("opentrack", "apps.md"), "| offset | type | what, range | grows when |")
    assert [(int(row[0]), row[1]) for row in rows] == [
        (8 * i, "f64") for i in range(struct.calcsize("<6d") // 8)]


@pytest.mark.parametrize("name, head, row, column, unit", [
    ("kagami", "| address | tags | arguments | unit, range |", "`/kagami/face/0/pos`", 3, 1.0),
    ("opentrack", "| offset | type | what, range | grows when |", "16", 2, 10.0),
    ("ifacialmocap", "| part | what |", "`head`", 1, -1000.0),
    ("vts", "| key | what |", "`Position`", 1, -10.0)])
def test_the_distance_is_told_with_the_range_that_the_pose_has(name, head, row, column, unit):
    page = "osc.md" if name == "kagami" else "apps.md"
    cells = {cells[0]: cells for cells in table(section(name, page), head)}[row]
    assert "%g to %g" % (NEAREST / unit, FARTHEST / unit) in cells[column]


def test_every_code_of_the_state_is_told():
    told = re.search(r"`/kagami/status` .* code (.*?);", section("kagami")).group(1)
    assert all("%d %s" % (code, state) in told for state, code in CODES.items())


def test_vtube_studios_inputs_are_those_of_the_code():
    rows = table(section("vts, the plugin API", "apps.md"), "| input | from | range |")
    names = [name for row in rows for name in re.findall("`(.+?)`", row[0])]
    assert sorted(names[:-1]) == sorted(OWN) and names[-1] in CREATED
    assert "and %d more" % (len(CREATED) - 1) in rows[-1][0]


def test_faceoscs_gestures_stay_in_the_ranges_that_are_told():
    random, seen = np.random.RandomState(0), []
    for _ in range(4000):
        face = person()._replace(blendshapes=random.randint(0, 2, len(ARKIT)).astype(float))
        opened = float(random.randint(2))
        face = face._replace(left=face.left._replace(openness=opened),
                             right=face.right._replace(openness=opened))
        seen.append(gestures(face, True))
    names = [name for name, _ in MESSAGES if name.startswith("gesture/")]
    rows = dict(re.findall(r"^\| `/(gesture/[a-z/]+)` .*\| ([^|]+) \|$", text(), re.M))
    for i, (name, low, high) in enumerate(zip(names, np.min(seen, 0), np.max(seen, 0))):
        told = rows[name] if rows[name] != "the same" else rows[names[i - 1]]
        numbers = re.findall(r"[0-9.]*[0-9]", told.split(";")[0])
        assert (float(numbers[0]), float(numbers[-1])) == pytest.approx((low, high)), name
