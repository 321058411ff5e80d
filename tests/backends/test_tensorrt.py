"""TensorRT on the played GPU: the same outputs as ONNX Runtime's, what a frame costs, what is
chosen when an engine is loaded, and what those read who lack something."""
import gc
import os
import re
import shutil
import subprocess
import threading

import cv2
import numpy as np
import pytest

from appliance import backends, config, quality
from appliance.backends import cuda, manifest, tensorrt as subject
from appliance.errors import DataError, PartMissing
from appliance.stages.closeup import worthwhile
from appliance.tracker import Tracker
from engines import plan
from tests.backends.conftest import INPUTS, VALUE
from tests.fakes import tensorrt as fakes
from tests.fakes.engine_files import built, store
from tests.fakes.onnx_files import constant_network

pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
from appliance.backends.onnxruntime import OnnxRuntime  # noqa: E402
from tests.engines.played import play  # noqa: E402

VERSIONS = ("8.0.1.6", "8.2.1.8", "8.6.1.6", "10.3.0.26")
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
DEMO = os.path.join(ROOT, "appliance", "demo.mp4")


@pytest.fixture
def machine():
    """A Nano with TensorRT 8.2, and a GPU that counts its work as time."""
    with fakes.installed("8.2.1.8") as one:
        yield one
        gc.collect()


@pytest.fixture
def small(tmp_path):
    """The path of a manifest with one network that always answers VALUE."""
    constant_network(tmp_path / "small.onnx", INPUTS, {"values": VALUE})
    path = str(tmp_path / "manifest.ini")
    manifest.record("small", "small.onnx", INPUTS, {"values": (2, 3)}, path=path)
    return path


def loaded(machine, path, tmp_path, **options):
    """The engine `small` of a manifest."""
    store(machine, tmp_path, path)
    return subject.TensorRT(path, str(tmp_path)).load("small")


def lacking(path, folder):
    with pytest.raises(PartMissing) as refusal:
        subject.TensorRT(path, str(folder))
    assert "\n" not in str(refusal.value)
    return str(refusal.value)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_network_answers_what_it_answers_in_onnx_runtime(version, tmp_path):
    random = np.random.RandomState(1)
    with fakes.installed(version) as machine:
        store(machine, tmp_path)
        ours, reference = subject.TensorRT(folder=str(tmp_path)), OnnxRuntime()
        for name in manifest.read():
            engines = ours.load(name), reference.load(name)
            for key, array in engines[1].inputs.items():
                array[...] = random.uniform(0, 255, array.shape)
                engines[0].inputs[key][...] = array
            first, second = (engine.infer() for engine in engines)
            assert list(first) == list(second)
            assert all(np.array_equal(first[key], second[key]) for key in second)
            del engines


@pytest.fixture(scope="module")
def expected():
    """What the tracker makes of the clip's first 60 pictures on ONNX Runtime."""
    return followed(OnnxRuntime())


def pictures(count=60):
    video = cv2.VideoCapture(DEMO)
    return [cv2.cvtColor(video.read()[1], cv2.COLOR_BGR2GRAY) for _ in range(count)]


def followed(backend):
    """All numbers of all faces of the clip's first pictures."""
    tracker = Tracker(backend=backend)
    faces = [face for luma in pictures() for face in tracker(luma)]
    return [np.concatenate([np.ravel(v) for v in (
        face.id, face.score, face.box, face.landmarks, face.sigma, face.rotation, face.translation,
        face.blendshapes, face.left.iris, face.left.gaze, face.right.iris, face.right.gaze)])
        for face in faces]


@pytest.mark.parametrize("version", ["8.2.1.8", "8.6.1.6", "10.3.0.26"])
def test_the_clip_is_measured_as_on_onnx_runtime(version, expected, tmp_path):
    with fakes.installed(version) as machine:
        store(machine, tmp_path)
        found = followed(subject.TensorRT(folder=str(tmp_path)))
        assert len(found) > 50 and np.array_equal(found, expected)


@pytest.fixture(scope="module")
def fine(tmp_path_factory):
    """The path of a manifest that has a network [fine]."""
    pytest.importorskip("onnx", reason="the package onnx is not installed")
    from tests.fakes import finer
    return finer.add(tmp_path_factory.mktemp("networks"))


def finely(backend):
    """The points of the clip's first pictures, by the finer network."""
    tracker = Tracker(config.load(config.DEFAULTS, ["tracker.quality=fine"]), backend=backend)
    return [face.landmarks for luma in pictures(12) for face in tracker(luma)]


