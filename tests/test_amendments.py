"""What is changed for good: which changes are taken, what is written, what comes back."""
import pytest

from appliance import amendments, config
from appliance.errors import OutputError, UsageError


@pytest.fixture
def loaded(tmp_path, monkeypatch):
    """The Config of a text in kagami.conf, and of what is kept."""
    def load(text="", *overrides, kept=None):
        path = tmp_path / "kagami.conf"
        path.write_text(text)
        return config.load(str(path), overrides, kept)
    return load


def keep(loaded, document, text=""):
    """Change, write; gives the Config that is read again."""
    lines = amendments.merged(loaded(text), document)
    amendments.write(config.kept_path(""), lines)
    return loaded(text)


def test_what_is_changed_is_there_again(loaded):
    one = keep(loaded, {"camera": {"flip": "both", "fov": "70.5"}, "loss": {"hold_ms": "300"}})
    assert (one.camera.flip, one.camera.fov, one.loss.hold_ms) == ("both", 70.5, 300)


def test_it_goes_over_the_user_s_file_and_under_the_command_line(loaded, state):
    one = keep(loaded, {"camera": {"flip": "both", "rate": "60"}}, "[camera]\nflip = vertical\n")
    assert one.camera.flip == "both"
    line, = [line for line in one.lines if line.key == "flip"]
    assert line.origin == state + "/settings.conf:4"
    assert loaded("", "camera.flip=none").camera.flip == "none"


def test_it_lies_in_the_folder_that_is_configured(loaded, tmp_path):
    text = "[calibration]\nfolder = %s\n" % (tmp_path / "mine")
    amendments.write(config.kept_path(str(tmp_path / "mine")), amendments.merged(
        loaded(text), {"camera": {"flip": "both"}}))
    assert loaded(text).camera.flip == "both" and loaded("").camera.flip == "none"


def test_the_spelling_of_a_yes_and_of_numbers_is_the_configuration_s(loaded):
    document = amendments.document('{"target": {"mirror": true, "rate": 29.97}, "loss": '
                                   '{"hold_ms": 300}}')
    one = keep(loaded, document)
    assert (one.target.mirror, one.target.rate, one.loss.hold_ms) == (True, 29.97, 300)


def test_nothing_takes_an_option_back(loaded):
    keep(loaded, {"camera": {"flip": "both", "fov": "70"}})
    one = keep(loaded, {"camera": {"flip": None}})
    assert (one.camera.flip, one.camera.fov) == ("none", 70)
    assert keep(loaded, {"camera": None}).camera.fov == 60


def test_targets_come_and_go(loaded):
    one = keep(loaded, {"target tv": {"to": "vmc@127.0.0.1:1"}, "target [::1]": {
        "to": "vmc@[::1]:2"}})
    assert [(t.name, t.to) for t in one.targets] == [
        ("tv", "vmc@127.0.0.1:1"), ("[::1]", "vmc@[::1]:2")]
    assert [t.name for t in keep(loaded, {"target tv": None}).targets] == ["[::1]"]


def test_the_unnamed_target_that_a_user_wrote_stays(loaded):
    text = "[target]\nto = vmc@127.0.0.1:5000\n"
    one = keep(loaded, {"target tv": {"to": "vmc@127.0.0.1:1"}}, text)
    assert [t.to for t in one.targets] == ["vmc@127.0.0.1:5000", "vmc@127.0.0.1:1"]


@pytest.mark.parametrize("section, told", [
    ("target pc", "stands in .*kagami.conf:2; change it there, or set enabled to no"),
    ("target tw1", "was not added; did you mean tv1"), ("target other", "was not added")])
def test_what_was_not_added_is_not_dropped(loaded, section, told):
    text = "[target pc]\nto = vmc@127.0.0.1:5000\n"
    keep(loaded, {"target tv1": {"to": "vmc@127.0.0.1:1"}}, text)
    with pytest.raises(UsageError, match=told):
        amendments.merged(loaded(text), {section: None})


@pytest.mark.parametrize("text", [
    "", "{", "[]", "3", "null", '"x"', "[" * 60000, '{"a":' * 9999, "{'a': 1}", "\ud800"])
def test_what_is_no_object_is_told(text):
    with pytest.raises(UsageError, match="the change"):
        amendments.document(text)


@pytest.mark.parametrize("document", [
    {"camera": "flip"}, {"camera": ["flip"]}, {"camera": {"flip": ["both"]}},
    {"camera": {"flip": {"a": "b"}}}, {"camera": {"source": "x" * 501}},
    {"camera": {"source": "usb\n[control]\ntoken = "}}, {"camera": {"source": "a #b"}},
    {"camera": {"source": "pipeline:videotestsrc"}}, {"camera": {"source": " pipeline:x"}},
    {"camera": {"source": "#b"}}, {"camera": {"source": "a\0b"}},
    {"camera": {"source": "a\u2028b"}}, {"camera\n": {"flip": "both"}},
    {"camera]": {"flip": "both"}}, {"": {"flip": "both"}},
    {"target ": {"to": "x"}}, {"target  a": {"to": "x"}}, {"target a\n": {"to": "x"}},
    {"target " + "a" * 300: {"to": "x"}}, {"camera": {"flip =": "both"}}, {"camera": {"": "x"}},
    {"camera": {"flip\n": "both"}}, {"calibration": {"folder": "/tmp"}},
    {"target %d" % i: {"to": "x", "enabled": "no"} for i in range(300)}])
def test_what_cannot_be_an_option_is_told_in_one_line(loaded, document):
    with pytest.raises(UsageError) as e:
        amendments.merged(loaded(), document)
    assert "\n" not in str(e.value) and str(e.value).isprintable()


@pytest.mark.parametrize("number", ["1e999", "-" + "9" * 400, "NaN", "Infinity", "1" + "0" * 499])
def test_huge_numbers_are_bounded_as_those_of_a_file(loaded, number):
    document = amendments.document('{"camera": {"width": %s}}' % number)
    lines = amendments.merged(loaded(), document)
    with pytest.raises(config.ConfigError, match="give 16 to 8192 px"):
        loaded(kept=lines)


def test_a_place_that_cannot_be_written_is_told(loaded):
    with pytest.raises(OutputError):
        amendments.write("/proc/none/settings.conf", [])
