"""docs/connect: every command line and every piece of configuration on these pages is taken by the
program, and each page tells what a page has to."""
import glob
import os
import re
import shlex

import pytest

from appliance import cli, config, settings
from appliance import monitor as watching
from appliance.backends import manifest
from appliance.network import console
from appliance.outputs.dialects import DIALECTS, speaks
from appliance.outputs.targets import checked

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "docs", "connect")
INDEX = os.path.join(FOLDER, "README.md")
APPS = ("vseeface", "vtube-studio", "vrchat", "warudo", "vnyan", "vmagicmirror", "unreal",
        "blender", "godot", "touchdesigner", "opentrack")
PAGES = [os.path.join(FOLDER, app + ".md") for app in APPS]
SECTIONS = ("On Kagami's side", "In ", "What you should see", "When nothing moves",
            "What moves, and what does not", "Where this is from")
TARGET = re.compile("(?:%s)@[^\\s`]+" % "|".join(DIALECTS))
OPTION = re.compile("`([a-z_]+) = ([^`]+)`")


def text(page):
    with open(page, encoding="utf-8") as f:
        return f.read()


def section(page, title):
    """What stands under the heading that begins so."""
    found = re.search("^## %s.*?\n(.+?)(?=^## |\\Z)" % re.escape(title), text(page), re.M | re.S)
    return found.group(1)


def command_lines(page):
    """Those in blocks and those in the text, without comments."""
    lines = re.findall("^ +(kagami .+)$", text(page), re.M)
    lines += re.findall("`(kagami [^`]+)`", text(page).replace("\n", " "))
    return sorted({line.partition(" #")[0].strip() for line in lines})


def snippets(page):
    """The blocks that are pieces of a kagami.conf."""
    blocks = re.findall("(?:^    .+\n|^\n)+", text(page), re.M)
    return [block for block in blocks if block.strip().startswith("[")]


@pytest.fixture
def taken(monkeypatch):
    """What the program would do, noted in place of being done."""
    done = []

    def run(url, found, *rest, **more):
        settings.check(found)
        done.append([record.to for record in found.targets])

    def add(found, to):
        done.append(checked(found.target._replace(to=to)))

    def lines(*rest):
        done.append(rest)
        return []
    monkeypatch.setattr(cli, "_run", run)
    monkeypatch.setattr(console, "add", add)
    monkeypatch.setattr(console, "listen", lambda found, form, *rest: form + "@127.0.0.1")
    monkeypatch.setattr(console, "listing", lines)
    monkeypatch.setattr(watching, "monitor", done.append)
    monkeypatch.setattr("appliance.network.listing.lines", lines)
    monkeypatch.setattr("appliance.errands.Errands.calibrate", lines)
    monkeypatch.setattr("appliance.errands.Errands.teach", lambda *rest: done.append(rest) or True)
    return done


def read(tmp_path, words):
    """The configuration in `words`, checked as a start checks it."""
    path = tmp_path / "kagami.conf"
    path.write_text(words, encoding="utf-8")
    found = config.load(str(path))
    settings.check(found)
    return found


def test_there_is_a_page_for_each_application_and_no_other():
    found = sorted(os.path.basename(p) for p in glob.glob(os.path.join(FOLDER, "*.md")))
    assert found == sorted([app + ".md" for app in APPS] + ["README.md"])
    assert all("](%s.md)" % app in text(INDEX) for app in APPS)


@pytest.mark.parametrize("page", PAGES, ids=os.path.basename)
def test_a_page_has_its_sections_in_their_order(page):
    titles = re.findall("^## (.+)$", text(page), re.M)
    assert len(titles) == len(SECTIONS)
    assert all(title.startswith(begin) for title, begin in zip(titles, SECTIONS))


@pytest.mark.parametrize("page", PAGES + [INDEX], ids=os.path.basename)
def test_every_command_line_is_taken(page, taken):
    lines = command_lines(page)
    for line in lines:
        words = shlex.split(line)[1:]
        cli.COMMANDS[words[0]](words[1:])
    assert lines and len(taken) == len(lines)


@pytest.mark.parametrize("page", PAGES + [INDEX], ids=os.path.basename)
def test_every_piece_of_configuration_is_taken(page, tmp_path):
    pieces = snippets(page)
    named = [record for piece in pieces for record in read(tmp_path, piece).targets]
    assert pieces and all(record.name for record in named)


@pytest.mark.parametrize("page", PAGES + [INDEX], ids=os.path.basename)
def test_every_target_and_every_option_that_is_named_is_there(page, tmp_path):
    for to in TARGET.findall(text(page)):
        read(tmp_path, "[target one]\nto = %s\n" % to)
    for name, value in OPTION.findall(text(page)):
        kind = next(kind for kind, keys in config.SCHEMA.items() if name in keys)
        read(tmp_path, "[%s]\n%s = %s\n" % (kind, name, value))


@pytest.mark.parametrize("page", PAGES, ids=os.path.basename)
def test_a_page_tells_which_ports_to_open(page):
    hints = section(page, "When nothing moves")
    for to in TARGET.findall(section(page, "On Kagami's side")):
        target = checked(config.defaults().target._replace(to=to))
        wire = "TCP" if speaks(target.dialect, target.port).posted else "UDP"
        assert "%s %d" % (wire, target.port) in hints, to


@pytest.mark.parametrize("page", PAGES, ids=os.path.basename)
def test_a_page_tells_where_it_is_from_and_what_is_unsure(page):
    told = section(page, "Where this is from")
    assert told.startswith("\nRead: ") and "\nNot sure: " in told


@pytest.mark.parametrize("page", PAGES, ids=os.path.basename)
def test_the_first_target_of_a_page_is_that_of_the_index(page):
    row = re.search(r"^\|.*\(%s\) \| `(.+?)`" % os.path.basename(page), text(INDEX), re.M)
    assert row.group(1) == TARGET.findall(section(page, "On Kagami's side"))[0]


def test_the_index_lists_the_shapes_that_are_driven():
    told = re.search("<!-- driven -->\n((?:    .+\n)+)", text(INDEX)).group(1).split()
    driven = [name for network in manifest.read().values() for name in network.driven]
    assert sorted(told) == sorted(driven)
    assert "%d of the 52" % len(told) in text(INDEX)


def test_every_dialect_is_of_use_to_some_application():
    pages = "".join(text(page) for page in PAGES + [INDEX])
    assert [name for name in DIALECTS if "`%s@" % name not in pages] == []
