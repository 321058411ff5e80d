"""One network becomes its engine file on a played GPU: in every version of TensorRT, with whatever
it takes, or with one line that says why not."""
import os

import pytest

from appliance.backends import manifest, tensorrt
from appliance.errors import DataError, KagamiError, OutputError, PartMissing, UsageError
from engines import build, networks, plan, verify
from tests.fakes import tensorrt as fakes
from tests.fakes.onnx_files import constant_network

pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
VERSIONS = ("8.0.1.6", "8.2.1.8", "8.4.1.5", "8.5.1.7", "8.6.1.6", "10.0.1.6", "10.3.0.26")
IRIS = manifest.read()["iris"]
DEEP, WIDE = "/net/body/body.3/conv/Conv", "/net/stem/strided/Conv"


@pytest.fixture(autouse=True)
def briefly(monkeypatch):
    monkeypatch.setattr(verify, "TURNS", 2)
    monkeypatch.setattr(tensorrt, "TRIES", 1)


@pytest.fixture
def machine():
    with fakes.installed("8.2.1.8") as one:
        yield one


class Built:
    """A build that was asked for, with what it said: `about`, `steps`, `bad`."""

    def __init__(self, folder, network="iris", **more):
        self.events = []
        self._build = build.Build(build.Request(network, folder=str(folder), **more),
                                  self.events.append)

    def __call__(self):
        self.about = self._build.run()
        return self

    steps = property(lambda self: [e["step"] for e in self.events if "step" in e])
    bad = property(lambda self: [e["bad"] for e in self.events if "bad" in e])
    buildings = property(lambda self: [e["detail"] for e in self.events
                                       if e.get("step") == "building"])


def built(folder, network="iris", **more):
    return Built(folder, network, **more)()


def refused(error, folder, network="iris", **more):
    with pytest.raises(error) as refusal:
        built(folder, network, **more)
    assert "\n" not in str(refusal.value)
    assert [name for name in os.listdir(str(folder)) if name.endswith(".engine")] == []
    return str(refusal.value)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("precision", ["fp16", "fp32"])
def test_every_version_builds_what_its_backend_then_runs(version, precision, tmp_path):
    with fakes.installed(version) as machine:
        about = built(tmp_path, precision=precision).about
        assert about["tensorrt"] == version and about["precision"] == precision
        path = plan.find(IRIS, version, "sm53", precision, str(tmp_path))
        runtime = tensorrt.Runtime(tensorrt.library(), tensorrt.cuda.gpu())
        content = plan.read(path, IRIS, version, "sm53", precision)
        tensorrt.Engine(runtime, IRIS, content).close()
        assert machine.counts["builds"] == 1


@pytest.mark.parametrize("network", ["expression-x2", "iris-x2", "landmarks-x3"])
def test_a_network_for_several_faces_is_built_verified_and_found(machine, network, tmp_path):
    about = built(tmp_path, network).about
    name, faces = network.split("-x")
    record = manifest.read()[name].of(int(faces))
    path = plan.find(record, "8.2.1.8", "sm53", "fp16", str(tmp_path))
    content = plan.read(path, record, "8.2.1.8", "sm53", "fp16")
    runtime = tensorrt.Runtime(tensorrt.library(), tensorrt.cuda.gpu())
    engine = tensorrt.Engine(runtime, record, content)
    assert engine.inputs["image"].shape[0] == int(faces) * manifest.read()[name].inputs["image"][0]
    assert about["network"] == network and set(about["difference"]) == set(record.tolerances)
    assert set(about["effects"]) == set(built(tmp_path, name).about["effects"])


@pytest.mark.parametrize("name", ["iris-x1", "iris-x5", "iris-x", "mouth-x2"])
def test_a_number_of_faces_that_nobody_follows_is_no_network(name, tmp_path):
    assert "no such network" in refused(UsageError, tmp_path, name)


def test_a_file_tells_how_it_was_made_and_what_it_is_worth(machine, tmp_path):
    about = built(tmp_path).about
    assert about["gpu"] == "sm53" and about["device"] == machine.name
    assert about["cuda"] == "10.2" and about["workspace_mb"] == 128
    assert set(about["difference"]) == set(IRIS.parts)
    assert "degrees of gaze" in about["effects"] and about["build_s"] >= 0


def test_the_steps_are_told_in_order_with_what_is_expected_of_a_nano(machine, tmp_path):
    one = built(tmp_path)
    assert one.steps == ["starting", "asking ONNX Runtime", "building", "verifying", "writing"]
    assert one.buildings == ["FP16, 128 MB, 1 layer in FP32"]
    expected, = [e["expected"] for e in one.events if e.get("step") == "building"]
    assert expected == 44           # 8 kernels at 5.5 s


