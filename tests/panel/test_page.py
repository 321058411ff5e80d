"""The page's files hold what the browser will ask for: texts in every language, no bare imports,
nothing inline, nothing from elsewhere, and not too much."""
import glob
import json
import os
import re

import pytest

STATIC = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "appliance", "panel",
                      "static")
MIRROR = ("head.js", "avatar.js", "theatre.js", "mirror.js")    # loaded when that view is opened


def paths(pattern):
    return sorted(glob.glob(os.path.join(STATIC, pattern)))


def text(path):
    with open(os.path.join(STATIC, path), encoding="utf-8") as f:
        return f.read()


def table(code):
    """The page's own texts in a language."""
    return {key: words for key, words in json.loads(text("lang/%s.json" % code)).items()
            if key != "box"}


def box(code):
    """What the box says, in its own English, with what is shown for it."""
    return json.loads(text("lang/%s.json" % code))["box"]


CODES = sorted(table("languages"))
MODULES = paths("js/*.js")
SOURCE = "\n".join(text(path) for path in MODULES) + text("index.html")


def size(names):
    return sum(os.path.getsize(os.path.join(STATIC, name)) for name in names)


@pytest.mark.parametrize("code", CODES)
def test_every_language_has_every_text(code):
    assert sorted(table(code)) == sorted(table("en"))


@pytest.mark.parametrize("code", CODES)
def test_every_language_fills_in_the_same_names(code):
    def names(one):
        return {key: sorted(set(re.findall(r"\{(\w+)\}", words))) for key, words in one.items()}
    assert names(table(code)) == names(table("en"))


def test_every_text_that_is_asked_for_is_there():
    asked = set(re.findall(r'\bt\("([^"]+)"[,)]', SOURCE))
    asked |= set(re.findall(r'data-t="([^"]+)"', SOURCE))
    assert len(asked) > 100
    assert asked <= set(table("en"))


def test_every_text_is_asked_for():
    begun = tuple(re.findall(r't\("([^"]+)" \+', SOURCE) + re.findall(r"t\(`([^$`]+)\$", SOURCE))
    ends = tuple(re.findall(r't\(\w+ \+ "([^"]+)"', SOURCE) + re.findall(r"`\$\{\w+\}([^`$]+)`",
                                                                        SOURCE))
    assert [key for key in table("en") if '"%s"' % key not in SOURCE
            and not key.startswith(begun) and not key.endswith(ends or ("-",))] == []


def test_every_state_word_of_the_tracker_has_a_text():
    from appliance import framing, status
    with open(framing.__file__, encoding="utf-8") as f:
        words = set(re.findall(r'"(too \w+)"', f.read()))
    words |= set(status.CODES) | {framing.NOBODY, "no picture"}
    words |= {"face at the %s edge" % side for side in ("left", "right", "top", "bottom")}
    assert {"state." + word for word in words} <= set(table("en"))


def test_nothing_is_inline_and_nothing_from_elsewhere():
    for page in ("index.html", "example/cube.html"):
        source = text(page)
        assert re.findall(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=", source) == []
        assert re.findall(r'(?:src|href)="(?:https?:)?//', source) == []


def test_every_import_is_a_file_beside_it():
    for path in MODULES + paths("vendor/*.js"):
        source = re.sub(r"/\*.*?\*/", "", text(path), flags=re.S)
        for name in re.findall(r"""(?:\bfrom|\bimport) ?\(?["']([^"']+)["']\)?;""", source):
            assert os.path.exists(os.path.join(os.path.dirname(path), name)), (path, name)


def test_the_page_stays_under_150_kb():
    mine = [path for path in MODULES if os.path.basename(path) not in MIRROR]
    page = mine + paths("*.html") + paths("*.css") + paths("*.svg") + paths("lang/*.json")
    assert size(page) < 150e3


def test_the_mirror_stays_under_1500_kb():
    own = [path for path in MODULES if os.path.basename(path) in MIRROR]
    assert size(own + paths("vendor/*.js") + paths("head.bin")) < 1.5e6


def test_what_is_vendored_has_its_licence():
    for name in ("three", "three-vrm"):
        assert "Permission is hereby granted" in text("vendor/%s.LICENSE.txt" % name)
