"""What a user may write after --to, and what a slip is answered with."""
import types

import pytest

from appliance.errors import UsageError
from appliance.outputs.targets import checked, parse_target


@pytest.mark.parametrize("text, dialect, host, port", [
    ("vmc@127.0.0.1:39539", "vmc", "127.0.0.1", 39539),
    ("kagami@localhost:1", "kagami", "localhost", 1),
    ("vmc@my-pc.local:65535", "vmc", "my-pc.local", 65535),
    ("vmc@[::1]:39539", "vmc", "::1", 39539),
    ("vmc@my_pc:39539", "vmc", "my_pc", 39539),
])
def test_what_is_right_is_taken(text, dialect, host, port):
    assert parse_target(text)[:4] == (text, dialect, host, port)


@pytest.mark.parametrize("text, says", [
    ("", "not a target"), ("vmc", "not a target"), ("vmc@", "no host"),
    ("127.0.0.1:39539", "not a target"), ("@127.0.0.1:39539", "no dialect"),
    ("vmcp@127.0.0.1:39539", "unknown dialect 'vmcp'; did you mean vmc"),
    ("VMC@127.0.0.1:39539", "did you mean vmc"), ("kagmai@h:1", "did you mean kagami"),
    ("nothing@h:1", "dialects are "), ("opensefce@h:1", "did you mean openseeface"),
    ("vmc@:39539", "no host"), ("vmc@[]:39539", "no host"), ("vmc@host:", "no port"),
    ("vmc@host:0", "1 to 65535"), ("vmc@host:65536", "1 to 65535"), ("vmc@host:-1", "1 to 65535"),
    ("vmc@host:+5", "1 to 65535"), ("vmc@host:1.5", "1 to 65535"), ("vmc@host:1e3", "1 to 65535"),
    ("vmc@host: 5", "1 to 65535"), ("vmc@host:\u0665", "1 to 65535"),
    ("vmc@host:1_0", "1 to 65535"),
    ("vmc@host:99999999999999999999", "1 to 65535"), ("vmc@host:5\n", "1 to 65535"),
    ("vmc@::1:39539", "brackets"), ("vmc@[host]:39539", "brackets"),
    ("vmc@[::1:39539", "brackets"), ("vmc@[1.2.3.4]:39539", "brackets"),
    ("vmc@[:x]:39539", "neither"),
    ("vmc@ho st:1", "neither"), ("vmc@ho\nst:1", "neither"), ("vmc@\x00:1", "neither"),
    ("vmc@a/b:1", "neither"), ("vmc@x@y:1", "neither"), ("vmc@a..b:1", "neither"),
    ("vmc@" + "a" * 64 + ".de:1", "neither"), ("vmc@" + "a." * 200 + "de:1", "neither"),
    ("vmc@256.1.1.1:1", "neither"), ("vmc@1.2.3:1", "neither"), ("vmc@127.0.0.1.:1", "neither"),
    ("vmc@0.0.0.0:1", "no single receiver"), ("vmc@255.255.255.255:1", "no single receiver"),
    ("vmc@239.0.0.1:1", "no single receiver"), ("vmc@[ff02::1]:1", "no single receiver"),
    ("vmc@[::]:1", "no single receiver"),
])
def test_what_is_wrong_is_named_in_one_line(text, says):
    with pytest.raises(UsageError) as caught:
        parse_target(text)
    line = str(caught.value)
    assert says in line and "\n" not in line and "\x00" not in line


@pytest.mark.parametrize("prefix", ["one", "/", "/one/", "/a b", "/a*", "/#", "//a", "/a\n"])
def test_a_prefix_that_begins_no_address_is_refused(prefix):
    with pytest.raises(UsageError, match="prefix"):
        checked(types.SimpleNamespace(to="vmc@127.0.0.1:1", prefix=prefix))


@pytest.mark.parametrize("prefix", ["FT", "/", "/FT/", "a b/", "a*/", "FT//", "FT/\n"])
def test_a_parameter_prefix_that_fits_in_no_address_is_refused(prefix):
    with pytest.raises(UsageError, match="parameter_prefix"):
        checked(types.SimpleNamespace(to="vrchat@127.0.0.1:1", parameter_prefix=prefix))


@pytest.mark.parametrize("to, options, host, port", [
    ("vmc@pc", {}, "pc", 39539), ("vmc@[::1]", {}, "::1", 39539),
    ("vmc@pc", {"role": "assistant"}, "pc", 39540), ("vmc@pc:5", {"role": "assistant"}, "pc", 5),
    ("kagami@pc", {}, "pc", 39600), ("vrchat@1.2.3.4", {}, "1.2.3.4", 9000),
    ("openseeface@pc", {}, "pc", 11573), ("opentrack@pc", {}, "pc", 4242),
    ("livelink@pc", {}, "pc", 11111), ("ifacialmocap@pc", {}, "pc", 49983),
    ("ifacialmocap@[fd00::1/64]", {}, "fd00::/64", 49983),
    ("vts@10.0.0.1", {}, "10.0.0.1/32", 21412)])
def test_a_port_left_out_is_the_receivers_usual_one(to, options, host, port):
    target = checked(types.SimpleNamespace(to=to, **options))
    assert (target.host, target.port) == (host, port)


def test_options_of_a_record_are_kept_and_others_have_their_default():
    target = checked(types.SimpleNamespace(to="vmc@127.0.0.1:1", prefix="/one/two", mirror=True))
    assert (target.prefix, target.mirror) == ("/one/two", True)
    assert (target.case, target.rate) == ("pascal", 0.0)
