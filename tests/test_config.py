"""default.conf, a file and options become one typed object, and every mistake is told."""
import os
import re

import pytest

from appliance import config
from appliance.errors import ConfigError, InputMissing, KagamiError
from appliance.options import SCHEMA
from appliance.settings import check

HERE = os.path.dirname(os.path.abspath(__file__))


@pytest.fixture
def written(tmp_path):
    """Write a configuration and give its path."""
    def write(text):
        path = tmp_path / "kagami.conf"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return str(path)
    return write


def mistakes(**given):
    """The lines of what load() complains of."""
    with pytest.raises(ConfigError) as e:
        config.load(**given)
    return str(e.value).splitlines()


def test_defaults_are_typed():
    c = config.defaults()
    assert (c.camera.width, c.camera.rate, c.camera.rotation) == (640, 30.0, 0)
    assert c.target.mirror is False and c.camera.exposure == "auto"


def test_a_file_goes_over_the_defaults_and_options_over_the_file(written):
    path = written("[camera]\nwidth = 1280\nheight = 720\n")
    c = config.load(path, ["camera.width=320"])
    assert (c.camera.width, c.camera.height, c.camera.rate) == (320, 720, 30.0)


def test_the_system_file_is_read_where_it_is(written, monkeypatch):
    monkeypatch.setattr(config, "SYSTEM", written("[camera]\nfov = 78\n"))
    assert config.load().camera.fov == 78


def test_the_variable_names_the_file(written, monkeypatch):
    monkeypatch.setenv(config.VARIABLE, written("[camera]\nfov = 50\n"))
    assert config.load().camera.fov == 50


def test_the_library_default_reads_no_file(written, monkeypatch):
    monkeypatch.setattr(config, "SYSTEM", written("[camera]\nfov = 78\n"))
    assert config.defaults().camera.fov == 60


def test_a_named_file_that_is_missing_is_told():
    with pytest.raises(InputMissing, match="/nowhere.conf: no such file"):
        config.load("/nowhere.conf")


@pytest.mark.parametrize("option, told", [
    ("camera.wdth=640", "did you mean width"),
    ("camra.width=640", r"did you mean \[camera\]"),
    ("camera.score=1", r"did you mean score in \[tracker\]"),
    ("camera.width=15", "give 16 to 8192 px"),
    ("camera.width=8193", "give 16 to 8192 px"),
    ("camera.width=wide", "not a whole number"),
    ("camera.fov=nan", "out of bounds"),
    ("camera.flip=horizontl", "did you mean horizontal"),
    ("camera.exposure=0", "give auto, or 1 to 1000000 us"),
    ("target.mirror=perhaps", "give yes or no"),
    ("target.parts=head mouht", "mouht is not known \\(did you mean mouth"),
    ("target.parts=", "none of them; give some of head, eyes, mouth"),
    ("camera one.width=640", "no section camera one"),
    ("width=640", "SECTION.KEY=VALUE"),
    ("camera.width", "SECTION.KEY=VALUE"),
])
def test_each_mistake_is_one_line_that_says_what_would_do(option, told):
    lines = mistakes(overrides=[option])
    assert len(lines) == 1 and re.search(told, lines[0])


def test_parts_are_a_tuple_in_their_own_order():
    found = config.load(overrides=["target.parts=Mouth, head"])
    assert found.targets[0].parts == ("head", "mouth")


def test_all_mistakes_are_told_at_once_with_their_lines(written):
    path = written("[camera]\nwdth = 640\nrate = fast\njust words\n")
    lines = mistakes(path=path, overrides=["loss.hold=3", "x"])
    assert len(lines) == 5
    assert all(any("%s:%d:" % (path, n) in line for line in lines) for n in (2, 3, 4))


def test_what_is_given_twice_in_a_file_is_told_with_both_lines(written):
    path = written("[camera]\nwidth = 800\nwidth = 801\n[target a]\nrate = 1\n[ camera ]\n"
                   "rate = 9\n[target b]\nrate = 1\n")
    assert mistakes(path=path) == [
        "%s:3: width = 801: given already in %s:2; keep one of the two" % (path, path),
        "%s:6: [ camera ]: given already in %s:1; keep one of the two" % (path, path)]


def test_a_configuration_ends_with_78():
    assert ConfigError("a", "b", "c").status == 78


@pytest.mark.parametrize("content", [
    b"[camera]\nsource = \xff\xfe\n", b"width = 3\n", b"[camera\nwidth = 640\n"])
def test_a_broken_file_is_told_in_lines(written, content):
    assert all(": " in line for line in mistakes(path=written(content)))


def test_a_folder_is_no_configuration(tmp_path):
    with pytest.raises(KagamiError):
        config.load(str(tmp_path))


def test_comments_a_byte_order_mark_and_blanks_do_no_harm(written):
    path = written(b"\xef\xbb\xbf# mine\r\n; old\r\n\r\n[ camera ]\r\n  width=800   # wide\r\n")
    assert config.load(path).camera.width == 800


def test_without_targets_vmc_goes_to_this_machine():
    assert [t.to for t in config.defaults().targets] == ["vmc@127.0.0.1:39539"]