def test_nobody_knows_how_long_another_gpu_takes(tmp_path):
    with fakes.installed("8.6.1.6", capability=(8, 6)):
        events = built(tmp_path).events
        assert {e["expected"] for e in events if "step" in e} == {0}


def test_a_good_engine_is_kept(machine, tmp_path):
    built(tmp_path)
    second = built(tmp_path)
    assert second.about["kept"] and second.steps == ["starting"]
    assert machine.counts["builds"] == 1


def test_a_whole_file_that_tensorrt_refuses_is_built_anew(machine, tmp_path):
    built(tmp_path)
    path, = plan.paths(str(tmp_path))
    plan.write(path, plan.about(path), b"no engine")
    second = built(tmp_path)
    assert "kept" not in second.about and "Magic tag does not match" in second.bad[0]
    assert built(tmp_path).about["kept"]


def test_a_good_engine_is_built_again_where_that_is_asked_for(machine, tmp_path):
    built(tmp_path)
    assert "kept" not in built(tmp_path, anew=True).about and machine.counts["builds"] == 2


@pytest.mark.parametrize("spoil, told", [
    (lambda content: content[:-100], "truncated"),
    (lambda content: content[:-9] + b"x" + content[-8:], "corrupt")])
def test_a_spoilt_engine_is_noticed_and_built_anew_once(machine, tmp_path, spoil, told):
    built(tmp_path)
    path, = plan.paths(str(tmp_path))
    with open(path, "rb") as f:
        content = f.read()
    with open(path, "wb") as f:
        f.write(spoil(content))
    again = built(tmp_path)
    assert len(again.bad) == 1 and told in again.bad[0]
    assert built(tmp_path).about["kept"] and machine.counts["builds"] == 2


def test_an_engine_of_another_tensorrt_is_noticed_and_one_of_this_is_built(tmp_path):
    with fakes.installed("8.0.1.6"):
        built(tmp_path)
    with fakes.installed("8.2.1.8"):
        assert "built by TensorRT 8.0.1.6, here is 8.2.1.8" in built(tmp_path).bad[0]


def test_what_was_timed_once_is_not_timed_again(machine, tmp_path):
    built(tmp_path)
    timed = machine.counts["timed"]
    built(tmp_path, anew=True)
    assert machine.counts["timed"] == timed


def test_a_timing_cache_of_another_gpu_is_not_used(tmp_path):
    for capability in ((5, 3), (8, 6)):
        with fakes.installed("8.2.1.8", capability=capability) as machine:
            built(tmp_path)
            assert machine.counts["timed"] > 0


def test_a_spoilt_timing_cache_is_no_obstacle(machine, tmp_path):
    built(tmp_path)
    cache, = [name for name in os.listdir(str(tmp_path)) if name.endswith(".cache")]
    (tmp_path / cache).write_bytes(b"\xff spoilt")
    assert "kept" not in built(tmp_path, anew=True).about


def test_a_node_that_wants_more_workspace_gets_it(machine, tmp_path):
    machine.workspace = {DEEP: 200 << 20}
    one = built(tmp_path)
    assert [text.split(", ")[1] for text in one.buildings] == ["128 MB", "256 MB"]
    assert one.about["workspace_mb"] == 256


def test_cudnn_comes_in_where_a_node_finds_no_kernel_without(machine, tmp_path):
    machine.sources = {DEEP: "CUDNN"}
    about = built(tmp_path).about
    assert about["flags"] == "cudnn+fp32x1"
    assert os.path.basename(plan.paths(str(tmp_path))[0]).endswith("-fp16-cudnn+fp32x1.engine")


def test_cublas_comes_in_last(machine, tmp_path):
    machine.sources = {WIDE: "CUDNN", "/net/hidden/Gemm": "CUBLAS"}
    assert built(tmp_path).about["flags"].startswith("cublas+cudnn")


def test_the_libraries_take_part_from_the_start_where_that_is_asked_for(machine, tmp_path):
    one = built(tmp_path, libraries=True)
    assert len(one.buildings) == 1 and one.about["flags"].startswith("cublas+cudnn")


def test_a_node_without_any_kernel_is_named(machine, tmp_path):
    machine.workspace = {DEEP: 1 << 40}
    assert DEEP in refused(KagamiError, tmp_path)


def test_memory_that_ends_is_tried_with_the_least_workspace_then_told(machine, tmp_path):
    machine.building = 5 << 30
    one = Built(tmp_path)
    with pytest.raises(PartMissing, match="ran out of it .* 16 MB, .* desktop"):
        one()
    assert [text.split(", ")[1] for text in one.buildings] == ["128 MB", "16 MB"]