def test_the_finer_network_runs_where_it_has_an_engine(machine, fine, tmp_path):
    store(machine, tmp_path, fine)
    found = finely(subject.TensorRT(fine, str(tmp_path)))
    assert len(found) == 12 and np.array_equal(found, finely(OnnxRuntime(fine)))


def test_no_engine_of_the_finer_network_is_no_lack_until_it_is_asked_for(machine, fine, tmp_path):
    store(machine, tmp_path, fine)
    path, = [path for path in plan.paths(str(tmp_path)) if "/fine-" in path]
    os.remove(path)
    backend = subject.TensorRT(fine, str(tmp_path))
    assert Tracker(config.defaults(), backend=backend)(pictures(1)[0])
    with pytest.raises(PartMissing, match="engine of fine: none in .*; build it: kagami-engines "
                                          "--models fine"):
        finely(backend)


def two_faces(backend):
    """The points and shapes of both faces of a picture, looked at ten times."""
    tracker = Tracker(config.load(config.DEFAULTS, ["tracker.max_faces=2"]), backend=backend)
    small = [cv2.resize(luma, (320, 240)) for luma in pictures(12)]
    found = [tracker(np.hstack(pair)) for pair in zip(small, small[2:])]
    assert [len(faces) for faces in found] == [2] * 10
    return [(face.landmarks, face.blendshapes, face.left.iris)
            for faces in found for face in faces]


def test_two_faces_are_seen_at_once_where_there_are_engines_for_two(machine, tmp_path, caplog):
    caplog.set_level("INFO", "kagami.backend")
    for faces in (1, 2):
        store(machine, tmp_path, faces=faces)
    found, wanted = two_faces(subject.TensorRT(folder=str(tmp_path))), two_faces(OnnxRuntime())
    assert all(np.array_equal(a, b) for one, other in zip(found, wanted)
               for a, b in zip(one, other))
    assert caplog.messages == []


def test_two_faces_are_seen_in_turn_where_there_are_none_and_it_is_said(machine, tmp_path, caplog):
    caplog.set_level("INFO", "kagami.backend")
    store(machine, tmp_path)
    found, wanted = two_faces(subject.TensorRT(folder=str(tmp_path))), two_faces(OnnxRuntime())
    assert np.array_equal(found[-1][0], wanted[-1][0])
    names = ["landmarks", "iris", "expression", "brows"][:3 + worthwhile(manifest.read(), "brows")]
    assert [line.split(" in turn: ")[0] for line in caplog.messages] == [
        "several faces are shown to " + name for name in names]
    assert caplog.messages[1].endswith("build it: kagami-engines --models iris-x2")


def test_an_engine_has_the_inputs_and_outputs_of_its_record(machine, small, tmp_path):
    engine = loaded(machine, small, tmp_path)
    assert {k: v.shape for k, v in engine.inputs.items()} == INPUTS
    assert np.array_equal(engine.infer()["values"], VALUE)
    assert not np.asarray(engine.inputs["image"]).any()


def test_the_answer_lies_in_ordinary_memory_and_in_the_same_arrays_each_time(
        machine, small, tmp_path):
    engine = loaded(machine, small, tmp_path)
    answer = engine.infer()["values"]
    assert engine.infer()["values"] is answer and type(answer) is np.ndarray


def test_what_is_written_into_the_input_reaches_the_network(machine, small, tmp_path):
    engine = loaded(machine, small, tmp_path)
    engine.inputs["image"][...] = np.nan
    assert np.isnan(engine.infer()["values"]).all()


def test_a_frame_costs_one_copy_each_way_one_wait_and_no_memory(machine, small, tmp_path):
    machine.capturable = False
    engine = loaded(machine, small, tmp_path)
    before, used = machine.counts.copy(), machine.used
    for _ in range(10):
        engine.infer()
    spent = machine.counts - before
    assert spent == {"htod": 10, "dtoh": 10, "waits": 10, "enqueues": 10, "pinned reads": 10}
    assert machine.used == used


def test_a_replayed_frame_costs_one_launch_and_one_wait(machine, small, tmp_path, monkeypatch):
    monkeypatch.setattr(subject, "perf_counter", machine.clock)
    machine.graph_s = 1e-6
    engine = loaded(machine, small, tmp_path)
    before = machine.counts.copy()
    engine.infer()
    assert engine.replayed
    assert machine.counts - before == {"graphs": 1, "waits": 1, "pinned reads": 1}