def test_named_targets_start_from_the_common_one(written):
    c = config.load(written("[target]\nmirror = yes\n[target pc]\nto = vmc@pc:1\n[target tv]\n"
                            "to = kagami@tv:2\nmirror = no\n[target old]\nenabled = no\n"))
    assert [(t.name, t.to, t.mirror) for t in c.targets] == [
        ("pc", "vmc@pc:1", True), ("tv", "kagami@tv:2", False)]


def test_to_on_the_command_line_takes_the_place_of_the_configured_ones(written):
    c = config.load(written("[target]\nmirror = yes\n[target pc]\nto = vmc@pc:1\n"))
    c = config.aim(c, ["kagami@tv:2"])
    assert [(t.to, t.mirror) for t in c.targets] == [("kagami@tv:2", True)]


def test_each_value_says_where_it_came_from(written):
    path = written("[camera]\n\nfov = 78\n")
    listed = config.listing(config.load(path, ["camera.rate=60"])).splitlines()
    assert any(re.fullmatch(r"fov = 78 +# %s:3" % re.escape(path), line) for line in listed)
    assert any(re.fullmatch(r"rate = 60 +# --set", line) for line in listed)
    assert any(re.fullmatch(r"width = 640 +# default", line) for line in listed)


def test_the_listing_is_a_configuration_that_gives_the_same(written):
    path = written("[camera]\nwidth = 800\n[target pc]\nto = vmc@pc:1\n")
    c = config.load(path, ["target.prefix=/one"])
    again = config.load(written(config.listing(c)))
    assert again._replace(lines=()) == c._replace(lines=())


def options_of_default_conf():
    """{(section, key): (its comment, its text)} as they stand in the file."""
    out, words, section = {}, [], None
    with open(config.DEFAULTS) as f:
        for line in (row.strip() for row in f):
            if line.startswith("#"):
                words.append(line[1:].strip())
                continue
            if line.startswith("["):
                section = line[1:-1]
            elif "=" in line:
                key, _, text = (part.strip() for part in line.partition("="))
                out[section, key] = " ".join(words), text
            words = []
    return out


def test_default_conf_holds_every_option_and_no_other():
    assert set(options_of_default_conf()) == {(s, k) for s, keys in SCHEMA.items() for k in keys}


@pytest.mark.parametrize("place", [(s, k) for s, keys in SCHEMA.items() for k in keys])
def test_each_comment_ends_with_the_bounds_that_are_checked(place):
    comment = options_of_default_conf()[place][0]
    bounds = SCHEMA[place[0]][place[1]].bounds
    assert comment.lower().endswith(bounds.lower() + ".")


def test_the_page_of_options_is_made_from_default_conf():
    with open(os.path.join(HERE, "../docs/config.md"), encoding="utf-8") as f:
        assert f.read() == config.reference(), "run: make docs"


def kept(text, state):
    with open(state + "/settings.conf", "w") as f:
        f.write(text)


TARGETS = "".join("[target t%d]\nto = vmc@127.0.0.1:%d\n" % (i, 5001 + i) for i in range(13))


@pytest.mark.parametrize("text, told", [
    ("[camera]\nfilp = both\n[loss]\nhold_ms = 300\n", "settings.conf:2: camera.filp = both"),
    ("[camra]\nfov = 70\n[loss]\nhold_ms = 300\n", "no section camra"),
    ("[camera]\nsource = csi:x\n[loss]\nhold_ms = 300\n", "camera.source = csi:x"),
    ("[loss]\nhold_ms = 300\n[target pc]\nto = vmcc@pc\n", "unknown dialect"),
    ("words\n[loss]\nhold_ms = 300\n", "settings.conf:1: words"),
    ("[loss]\nhold_ms = 300\n" + TARGETS, "13 targets, at most 12 are sent to")])
def test_what_does_not_fit_in_what_was_changed_is_told_and_left_out(state, caplog, text, told):
    kept(text, state)
    one = config.load(config.DEFAULTS, check=check)
    assert one.loss.hold_ms == 300 and one.camera == config.defaults().camera
    assert len(one.targets) == (12 if TARGETS in text else 1)
    line, = caplog.messages
    assert told in line and line.endswith("(left out)") and "\n" not in line


@pytest.mark.parametrize("content", [b"\xff\xfe\0", b"\0" * 100])
def test_what_was_changed_and_cannot_be_read_is_told_and_left_out(state, caplog, content):
    with open(state + "/settings.conf", "wb") as f:
        f.write(content)
    assert config.load(config.DEFAULTS).camera == config.defaults().camera
    assert len(caplog.messages) == 1


def test_a_folder_in_its_place_is_told(state, caplog):
    os.mkdir(state + "/settings.conf")
    assert config.load(config.DEFAULTS).kept == ()
    assert "settings.conf" in caplog.text


def test_a_mistake_of_the_user_s_own_still_ends_it(state, written):
    kept("[loss]\nhold_ms = 300\n", state)
    with pytest.raises(ConfigError, match="did you mean width"):
        config.load(written("[camera]\nwdth = 3\n"))


def test_the_source_of_the_command_line_is_told_as_such():
    one = config.aim(config.defaults(), [], "test")
    assert one.camera.source == "test" and "source = test" in config.listing(one)
    assert "# --source" in config.listing(one)
