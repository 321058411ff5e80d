"""A configuration read again while the program runs: what follows, what stays, what is told."""
import logging

import pytest

from appliance import config
from appliance.errors import ConfigError, KagamiError, PartMissing, UsageError
from appliance.outputs.channel import dialect
from appliance.outputs.dialects import DIALECTS
from appliance.outputs.targets import checked
from appliance.settings import ROOM, Settings


class Stop:
    """A signal that came."""

    reload = True


@pytest.fixture
def written(tmp_path):
    """Settings of a file: written(text) writes it and gives them at first, then reads it again."""
    made = []

    def write(text):
        path = tmp_path / "kagami.conf"
        path.write_text(text)
        if not made:
            made.append(Settings(config.load(str(path)),
                                 lambda kept=None: config.load(str(path), kept=kept), Stop()))
        return made[0]
    return write


def test_what_is_written_anew_is_in_force(written):
    written("[target pc]\nto = vmc@127.0.0.1:1\n")
    settings = written("[target pc]\nto = vmc@127.0.0.1:2\n[loss]\nhold_ms = 300\n")
    settings.reread()
    assert [t.to for t in settings.config.targets] == ["vmc@127.0.0.1:2"]
    assert settings.config.loss.hold_ms == 300


def test_whoever_follows_is_told(written):
    settings, told = written(""), []
    settings.follow(lambda c: told.append(c.loss.hold_ms))
    written("[loss]\nhold_ms = 300\n").reread()
    assert told == [300]


@pytest.mark.parametrize("wrong", [
    "[camra]\nwidth = 1\n", "[target pc]\nto = vmcc@pc:1\n", "words", "[camera]\nwidth = 1\n"])
def test_a_wrong_one_changes_nothing(written, wrong):
    settings = written("[loss]\nhold_ms = 300\n")
    with pytest.raises(ConfigError):
        written(wrong).reread()
    assert settings.config.loss.hold_ms == 300


TARGETS = "".join("[target t%d]\nto = vmc@127.0.0.1:%d\n" % (i, 5001 + i) for i in range(13))


@pytest.mark.parametrize("text, line, told", [
    ("[camera]\nsource = vebcam\n", 2, "camera.source = vebcam: not known"),
    ("[camera]\nsource = csi:x\n", 2, "not a sensor's number"),
    ("[camera]\nsource = stdin:640x480\n", 2, "not WIDTHxHEIGHT@RATE:FORMAT"),
    ("[target]\nmirror = yes\nto = vmcc@pc\n", 3, "target.to = vmcc@pc: unknown dialect"),
    ("[target]\nprefix = one\n[target pc]\nto = vmc@127.0.0.1:1\n[target tv]\n"
     "to = vmc@127.0.0.1:2\n", 2, "target.prefix = one: not the beginning of an OSC address"),
    ("[output]\nlimit = 600\n[target]\nto = kagami@127.0.0.1\n", 2,
     "output.limit = 600: for kagami@127.0.0.1 one message alone takes 776"),
    (TARGETS, 26, "13 targets, at most 12 are sent to")])
def test_a_mistake_is_told_once_with_its_line(written, tmp_path, text, line, told):
    with pytest.raises(ConfigError) as e:
        written(text)
    assert str(e.value).startswith("%s:%d: " % (tmp_path / "kagami.conf", line))
    assert told in str(e.value) and "\n" not in str(e.value)


def test_all_mistakes_are_told_at_once(written):
    with pytest.raises(ConfigError) as e:
        written("[camera]\nsource = vebcam\n[target a]\nto = vmcc@pc\nprefix = x\n"
                "[target b]\nto = vmc@\n")
    assert [line.split(": ")[1].split(" = ")[0] for line in str(e.value).splitlines()] == [
        "camera.source", "target a.prefix", "target a.to", "target b.to"]


def test_a_target_that_is_not_enabled_may_be_anything(written):
    assert written("[target old]\nto = vmcc@pc\nenabled = no\n").config.targets == []


@pytest.mark.parametrize("name", sorted(DIALECTS))
def test_in_what_counts_as_room_every_wire_fits(name):
    base = config.defaults()
    host = "127.0.0.1/32" if getattr(DIALECTS[name], "asked_only", False) else "127.0.0.1"
    target = checked(base.target._replace(to="%s@%s" % (name, host)))
    assert dialect(target, base.loss, base.output._replace(limit=ROOM)) is not None


def test_why_is_one_line_however_many_mistakes_there_are(written, caplog):
    caplog.set_level(logging.INFO, "kagami")
    written("")
    written("[camera]\nwdth = 3\nheigt = 3\nrate = x\n").turn()
    line, = caplog.messages
    assert line.startswith("the old configuration goes on: ") and line.endswith("(and 2 more)")
    assert "did you mean width?" in line and "\n" not in line


def test_one_that_a_part_refuses_changes_nothing(written):
    settings = written("")

    def refuses(new):
        raise UsageError("13 targets", "at most 12 are sent to", "leave some out")
    settings.follow(refuses)
    with pytest.raises(UsageError):
        written("[loss]\nhold_ms = 300\n").reread()
    assert settings.config.loss.hold_ms == 250


def test_what_only_a_start_reads_is_told_and_stays(written, caplog):
    caplog.set_level(logging.INFO, "kagami")
    written("")
    settings = written("[camera]\nwidth = 800\n[smoothing]\nhead_beta = 1\n[calibration]\n"
                       "link = 1\nfolder = /x\n[backend]\nname = onnxruntime\n")
    settings.turn()
    assert caplog.messages[-1] == (
        "calibration.folder, backend.name: in force with the next start")
    assert settings.config.camera.width == 800 and settings.config.smoothing.head_beta == 1
    assert settings.config.calibration.folder == "" and settings.config.calibration.link == 1


def test_a_signal_asks_once(written, caplog):
    caplog.set_level(logging.INFO, "kagami")
    settings = written("")
    settings.turn()
    settings.turn()
    assert caplog.messages == ["the configuration is read again"]


def test_where_none_was_read_it_says_so():
    with pytest.raises(PartMissing):
        Settings(config.defaults()).reread()


def test_what_is_set_goes_over_what_is_written(written):
    settings = written("[target a]\nto = vmc@127.0.0.1:1\n[target b]\nto = vmc@127.0.0.1:2\n"
                       "mirror = no\n")
    settings.set("mirror", 1)
    settings.set("return_ms", 700.0)
    assert [t.mirror for t in settings.config.targets] == [True, True]
    settings.reread()
    assert [t.mirror for t in settings.config.targets] == [True, True]
    assert settings.config.loss.return_ms == 700


@pytest.mark.parametrize("key, value, told", [
    ("miror", 1, "did you mean mirror"), ("wings", 1, "set mirror or smooth .* or gain/NAME"),
    ("hold_ms", 99999, "give 0 to 10000 ms"), ("neck_share", "much", "not a number"),
    ("mirror", 0.5, "neither yes nor no")])
def test_what_cannot_be_set_is_told(written, key, value, told):
    settings = written("")
    with pytest.raises(KagamiError, match=told):
        settings.set(key, value)
    assert settings.config == written("").config