def test_mapped_inputs_are_not_copied_and_reach_the_network(machine, small, tmp_path):
    store(machine, tmp_path, small)
    machine.capturable = False
    engine = subject.TensorRT(small, str(tmp_path)).load("small", mapped=True)
    engine.inputs["image"][...] = np.nan
    before = machine.counts["htod"]
    assert np.isnan(engine.infer()["values"]).all() and machine.counts["htod"] == before


def test_pinned_inputs_are_never_read(machine, small, tmp_path):
    engine = loaded(machine, small, tmp_path)
    before = machine.counts["pinned reads"]
    engine.inputs["image"][...] = np.float32(3)
    assert machine.counts["pinned reads"] == before


@pytest.mark.parametrize("change, replayed", [
    ({"graph_s": 1e-6}, True), ({"graph_s": 1.0}, False),
    ({"graph_s": 1e-6, "graph_wrong": True}, False),
    ({"graph_s": 1e-6, "graph_idle": True}, False),
    ({"graph_s": 1e-6, "graph_fails": True}, False),
    ({"graph_s": 1e-6, "capturable": False}, False), ({"graph_s": 1e-6, "cuda": 10000}, False)],
    ids=["quicker", "slower", "wrong", "idle", "refused", "not to be captured", "driver without"])
def test_a_graph_is_replayed_where_it_is_quicker_and_right(
        machine, tmp_path, monkeypatch, change, replayed):
    monkeypatch.setattr(subject, "perf_counter", machine.clock)
    for name, value in change.items():
        setattr(machine, name, value)
    store(machine, tmp_path)
    engine, reference = subject.TensorRT(folder=str(tmp_path)).load("iris"), OnnxRuntime()
    assert engine.replayed is replayed
    assert np.array_equal(engine.infer()["gaze"], reference.load("iris").infer()["gaze"])


def test_a_replay_sees_the_inputs_of_its_frame(machine, small, tmp_path, monkeypatch):
    monkeypatch.setattr(subject, "perf_counter", machine.clock)
    machine.graph_s = 1e-6
    engine = loaded(machine, small, tmp_path)
    engine.inputs["image"][...] = np.nan
    assert engine.replayed and np.isnan(engine.infer()["values"]).all()


def test_engines_share_one_context_that_is_current_only_while_they_work(machine, small, tmp_path):
    store(machine, tmp_path, small)
    one, other = subject.TensorRT(small, str(tmp_path)), subject.TensorRT(small, str(tmp_path))
    engines = one.load("small"), other.load("small")
    assert machine.primary.users == 1 and machine.contexts == []    # of this thread
    engines[0].infer()
    assert machine.contexts == []


def test_a_thread_of_its_own_loads_infers_and_gives_back(machine, small, tmp_path):
    store(machine, tmp_path, small)
    backend, answers = subject.TensorRT(small, str(tmp_path)), []

    def work():
        engine = backend.load("small")
        answers.append(engine.infer()["values"].copy())
        engine.close()
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert np.array_equal(answers, [VALUE]) and machine.used == 0


def test_everything_is_given_back_in_the_order_that_tensorrt_wants(
        machine, small, tmp_path, monkeypatch):
    monkeypatch.setattr(subject, "perf_counter", machine.clock)
    machine.graph_s = 1e-6
    engine = loaded(machine, small, tmp_path)
    assert machine.used > 0
    del machine.log[:]
    del engine
    gc.collect()
    assert machine.log == ["graph", "context", "engine", "runtime"] and machine.used == 0


def test_an_engine_may_be_closed_twice(machine, small, tmp_path):
    engine = loaded(machine, small, tmp_path)
    engine.close()
    engine.close()
    assert machine.log[-2:] == ["context", "engine"]


def test_it_says_what_it_is(machine, small, tmp_path):
    store(machine, tmp_path, small)
    assert str(subject.TensorRT(small, str(tmp_path))) == "TensorRT 8.2.1.8 on NVIDIA Tegra X1"


def test_fp32_engines_are_taken_where_there_are_no_others(machine, small, tmp_path):
    store(machine, tmp_path, small, "fp32")
    assert subject.TensorRT(small, str(tmp_path)).load("small").infer()


@pytest.mark.parametrize("about, told", [
    ({"version": None}, "tensorrt: .*JetPack"), ({"pycuda": None}, "pycuda: .*kagami-engines"),
    ({"driver": False}, "GPU: libcuda.so.1: cannot open.*driver"),
    ({"gpu": False}, "GPU: .*no CUDA-capable"),
], ids=["no TensorRT", "no pycuda", "no driver", "no GPU"])
def test_what_is_missing_is_told_in_one_line_with_what_to_do(small, tmp_path, about, told):
    with fakes.installed(**about):
        line = lacking(small, tmp_path)
    assert re.match(told, line) and line.endswith("or set name = onnxruntime in [backend]")


