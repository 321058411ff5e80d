"""A service goes on with the last configuration that worked; a person is told what is wrong."""
import logging
import os

import pytest

from appliance import config, fallback
from appliance.errors import ConfigError
from appliance.fallback import Fallback
from tests.fakes.receiver import eventually

GOOD, BROKEN = "[loss]\nhold_ms = 300\n", "[loss]\nhold_ms = soon\n"


@pytest.fixture
def file(tmp_path):
    return tmp_path / "kagami.conf"


@pytest.fixture
def good(state):
    """The path of the last good configuration."""
    return os.path.join(state, fallback.NAME)


@pytest.fixture
def service(monkeypatch, tmp_path):
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))
    monkeypatch.setattr(fallback, "GOOD_AFTER", -1.0)


def made(path, check=lambda found: None):
    return Fallback(lambda kept, path: config.load(path, (), kept), str(path), check)


def written(path, text):
    with open(str(path), "w") as f:
        f.write(text)


def test_a_person_is_told_what_is_wrong(file, good):
    written(file, BROKEN)
    written(good, GOOD)
    with pytest.raises(ConfigError):
        made(file).start()


def test_a_service_goes_on_with_the_last_good_one(service, file, good, caplog):
    written(file, BROKEN)
    written(good, GOOD)
    found = made(file).start()
    assert found.loss.hold_ms == 300
    assert found.trouble == "%s:2 is wrong, the last good one goes on" % file
    assert [r.levelno for r in caplog.records] == [logging.ERROR]


def test_without_a_good_one_the_defaults_hold(service, file):
    written(file, BROKEN)
    found = made(file).start()
    assert found.loss.hold_ms == 250 and found.trouble.endswith("the defaults hold")


def test_a_good_one_that_this_version_does_not_understand_is_passed_over(service, file, good):
    written(file, BROKEN)
    written(good, BROKEN)
    assert made(file).start().loss.hold_ms == 250


@pytest.mark.parametrize("text", ["", "\0" * 40])
def test_what_a_power_cut_leaves_is_broken(service, file, good, text):
    written(file, text)
    written(good, GOOD)
    assert made(file).start().loss.hold_ms == 300


def test_an_empty_one_is_right_where_there_was_none_before(service, file):
    written(file, "")
    assert made(file).start().trouble == ""


def test_what_a_start_refuses_is_broken_too(service, file, good):
    def check(found):
        if found.loss.hold_ms == 400:
            raise ConfigError("%s:2" % file, "no", "say something else")
    written(file, "[loss]\nhold_ms = 400\n")
    written(good, GOOD)
    assert made(file, check).start().loss.hold_ms == 300


def test_what_has_turned_for_a_while_is_kept(service, file, good):
    written(file, GOOD)
    one = made(file)
    one.start()
    one.turn()
    one.turn()
    assert eventually(lambda: os.path.exists(good))
    assert eventually(lambda: open(good).read() == GOOD)


def test_what_has_not_turned_long_enough_is_not_kept(service, monkeypatch, file, good):
    monkeypatch.setattr(fallback, "GOOD_AFTER", 60.0)
    written(file, GOOD)
    one = made(file)
    one.start()
    one.turn()
    one.turn()
    assert not os.path.exists(good)


def test_a_fallback_is_not_kept_as_good(service, file, good):
    written(file, BROKEN)
    written(good, GOOD)
    one = made(file)
    one.start()
    one.turn()
    one.turn()
    assert open(good).read() == GOOD


def test_a_person_keeps_nothing(monkeypatch, file, good):
    monkeypatch.setattr(fallback, "GOOD_AFTER", -1.0)
    written(file, GOOD)
    one = made(file)
    one.start()
    one.turn()
    assert not os.path.exists(good)


def test_a_broken_one_that_is_read_again_is_refused(service, file, good):
    written(file, GOOD)
    one = made(file)
    one.start()
    written(file, BROKEN)
    with pytest.raises(ConfigError):
        one()


def test_what_is_changed_by_command_goes_onto_the_last_good_one(service, file, good):
    written(file, BROKEN)
    written(good, GOOD)
    one = made(file)
    one.start()
    found = one([config.Line("loss", "blend_ms", "99", "settings.conf:2")])
    assert (found.loss.hold_ms, found.loss.blend_ms) == (300, 99)


def test_a_wrong_command_is_refused_for_its_own_sake(service, file):
    written(file, GOOD)
    one = made(file)
    one.start()
    with pytest.raises(ConfigError, match="never"):
        one([config.Line("loss", "blend_ms", "never", "settings.conf:2")])


def test_one_that_was_mended_leaves_no_trouble(service, file, good):
    written(file, BROKEN)
    written(good, GOOD)
    one = made(file)
    one.start()
    written(file, "[loss]\nhold_ms = 500\n")
    found = one()
    assert (found.loss.hold_ms, found.trouble) == (500, "")
