"""The contract of TensorRT, pycuda and libcuda that our code leans on: on the played ones of every
version, and on real ones where there is a GPU. What real ones answer with a crash is tried on the
played ones alone."""
import ctypes
import gc
import threading

import numpy as np
import pytest

from tests.fakes import tensorrt as fakes
from tests.fakes.onnx_files import constant_network

pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
VERSIONS = ("8.0.1.6", "8.2.1.8", "8.4.1.5", "8.5.1.7", "8.6.1.6", "10.0.1.6", "10.3.0.26")
INPUTS, VALUE = {"image": (1, 8, 8, 1)}, np.arange(6, dtype=np.float32).reshape(2, 3)


class Libraries:
    """The modules, real or played, with the few calls that differ between their versions."""

    def __init__(self, machine=None):
        import tensorrt
        from pycuda import driver
        self.trt, self.driver, self.machine, self.heard = tensorrt, driver, machine, []
        heard = self.heard

        class Ear(tensorrt.ILogger):
            def __init__(self):
                tensorrt.ILogger.__init__(self)

            def log(self, severity, msg):
                heard.append(msg)
        self.logger = Ear()

    def network(self, content):
        """(builder, network, configuration, parser, whether it was parsed)."""
        trt = self.trt
        builder = trt.Builder(self.logger)
        explicit = 1 << int(trt.NetworkDefinitionCreationFlag.EXPLICIT_BATCH)
        network = builder.create_network(explicit)
        parser = trt.OnnxParser(network, self.logger)
        well = parser.parse(content)
        return builder, network, builder.create_builder_config(), parser, well

    def plan(self, content):
        """A serialised engine."""
        builder, network, config = self.network(content)[:3]
        config.set_flag(self.trt.BuilderFlag.FP16)
        return bytes(builder.build_serialized_network(network, config))

    def engine(self, plan):
        """(runtime, engine or None)."""
        runtime = self.trt.Runtime(self.logger)
        return runtime, runtime.deserialize_cuda_engine(plan)

    def said(self, words):
        return any(words in one for one in self.heard)


@pytest.fixture(params=VERSIONS + ("real",))
def libraries(request):
    """Libraries with a context that is current."""
    if request.param != "real":
        with fakes.installed(request.param) as machine:
            yield from entered(Libraries(machine))
        return
    pytest.importorskip("tensorrt", reason="no TensorRT here")
    pytest.importorskip("pycuda.driver", reason="no pycuda here")
    yield from entered(Libraries())


@pytest.fixture(params=VERSIONS)
def played(request):
    """The same, of the played ones alone."""
    with fakes.installed(request.param) as machine:
        yield from entered(Libraries(machine))


def entered(libraries):
    try:
        libraries.driver.init()
    except libraries.driver.Error as why:
        pytest.skip("no GPU here: %s" % why)
    context = libraries.driver.Device(0).retain_primary_context()
    context.push()
    yield libraries
    gc.collect()
    libraries.driver.Context.pop()
    context.detach()


@pytest.fixture(scope="module")
def onnx(tmp_path_factory):
    """A network that always answers VALUE."""
    path = tmp_path_factory.mktemp("onnx") / "small.onnx"
    constant_network(path, INPUTS, {"values": VALUE})
    return path.read_bytes()


class Run:
    """An engine with its buffers, bound, by whichever of the two ways the version has."""

    def __init__(self, libraries, onnx):
        driver = libraries.driver
        self._runtime, self.engine = libraries.engine(libraries.plan(onnx))
        self.context, self.stream = self.engine.create_execution_context(), driver.Stream(1)
        self.pinned = [driver.pagelocked_zeros(size, np.float32) for size in (64, 6)]
        self.device = [driver.mem_alloc(array.nbytes) for array in self.pinned]
        self._driver, self._named = driver, hasattr(self.context, "execute_async_v3")

    def bind(self, addresses=None):
        """Tell the context where its tensors lie."""
        self._addresses = addresses or [int(one) for one in self.device]
        for name, address in zip(("image", "values"), self._addresses) if self._named else ():
            self.context.set_tensor_address(name, address)
        return self

    def launch(self):
        """Enqueue the layers."""
        if self._named:
            return self.context.execute_async_v3(self.stream.handle)
        return self.context.execute_async_v2(self._addresses, self.stream.handle)

    def enqueue(self):
        """Enqueue copies and layers."""
        self._driver.memcpy_htod_async(self.device[0], self.pinned[0], self.stream)
        well = self.launch()
        self._driver.memcpy_dtoh_async(self.pinned[1], self.device[1], self.stream)
        return well

    @property
    def answer(self):
        return np.array(self.pinned[1]).reshape(2, 3)


