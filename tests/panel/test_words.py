"""What the box says in its own English stands in every other language's table, so that nothing of
it reaches a page untold; and nothing stands there that the box does not say."""
import errno
import os
import re

import pytest

from appliance.network import ways
from appliance.outputs import targets
from tests.panel.sentences import Module
from tests.panel.test_page import CODES, box, table

OTHERS = [code for code in CODES if code != "en"]
# What a system says of a socket, a file or a device.
SYSTEM = (errno.EACCES, errno.EADDRINUSE, errno.EIO, errno.ENOENT, errno.ENOSPC, errno.EPERM,
          errno.EROFS, errno.ECONNRESET, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ETIMEDOUT)
# Modules of which every complaint may be of something that a page asked for.
WHOLE = ("amendments", "belongings", "box/wish", "calibration", "files", "network/orders",
         "outputs/__init__", "outputs/targets", "panel/guard", "panel/password", "panel/server",
         "panel/tracker", "panel/wishes", "person", "sources/__init__", "teach")
PART = re.compile(r", (?=[a-z])")       # as text.js parts a state


def advice():
    """What stands under a target."""
    tables = [value for name, value in vars(ways).items() if re.match("_[A-Z]", name)]
    return {text for one in tables if isinstance(one, str) for text in (one,)} | {
        text for one in tables if isinstance(one, tuple) for _, text in one}


def answers():
    """What is known of a receiver."""
    link, api = Module("outputs/link.py"), Module("network/vts_api.py")
    found = link.named("_REASONS") | link.returned("answer")
    found |= Module("outputs/leases.py").returned("answer")
    mailbox = Module("outputs/mailbox.py")
    return found | mailbox.returned("answer") | mailbox.named("trouble") | api.named(
        "_WHY", "trouble") | api.returned("_reason") | api.handed("_trouble", "__init__")


def states():
    """What the tracker says of itself, part by part."""
    power, goes_on = Module("box/power.py"), Module("fallback.py")
    whole = {"%s; %s" % (one, text) for one in power.returned("_wrong") | power.named("_weak")
             for text in power.named("ADVICE")}
    whole |= Module("box/strain.py").named("_WORDS") | Module("status.py").named("engines")
    whole |= {text.replace(", {2}", "") for text in goes_on.returned("_trouble")}
    return parts(whole | goes_on.named("others") | whys())


def whys():
    """Why no picture comes."""
    found = set()
    for name, but in (("cameras", ()), ("csi", ()), ("gstreamer", ()), ("live", ()),
                      ("recording", ("_end",)), ("stills", ()), ("switch", ()), ("usb", ())):
        module = Module("sources/%s.py" % name)
        found |= module.handed("Away", "Broken") | module.reasons(*but) | module.named("state")
    return {text.replace("waiting for {1}: ", "") for text in found} - {"running", "{2}"}


def outcomes():
    """What a change comes to."""
    trial, settings = Module("box/trial.py"), Module("settings.py")
    return trial.returned("watch", "_complaint") | trial.named("why") | settings.returned(
        "_over") | settings.named("waiting") | Module("network/household.py").named(
            "outcome") | Module("teach.py").returned("_verdict")


def silence():
    """Why the tracker is not heard."""
    stream = Module("panel/stream.py")
    return stream.handed("_find", "_away")


def mistakes():
    """Why a change is refused, and what to do."""
    found = {text for row in targets._FORMS for text in row[2:]}
    for name in WHOLE:
        found |= Module(name + ".py").complaints()
    found |= Module("options.py").handed("ValueError")
    found |= Module("config.py").complaints("_override", "_read", "_once", "_text")
    found |= Module("settings.py").complaints("_unfit")
    found |= Module("network/household.py").complaints("cameras")
    return found | Module("network/deeds.py").complaints("close", "get", "restore", "set",
                                                         "listen", "_silence")


def parts(texts):
    """What text.js makes of a state."""
    return {part for text in texts for part in PART.split(text)} - {"{1}"}


def things():
    """What a complaint is about: such a name may stay as it is."""
    found = {"straight ahead", "resting face", "eyes open", "eyes shut"}    # of calibration.py
    for name in WHOLE + ("network/deeds", "network/household", "settings"):
        found |= Module(name + ".py").things()
    return found


def system():
    """What the system says."""
    return {os.strerror(number) for number in SYSTEM}


def said(code):
    """{what the box says: what a page of that language shows}."""
    short = {key.partition(".")[2]: text for key, text in table(code).items()
             if key.startswith(("answer.", "state."))}
    return dict(short, **box(code))


def form(text):
    """A sentence as a pattern, as text.js makes it."""
    parts = re.split(r"\{\w+\}", text)
    return re.compile("(.*?)".join(re.escape(part) for part in parts) + r"\Z", re.S)


@pytest.mark.parametrize("code", OTHERS)
@pytest.mark.parametrize("told", (advice, answers, states, outcomes, silence, mistakes, system))
def test_every_sentence_is_known(code, told):
    assert len(told()) > 2
    assert sorted(told() - set(said(code))) == []


@pytest.mark.parametrize("code", OTHERS)
def test_no_sentence_is_known_that_the_box_does_not_say(code):
    everything = set().union(advice(), answers(), states(), outcomes(), silence(), mistakes(),
                             system(), things())
    assert sorted(set(box(code)) - everything) == []


@pytest.mark.parametrize("code", OTHERS)
def test_what_is_filled_in_has_its_place_in_every_language(code):
    def places(text):
        return sorted(re.findall(r"\{(\w+)\}", text))
    assert [text for text, words in box(code).items() if places(text) != places(words)] == []


@pytest.mark.parametrize("code", OTHERS)
def test_a_sentence_is_taken_for_no_other(code):
    forms = sorted((text for text in box(code) if "{" in text),
                   key=lambda text: -len(re.sub(r"\{\w+\}", "", text)))
    for text in forms:
        filled = re.sub(r"\{\w+\}", "x7", text)
        assert next(one for one in forms if form(one).match(filled)) == text