def test_an_operator_that_the_parser_lacks_is_named_with_its_node(machine, tmp_path):
    machine.unsupported = {"Concat"}
    told = refused(DataError, tmp_path)
    assert "/net/Concat (Concat)" in told and "iris.onnx" in told


def test_a_file_of_another_opset_is_refused_before_the_parser_gets_it_wrong(machine, tmp_path):
    path, content = tmp_path / "mine.onnx", IRIS.content()
    assert content.endswith(b"\x0d")            # its opset, 13
    path.write_bytes(content[:-1] + b"\x12")
    assert "opset 18" in refused(DataError, tmp_path, str(path))


@pytest.mark.parametrize("lacks, told", [
    ({"tensorrt": None}, "tensorrt: "), ({"pycuda": None}, "kagami-engines"),
    ({"driver": False}, "libcuda"), ({"gpu": False}, "GPU: ")])
def test_what_the_machine_lacks_is_one_line(tmp_path, lacks, told):
    version = lacks.pop("tensorrt", "8.2.1.8")
    with fakes.installed(version, **lacks):
        assert told in refused(PartMissing, tmp_path)


def test_a_gpu_that_is_no_faster_with_halves_is_told(tmp_path):
    with fakes.installed("8.6.1.6", capability=(6, 1)):
        assert "--precision fp32" in refused(UsageError, tmp_path)


def test_the_layers_that_the_manifest_names_are_kept_in_fp32(machine, tmp_path):
    machine.overflowing = {"/net/out/Gemm"}
    one = built(tmp_path)
    assert len(one.buildings) == 1 and one.about["fp32"] == list(IRIS.fp32)


@pytest.mark.parametrize("version", ["8.0.1.6", "8.2.1.8", "10.3.0.26"])
def test_an_overflow_is_found_and_its_layer_kept_in_fp32(version, tmp_path):
    with fakes.installed(version) as machine:
        machine.overflowing = {DEEP}
        one = built(tmp_path)
        assert one.bad[0].startswith("iris in FP16: ") and "NaN or infinite" in one.bad[0]
        assert DEEP in one.about["fp32"] and set(IRIS.fp32) <= set(one.about["fp32"])


@pytest.fixture
def order():
    """Nodes of the network, those with the largest magnitudes first."""
    trial = verify.Trial(IRIS.content(), IRIS, build.Graph(IRIS.content()))
    return [name for _, name in trial.magnitudes() if name not in IRIS.fp32]


def test_one_layer_at_fault_is_found_alone(machine, tmp_path, order):
    machine.overflowing = {order[5]}
    assert built(tmp_path).about["fp32"] == list(IRIS.fp32) + [order[5]]


def test_of_layers_at_fault_no_more_are_kept_than_it_takes(machine, tmp_path, order):
    machine.overflowing = {order[1], order[4]}
    assert built(tmp_path).about["fp32"] == list(IRIS.fp32) + order[:5]


@pytest.mark.parametrize("count", [1, 2, 7, 31])
def test_the_fewest_are_found_by_halves(count):
    for least in range(1, count + 1):
        asked = []
        assert build.fewest(count, lambda n: asked.append(n) or n >= least) == least
        assert len(asked) == len(set(asked)) <= 1 + count.bit_length()


@pytest.mark.parametrize("count", [0, 1, 9])
def test_where_all_are_not_enough_there_is_no_fewest(count):
    assert build.fewest(count, lambda n: False) is None


def test_an_engine_that_no_layer_mends_is_refused(machine, tmp_path):
    machine.coarse = 0.05
    told = refused(DataError, tmp_path)
    assert "is allowed" in told and "it stays in ONNX Runtime, or try --precision fp32" in told


def test_in_fp32_a_coarse_gpu_is_good(machine, tmp_path):
    machine.coarse = 0.05
    assert built(tmp_path, precision="fp32").about["flags"] == ""


def test_a_pin_that_the_network_lacks_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(networks, "find", lambda word: IRIS._replace(fp32=("/net/No",)))
    assert "fp32 = /net/No" in refused(DataError, tmp_path)


def test_somebodys_own_network_is_built_and_tried_on_noise(machine, tmp_path):
    path = tmp_path / "my own.onnx"
    constant_network(path, {"image": (1, 4, 4, 1)}, {"values": [1.0, 2.0]})
    about = built(tmp_path, str(path)).about
    assert about["network"] == "my_own" and about["words"] == "values 0"


def test_a_folder_that_fills_up_is_one_line(machine, tmp_path, monkeypatch):
    def full(handle):
        raise OSError(28, "No space left on device")
    monkeypatch.setattr(plan.files.os, "fsync", full)
    assert "No space left on device" in refused(OutputError, tmp_path)