def test_an_old_pycuda_is_named():
    class Driver:
        """pycuda 2019.1, which knows no primary context."""

        Error = MemoryError = RuntimeError
        init = staticmethod(lambda: None)
        Device = staticmethod(lambda number: object())
    with pytest.raises(PartMissing, match="pycuda: older than 2020.1"):
        cuda.Gpu(Driver)


def test_an_old_tensorrt_is_named(machine, small, tmp_path, monkeypatch):
    import tensorrt
    monkeypatch.setitem(tensorrt.__dict__, "__version__", "7.1.3.0")
    assert "TensorRT 7.1.3.0: older than 8.0" in lacking(small, tmp_path)


def test_a_tensorrt_that_finds_no_gpu_gives_its_reason(machine, small, tmp_path):
    cuda.gpu()
    machine.gpu = False
    assert "CUDA initialization failure with error: 100" in lacking(small, tmp_path)


def test_without_engine_files_the_command_that_builds_them_is_told(machine, small, tmp_path):
    assert "kagami-engines --models small" in lacking(small, tmp_path)


@pytest.mark.parametrize("spoil, told", [
    (lambda content: content[:-100], "truncated"),
    (lambda content: content[:-1] + b"!", "corrupt"),
    (lambda content: b"ftrt" + content, "foreign")], ids=["truncated", "corrupt", "foreign"])
def test_an_engine_file_that_is_not_whole_is_noticed_before_it_is_used(
        machine, small, tmp_path, spoil, told):
    where = store(machine, tmp_path, small)
    with open(where, "rb") as f:
        content = f.read()
    with open(where, "wb") as f:
        f.write(spoil(content))
    assert told in lacking(small, tmp_path)


@pytest.fixture
def spoilt(machine, tmp_path):
    """The folder of the shipped networks' engines, that of the irises cut short."""
    store(machine, tmp_path)
    iris, = [path for path in plan.paths(str(tmp_path)) if "iris" in path]
    with open(iris, "r+b") as f:
        f.truncate(5000)
    return str(tmp_path)


def test_a_spoilt_engine_file_is_built_again_when_it_is_met(spoilt, monkeypatch, caplog):
    play(monkeypatch)
    told = built_again(spoilt, caplog)
    assert re.match(".*iris-.*engine: truncated: .*; it is built again$", told)


def built_again(folder, caplog):
    """The one warning with which the irises' network gives the right answer."""
    found = subject.TensorRT(folder=folder).load("iris").infer()["openness"]
    assert np.array_equal(found, OnnxRuntime().load("iris").infer()["openness"])
    told, = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    return told


def test_a_spoilt_engine_that_cannot_be_built_again_is_another_backends_turn(spoilt, monkeypatch):
    play(monkeypatch, gpu=False)
    with pytest.raises(PartMissing, match="truncated: .*; built again: cuInit failed"):
        subject.TensorRT(folder=spoilt)


@pytest.fixture
def refused(machine, tmp_path):
    """The folder of the shipped networks' engines; whole as it is, TensorRT refuses the irises'.
    """
    store(machine, tmp_path)
    iris, = [path for path in plan.paths(str(tmp_path)) if "iris" in path]
    plan.write(iris, plan.about(iris), b"no engine")
    return str(tmp_path)


def test_a_whole_file_that_tensorrt_refuses_is_built_again(refused, monkeypatch, caplog):
    play(monkeypatch)
    told = built_again(refused, caplog)
    assert re.match("engine of iris: .*Magic tag does not match.*; it is built again$", told)


def test_a_start_reads_every_engine_twice_and_no_more(machine, tmp_path, monkeypatch):
    store(machine, tmp_path / "engines")
    monkeypatch.setenv("CACHE_DIRECTORY", str(tmp_path))
    read, real = [], subject.Runtime.engine
    monkeypatch.setattr(subject.Runtime, "engine", lambda self, network, content: (
        read.append(network.name) or real(self, network, content)))
    backends.ready("tensorrt")
    assert Tracker(config.defaults()).backend.startswith("TensorRT")
    assert sorted(read) == sorted(2 * quality.needed(manifest.read()))


