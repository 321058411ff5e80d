"""A configuration read again while the program runs: what follows, what stays, what is told."""
import logging

import pytest

from appliance import config
from appliance.errors import ConfigError, KagamiError, PartMissing, UsageError
from appliance.settings import Settings


class Stop:
    """A signal that came."""

    reload = True


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Settings of a file: written(text) writes it and gives them at first, then reads it again."""
    monkeypatch.setattr(config, "SYSTEM", str(tmp_path / "none.conf"))
    monkeypatch.delenv(config.VARIABLE, raising=False)
    made = []

    def write(text):
        path = tmp_path / "kagami.conf"
        path.write_text(text)
        if not made:
            made.append(Settings(config.load(str(path)), lambda: config.load(str(path)), Stop()))
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
        raise UsageError("9 targets", "at most 8 are sent to", "leave some out")
    settings.follow(refuses)
    with pytest.raises(UsageError):
        written("[loss]\nhold_ms = 300\n").reread()
    assert settings.config.loss.hold_ms == 250


def test_what_only_a_start_reads_is_told_and_stays(written, caplog):
    caplog.set_level(logging.INFO, "kagami")
    written("")
    settings = written("[camera]\nwidth = 800\n[smoothing]\nhead_beta = 1\n[calibration]\n"
                       "link = 1\n[backend]\nname = onnxruntime\n")
    settings.turn()
    assert caplog.messages[-1] == (
        "camera.width, smoothing.head_beta, calibration.link, backend.name: in force with the "
        "next start")
    assert settings.config.camera.width == 640


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
    ("miror", 1, "did you mean mirror"), ("wings", 1, "set mirror or hold_ms"),
    ("hold_ms", 99999, "give 0 to 10000 ms"), ("neck_share", "much", "not a number"),
    ("mirror", 0.5, "neither yes nor no")])
def test_what_cannot_be_set_is_told(written, key, value, told):
    settings = written("")
    with pytest.raises(KagamiError, match=told):
        settings.set(key, value)
    assert settings.config == written("").config
