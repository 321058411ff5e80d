"""Which backend is chosen, what is said about it, and that the contract's example holds."""
import logging
import sys
import textwrap

import pytest

from appliance import backends, config
from appliance.errors import PartMissing, UsageError


def present(options):
    return "a backend on %s in %s" % (options.device, options.precision)


def absent(options):
    raise PartMissing("quick", "is not installed", "install it")


@pytest.fixture
def known(monkeypatch):
    """Say which backends there are, the fastest first."""
    def there_are(*makers):
        table = {"number%d" % i: make for i, make in enumerate(makers)}
        monkeypatch.setattr(backends, "KNOWN", table)
        monkeypatch.setattr(backends, "NAMES", ("auto",) + tuple(table))
    return there_are


def told(caplog, *options):
    caplog.set_level(logging.INFO, "kagami.backend")
    backends.choose(*options)
    line, = caplog.messages
    return line


def test_the_first_that_works_is_taken(known):
    known(absent, present, absent)
    assert backends.choose("auto", "gpu", "f32") == "a backend on gpu in f32"


def test_the_choice_is_told_with_what_would_make_a_faster_one_possible(known, caplog):
    known(absent, present)
    assert told(caplog) == (
        "networks run on a backend on cpu in auto: the fastest that works here; faster ones lack: "
        "quick: is not installed; install it")


def test_the_fastest_needs_no_advice(known, caplog):
    known(present, absent)
    assert told(caplog).endswith(": the fastest that is known")


def test_one_that_is_named_is_taken_and_no_other(known, caplog):
    known(absent, present)
    assert told(caplog, "number1").endswith(": as configured")
    with pytest.raises(PartMissing, match="quick: is not installed; install it"):
        backends.choose("number0")


def test_where_none_works_the_last_tells_why(known):
    known(absent, absent)
    with pytest.raises(PartMissing, match="install it"):
        backends.choose()


def test_to_be_ready_is_to_choose_without_a_word(known, caplog):
    caplog.set_level(logging.INFO, "kagami.backend")
    known(absent, present)
    assert backends.ready() == "a backend on cpu in auto" and caplog.messages == []


def test_a_missing_library_is_named_with_the_way_to_get_it(monkeypatch):
    for library in ("tensorrt", "openvino", "onnxruntime"):
        monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(PartMissing, match="onnxruntime: .*make setup"):
        backends.choose()


def test_an_unknown_backend_is_refused_with_the_known_ones():
    with pytest.raises(UsageError, match="choose one of auto, tensorrt, openvino, onnxruntime"):
        backends.choose("tensorflow")


def test_the_options_are_those_of_the_configuration():
    options = config.defaults().backend
    names = backends.choose.__code__.co_varnames[:backends.choose.__code__.co_argcount]
    assert options._fields == names == backends.Options._fields
    assert tuple(options) == backends.choose.__defaults__


def test_the_example_of_the_contract_can_be_read_and_holds():
    pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
    example = backends.__doc__.split("\n\n")[2]
    names = {"choose": backends.choose, "crop": 0.0}
    exec(compile(textwrap.dedent(example), "contract", "exec"), names)
    assert names["outputs"]["points"].shape == names["engine"].network.parts["points"]
