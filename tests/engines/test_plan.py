"""Engine files: their names, and how a good one is told from every kind of bad one."""
import errno
import fcntl
import os

import pytest

from appliance import files
from appliance.backends.manifest import Network
from appliance.errors import DataError, InputMissing, KagamiError, OutputError, PartMissing
from engines import plan

CONTENT = b"\x00\xffptrt\nplan\n" * 100
VERSION, GPU = "8.2.1.8", "sm53"


def network(name="landmarks", sha256="7c15a871c422" + 52 * "0"):
    return Network(name, name + ".onnx", sha256, {}, {}, 0.5, 0.1, 1)


def about(of, **changes):
    return dict({"network": of.name, "onnx": of.sha256, "tensorrt": VERSION, "gpu": GPU,
                 "precision": "fp16", "flags": ""}, **changes)


@pytest.fixture
def within(tmp_path):
    return str(tmp_path)


def written(within, of=network(), precision="fp16", flags="", content=CONTENT):
    """The path of an engine that was written."""
    path = plan.path_of(of, VERSION, GPU, precision, flags, within)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    plan.write(path, about(of, precision=precision, flags=flags), content)
    return path


def read(path, of=network(), version=VERSION, gpu=GPU, precision="fp16"):
    return plan.read(path, of, version, gpu, precision)


def spoilt(path, change):
    """The same file with other bytes."""
    with open(path, "rb") as f:
        content = f.read()
    with open(path, "wb") as f:
        f.write(change(content))
    return path


def test_a_name_carries_all_that_an_engine_depends_on(within):
    path = plan.path_of(network(), VERSION, GPU, "fp16", "cudnn", within)
    assert os.path.basename(path) == "landmarks-7c15a871c422-trt8.2.1.8-sm53-fp16-cudnn.engine"
    assert plan.NAME.fullmatch(os.path.basename(path)).groupdict() == {
        "network": "landmarks", "onnx": "7c15a871c422", "tensorrt": VERSION, "gpu": GPU,
        "precision": "fp16", "flags": "cudnn"}


def test_a_name_with_hyphens_is_read_too(within):
    path = plan.path_of(network("my-own-net"), "10.3.0", "sm90", "fp32", "", within)
    assert plan.NAME.fullmatch(os.path.basename(path)).group("network") == "my-own-net"


def test_what_was_written_is_read(within):
    assert read(written(within)) == CONTENT


def test_a_file_tells_what_it_is(within):
    told = plan.about(written(within))
    assert told == about(network(), size=len(CONTENT))


def test_the_engine_that_fits_is_found_among_others(within):
    written(within, network("iris"))
    written(within, precision="fp32")
    path = written(within, flags="cudnn")
    assert plan.find(network(), VERSION, GPU, "fp16", within) == path


@pytest.mark.parametrize("of, version, gpu, precision, told", [
    (network(sha256=64 * "1"), VERSION, GPU, "fp16", "stale: built from another landmarks.onnx"),
    (network(), "8.0.1.6", GPU, "fp16", "foreign: built by TensorRT 8.2.1.8, here is 8.0.1.6"),
    (network(), VERSION, "sm87", "fp16", "foreign: .* GPU of the kind sm53, here is sm87"),
    (network(), VERSION, GPU, "fp32", "of another precision: fp16, not fp32")])
def test_what_does_not_fit_is_told_by_finding_and_by_reading(within, of, version, gpu, precision,
                                                             told):
    path = written(within)
    with pytest.raises(DataError, match=told):
        plan.find(of, version, gpu, precision, within)
    with pytest.raises(DataError, match=told):
        read(path, of, version, gpu, precision)


def test_a_renamed_engine_of_another_network_is_foreign(within):
    path = written(within, network("iris"))
    other = plan.path_of(network(), VERSION, GPU, "fp16", "", within)
    os.rename(path, other)
    with pytest.raises(DataError, match="foreign: it is of the network iris"):
        read(other)


def test_no_engine_is_told_with_the_command_that_builds_it(within):
    with pytest.raises(InputMissing, match="build it: kagami-engines --models landmarks"):
        plan.find(network(), VERSION, GPU, "fp16", within)


@pytest.mark.parametrize("length", [0, 7, 40, 90, 600, -1])
def test_a_truncated_engine_is_noticed_wherever_it_ends(within, length):
    path = spoilt(written(within), lambda content: content[:length])
    with pytest.raises(DataError, match="truncated"):
        read(path)


@pytest.mark.parametrize("at", [20, 100, 500, -1])
def test_a_corrupt_engine_is_noticed_wherever_the_byte_is(within, at):
    path = spoilt(written(within), lambda c: c[:at] + bytes([c[at] ^ 1]) + c[at:][1:])
    with pytest.raises(DataError, match="corrupt: its checksum differs"):
        read(path)


def test_a_file_of_somebody_else_is_foreign(within):
    with pytest.raises(DataError, match="foreign: not written by Kagami"):
        read(spoilt(written(within), lambda content: b"ptrt" + content))


@pytest.mark.parametrize("spoil", [lambda c: c[:50], lambda c: b"", lambda c: c + b"x",
                                   lambda c: b"other"])
def test_what_is_wrong_is_one_line(within, spoil):
    with pytest.raises(KagamiError) as refusal:
        read(spoilt(written(within), spoil))
    assert "\n" not in str(refusal.value) and "kagami-engines --models landmarks" in str(
        refusal.value)


def test_a_new_engine_takes_the_place_of_its_predecessors_alone(within):
    others = {written(within, network("iris")), written(within, precision="fp32")}
    written(within, network(sha256=64 * "1"))
    written(within, flags="cudnn")
    new = written(within)
    assert set(plan.paths(within)) == others | {new}


def test_a_failure_leaves_the_old_engine(within, monkeypatch):
    path = written(within)

    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")
    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OutputError, match="No space left"):
        written(within, content=b"new")
    assert read(path) == CONTENT and os.listdir(plan.folder(within)) == [os.path.basename(path)]


def test_what_a_power_cut_left_is_taken_away(within):
    left = os.path.join(within, files.TEMPORARY + "abc.engine")
    open(left, "w").close()
    with plan.held(within) as folder:
        assert not os.path.exists(left) and folder == within


def test_a_folder_is_for_one_builder_at_a_time(within):
    with open(os.path.join(within, ".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(PartMissing, match="another program builds there"):
            with plan.held(within):
                pass


def test_a_folder_without_room_is_refused_before_any_work(within, monkeypatch):
    monkeypatch.setattr(plan, "ROOM", 2 ** 70)
    with pytest.raises(OutputError, match="MB are free"):
        with plan.held(within):
            pass


def test_a_folder_that_cannot_be_made_is_refused(within):
    file = os.path.join(within, "file")
    open(file, "w").close()
    with pytest.raises(OutputError, match="--folder"):
        with plan.held(os.path.join(file, "engines")):
            pass


def test_engines_lie_in_the_cache_of_the_service_or_of_the_user(monkeypatch):
    monkeypatch.setenv("HOME", "/home/somebody")
    monkeypatch.delenv("CACHE_DIRECTORY", raising=False)
    assert plan.folder() == "/home/somebody/.cache/kagami/engines"
    monkeypatch.setenv("CACHE_DIRECTORY", "/var/cache/kagami:/var/cache/more")
    assert plan.folder() == "/var/cache/kagami/engines"
    assert plan.folder("/elsewhere") == "/elsewhere"