def test_where_that_fails_auto_goes_on_with_another_backend_and_says_so(
        refused, monkeypatch, caplog):
    caplog.set_level("INFO", "kagami.backend")
    play(monkeypatch, gpu=False)
    monkeypatch.setenv("CACHE_DIRECTORY", refused)
    shutil.copytree(refused, plan.folder())
    tracker = Tracker(config.defaults())
    assert not tracker.backend.startswith("TensorRT") and tracker(pictures(1)[0])
    said = [line for line in caplog.messages if line.startswith("networks run on ")]
    assert len(said) == 1
    assert re.search("Magic tag does not match.*; built again: cuInit failed", said[0])


def test_an_engine_of_another_onnx_file_is_noticed(machine, small, tmp_path):
    store(machine, tmp_path, small)
    constant_network(tmp_path / "small.onnx", INPUTS, {"values": VALUE + 1})
    manifest.record("small", "small.onnx", INPUTS, {"values": (2, 3)}, path=small)
    assert "stale" in lacking(small, tmp_path)


@pytest.mark.parametrize("here", [{"version": "8.2.3.0"}, {"capability": (7, 2)}])
def test_an_engine_of_another_tensorrt_or_gpu_is_noticed(small, tmp_path, here):
    with fakes.installed("8.2.1.8") as machine:
        store(machine, tmp_path, small)
    with fakes.installed(**dict({"version": "8.2.1.8"}, **here)):
        assert "foreign" in lacking(small, tmp_path)


def test_bytes_that_tensorrt_refuses_are_told_with_its_reason(machine, small):
    network = manifest.read(small)["small"]
    runtime = subject.Runtime(subject.library(), cuda.gpu())
    with pytest.raises(DataError, match="small: .*does not match.*; build it again"):
        subject.Engine(runtime, network, built(machine, network.content())[:-10])


def test_reasons_are_heard_where_something_else_was_made_before(machine, small):
    trt, heard = subject.library(), []
    builder = trt.Builder(subject.ear(trt, heard))
    runtime = subject.Runtime(trt, cuda.gpu())
    with pytest.raises(DataError, match="Magic tag does not match"):
        runtime.engine(manifest.read(small)["small"], b"no engine")
    assert builder and "Magic tag does not match" in heard[0]


def test_an_engine_of_other_shapes_than_its_record_is_refused(machine, small, tmp_path):
    network = manifest.read(small)["small"]._replace(inputs={"image": (1, 8, 9, 1)})
    runtime = subject.Runtime(subject.library(), cuda.gpu())
    with pytest.raises(DataError, match="image is not as the manifest says"):
        subject.Engine(runtime, network, built(machine, network.content()))


@pytest.mark.parametrize("memory", [1000, (1 << 20) + 1000])
def test_too_little_memory_is_told_with_what_to_do(machine, small, tmp_path, memory):
    machine.memory = memory
    with pytest.raises(PartMissing, match="memory of the GPU: .*end what else uses it"):
        loaded(machine, small, tmp_path)
    gc.collect()
    assert machine.used == 0


def test_a_gpu_that_fails_while_it_works_is_told_in_one_line(machine, small, tmp_path):
    engine = loaded(machine, small, tmp_path)
    machine.failing = True
    with pytest.raises(PartMissing, match="GPU: .*launch failure; start Kagami again"):
        engine.infer()


def test_a_network_that_the_manifest_lacks_is_named(machine, small, tmp_path):
    store(machine, tmp_path, small)
    with pytest.raises(DataError, match=r"\[large\]"):
        subject.TensorRT(small, str(tmp_path)).load("large")


def test_auto_takes_it_where_its_engines_are_and_passes_on_where_not(
        machine, tmp_path, monkeypatch):
    monkeypatch.setenv("CACHE_DIRECTORY", str(tmp_path))
    name = config.defaults().backend[0]
    assert name == "auto" and not str(backends.ready(name)).startswith("TensorRT")
    store(machine, plan.folder())
    assert str(backends.ready(name)).startswith("TensorRT 8.2.1.8")


@pytest.mark.skipif(bool(shutil.which("nvidia-smi")) or os.path.exists("/dev/nvhost-gpu"),
                    reason="there is a GPU here")
def test_make_test_gpu_says_in_one_line_what_is_missing():
    done = subprocess.Popen(["deploy/test_gpu.sh"], cwd=ROOT, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, universal_newlines=True)
    out, errors = done.communicate()
    assert done.returncode == 69 and out == ""
    assert re.fullmatch("kagami: error: test-gpu: no GPU of NVIDIA here .*\n", errors)