def test_a_built_engine_answers_what_the_network_says(libraries, onnx):
    run = Run(libraries, onnx).bind()
    assert run.enqueue()
    run.stream.synchronize()
    assert np.array_equal(run.answer, VALUE)


def test_an_event_waits_for_its_stream(libraries, onnx):
    run, event = Run(libraries, onnx).bind(), libraries.driver.Event(3)
    run.enqueue()
    event.record(run.stream).synchronize()
    assert np.array_equal(run.answer, VALUE)


def test_a_tensor_that_is_not_bound_is_refused_with_a_word(libraries, onnx):
    run = Run(libraries, onnx)
    run.bind([int(run.device[0]), 0])
    assert run.launch() is False and libraries.heard


def test_bytes_that_are_no_engine_give_none_and_a_reason(libraries):
    assert libraries.engine(b"no engine at all" * 10)[1] is None and libraries.heard


def test_a_truncated_engine_gives_none_and_a_reason(libraries, onnx):
    plan = libraries.plan(onnx)
    assert libraries.engine(plan[:len(plan) // 2])[1] is None and libraries.heard


def test_a_file_that_is_no_onnx_is_told_by_the_parser(libraries):
    parser, well = libraries.network(b"no network")[3:]
    assert not well and parser.num_errors and parser.get_error(0).desc()


def test_a_network_without_layers_is_not_built(libraries):
    builder, network, config = libraries.network(b"")[:3]
    assert builder.build_serialized_network(network, config) is None and libraries.heard


def test_a_captured_launch_is_done_when_it_is_replayed(libraries, onnx):
    cuda, run = ctypes.CDLL("libcuda.so.1"), Run(libraries, onnx).bind()
    run.enqueue()
    run.stream.synchronize()
    run.pinned[1][...] = 0
    handle, graph, ready = ctypes.c_void_p(run.stream.handle), ctypes.c_void_p(), ctypes.c_void_p()
    assert cuda.cuStreamBeginCapture_v2(handle, 1) == 0 and run.enqueue()
    assert cuda.cuStreamEndCapture(handle, ctypes.byref(graph)) == 0
    assert cuda.cuGraphInstantiate(ctypes.byref(ready), graph, None, None, ctypes.c_size_t(0)) == 0
    assert not run.answer.any()
    assert cuda.cuGraphLaunch(ready, handle) == 0
    run.stream.synchronize()
    assert np.array_equal(run.answer, VALUE)
    assert cuda.cuGraphExecDestroy(ready) == 0 and cuda.cuGraphDestroy(graph) == 0


def test_memory_wants_a_context_in_its_thread(libraries):
    errors = []

    def work():
        try:
            libraries.driver.mem_alloc(100)
        except libraries.driver.LogicError as why:
            errors.append(str(why))
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert "context" in errors[0]


def test_more_memory_than_there_is_is_refused(libraries):
    with pytest.raises(libraries.driver.MemoryError, match="out of memory"):
        libraries.driver.mem_alloc(1 << 50)


def test_memory_that_is_not_mapped_has_no_address_on_the_device(played):
    plain = played.driver.pagelocked_empty(4, np.float32)
    mapped = played.driver.pagelocked_empty(
        4, np.float32, mem_flags=played.driver.host_alloc_flags.DEVICEMAP)
    assert mapped.base.get_device_pointer() > 0
    with pytest.raises(played.driver.LogicError):
        plain.base.get_device_pointer()


def test_nothing_is_done_before_somebody_waits(played, onnx):
    run = Run(played, onnx).bind()
    run.enqueue()
    assert not run.answer.any()


def test_names_of_another_version_are_not_there(played, onnx):
    run, old = Run(played, onnx), played.machine.tensorrt < "8.5" and not (
        played.machine.tensorrt.startswith("10"))
    assert hasattr(run.context, "execute_async_v3") is not old
    assert hasattr(run.context, "execute_async_v2") is not played.machine.tensorrt.startswith("10")
    config = played.network(onnx)[2]
    assert hasattr(config, "max_workspace_size") is played.machine.tensorrt.startswith("8")
    assert not hasattr(run.engine, "execute") and not hasattr(played.trt, "KTensorRT")


def test_a_mistyped_option_of_the_builder_is_refused(played, onnx):
    with pytest.raises(AttributeError):
        played.network(onnx)[2].max_workspce_size = 1


@pytest.mark.parametrize("spoil, told", [
    (lambda run: run.device[0].free(), "freed"),
    (lambda run: run.bind([int(run.device[0]) + 4, int(run.device[1])]), "allocated"),
    (lambda run: run.bind([12, int(run.device[1])]), "ever allocated")],
    ids=["freed", "too small", "nowhere"])
def test_work_on_memory_that_is_not_there_is_refused(played, onnx, spoil, told):
    run = Run(played, onnx).bind()
    spoil(run)
    with pytest.raises(fakes.Refused, match=told):
        run.launch()


def test_memory_that_goes_before_the_work_is_done_is_noticed(played, onnx):
    run = Run(played, onnx).bind()
    run.enqueue()
    run.device[1].free()
    with pytest.raises(fakes.Refused, match="freed"):
        run.stream.synchronize()


def test_memory_that_another_thread_lets_go_is_lost(played):
    held, before = [played.driver.mem_alloc(1000)], played.machine.used
    thread = threading.Thread(target=held.clear)
    thread.start()
    thread.join()
    assert played.machine.used == before


def test_an_engine_is_for_the_thread_with_its_context(played, onnx):
    run, answers = Run(played, onnx).bind(), []
    thread = threading.Thread(target=lambda: answers.append(run.launch()))
    thread.start()
    thread.join()
    assert answers == [False] and played.said("invalid resource handle")


def test_an_engine_of_another_version_is_refused(onnx):
    with fakes.installed("8.2.1.8") as machine:
        plan = Libraries(machine).plan(onnx)
    with fakes.installed("8.2.3.0") as machine:
        libraries = Libraries(machine)
        assert libraries.engine(plan)[1] is None and libraries.said("Version tag does not match")


def test_an_engine_of_another_gpu_is_refused(onnx):
    with fakes.installed("8.2.1.8") as machine:
        plan = Libraries(machine).plan(onnx)
    with fakes.installed("8.2.1.8", capability=(8, 6)) as machine:
        libraries = Libraries(machine)
        assert libraries.engine(plan)[1] is None and libraries.said("incompatible device")


@pytest.mark.parametrize("about", [{"gpu": False}, {"driver": False}])
def test_without_a_gpu_neither_builder_nor_runtime_can_be_made(about):
    with fakes.installed("8.5.1.7", **about):
        import tensorrt
        for kind in (tensorrt.Builder, tensorrt.Runtime):
            with pytest.raises(TypeError, match="factory function returned nullptr"):
                kind(tensorrt.Logger(tensorrt.Logger.INTERNAL_ERROR))


def test_a_node_without_a_tactic_in_the_workspace_fails_the_build(played, onnx):
    builder, network, config = played.network(onnx)[:3]
    name = network.get_layer(0).name
    played.machine.workspace[name] = 200 << 20
    if hasattr(config, "set_memory_pool_limit"):
        config.set_memory_pool_limit(played.trt.MemoryPoolType.WORKSPACE, 128 << 20)
    else:
        config.max_workspace_size = 128 << 20
    assert builder.build_serialized_network(network, config) is None
    assert played.said("Could not find any implementation for node " + name)


def test_a_node_that_wants_cudnn_fails_the_build_without_it(played, onnx):
    builder, network, config = played.network(onnx)[:3]
    played.machine.sources[network.get_layer(0).name] = "CUDNN"
    config.set_tactic_sources(0)
    assert builder.build_serialized_network(network, config) is None
    config.set_tactic_sources(1 << int(played.trt.TacticSource.CUDNN))
    assert builder.build_serialized_network(network, config) is not None


def test_an_operator_that_is_not_known_is_named_with_its_node(played, onnx):
    played.machine.unsupported.add("ReduceMean")
    parser, well = played.network(onnx)[3:]
    assert not well and parser.get_error(0).node() == 1 and played.said("[ReduceMean")


def test_a_build_that_takes_more_memory_than_there_is_fails(played, onnx):
    played.machine.building = played.machine.memory + 1
    builder, network, config = played.network(onnx)[:3]
    assert builder.build_serialized_network(network, config) is None
    assert played.said("OutOfMemory")


def test_what_the_timing_cache_knows_is_not_timed_again(played, onnx):
    for _ in range(2):
        builder, network, config = played.network(onnx)[:3]
        cache = config.create_timing_cache(b"" if _ == 0 else kept)
        assert config.set_timing_cache(cache, False)
        builder.build_serialized_network(network, config)
        kept = bytes(config.get_timing_cache().serialize())
    assert played.machine.counts["timed"] == network.num_layers


def test_a_layer_that_overflows_in_fp16_is_sound_when_it_keeps_fp32(played, onnx):
    builder, network, config = played.network(onnx)[:3]
    layer = network.get_layer(2)
    played.machine.overflowing.add(layer.name)
    config.set_flag(played.trt.BuilderFlag.FP16)
    assert overflows(played, builder.build_serialized_network(network, config))
    config.set_flag(played.trt.BuilderFlag.OBEY_PRECISION_CONSTRAINTS if hasattr(
        played.trt.BuilderFlag, "OBEY_PRECISION_CONSTRAINTS")
        else played.trt.BuilderFlag.STRICT_TYPES)
    layer.precision = played.trt.float32
    layer.set_output_type(0, played.trt.float32)
    assert not overflows(played, builder.build_serialized_network(network, config))


def overflows(played, plan):
    return bool(played.engine(plan)[1]._plan.broken)


def test_of_two_loggers_the_first_hears_all(played):
    first, second = Libraries(played.machine), Libraries(played.machine)
    runtime = first.trt.Runtime(first.logger)
    assert second.engine(b"no engine")[1] is None
    assert second.heard == [] and first.said("Engine deserialization failed") and runtime


def test_a_context_that_is_left_pushed_is_noticed():
    with pytest.raises(fakes.Refused, match="left pushed"):
        with fakes.installed():
            from pycuda import driver
            driver.init()
            context = driver.Device(0).retain_primary_context()
            context.push()
            context.detach()


def test_a_primary_context_that_is_not_detached_is_noticed():
    with pytest.raises(fakes.Refused, match="not detached"):
        with fakes.installed():
            from pycuda import driver
            driver.init()
            driver.Device(0).retain_primary_context()
            gc.collect()


def test_an_address_without_argtypes_is_not_cut_in_silence(played):
    with pytest.raises(fakes.Refused, match="32 bits"):
        ctypes.CDLL("libcuda.so.1").cuGraphDestroy(0x7f0012345678)


def test_graphs_are_not_in_drivers_that_are_older():
    with fakes.installed(cuda=10000):
        assert not hasattr(ctypes.CDLL("libcuda.so.1"), "cuStreamBeginCapture_v2")


def test_the_real_libraries_are_back_afterwards():
    import sys
    before = {name: sys.modules.get(name) for name in fakes.PARTS}, ctypes.CDLL
    with fakes.installed():
        pass
    assert ({name: sys.modules.get(name) for name in fakes.PARTS}, ctypes.CDLL) == before
