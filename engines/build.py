"""One network in, its verified engine file out, in a process of its own: python -m engines.build

What TensorRT takes for a build goes back to the system with the process, and where the kernel
kills it for memory, or it crashes, somebody is left to say so (engines/workshop.py). The request
comes as JSON in the one argument, what happens goes out as lines of JSON:

    {"step": "building", "detail": "fp16, workspace 128 MB", "expected": 70}
    {"done": {...}}      what the engine file tells of itself (engines/plan.py)
    {"error": {"status": 65, "what": ..., "why": ..., "do": ...}}
"""
import json
import os
import sys
from time import perf_counter
from typing import NamedTuple

from appliance import __version__, files
from appliance.backends import cuda, tensorrt
from appliance.errors import DataError, InputMissing, KagamiError
from engines import networks, plan
from engines.builder import SOURCES, WORKSPACES, Builder, NoKernel, OutOfMemory, Wish
from engines.graph import Graph
from engines.verify import Trial

KERNELS = ("Conv", "ConvTranspose", "Gemm", "MatMul", "MaxPool", "AveragePool", "Resize")
# Seconds a kernel, on a Nano: 2.5 to 5.5 were seen in FP16, in FP32 1.55 to 2.1 times less.
NANO, FP16_S, FP32_S = "sm53", 5.5, 3.0


class Request(NamedTuple):
    """What is to be built. network: a name in the manifest, or an ONNX file's path. precision:
    "fp16" or "fp32". workspace: MB to begin with. libraries: whether cuDNN and cuBLAS take part
    from the start. anew: even where there is a good one. folder: of the engine files."""

    network: str
    precision: str = "fp16"
    workspace: int = WORKSPACES[0]
    libraries: bool = False
    anew: bool = False
    folder: str = ""


class Build:
    """The way from an ONNX file to its engine file. say: called with each event, a dict."""

    def __init__(self, request, say):
        self._request, self._say = request, say
        self._network = networks.find(request.network)
        self._content = self._network.content()
        self._graph = Graph(self._content, self._network.path)
        self._check_pins()

    def run(self):
        """What the engine file tells of itself, with "kept" where it was there already; whatever
        is wrong is a KagamiError."""
        self._step("starting")
        self._version, self._gpu = tensorrt.library().__version__, cuda.gpu()
        kept = None if self._request.anew else self._kept()
        return kept or self._made()

    def _kept(self):
        """What the engine that is there tells, None where it is not good: then it is told why."""
        here = self._network, self._version, self._gpu.kind, self._request.precision
        try:
            path = plan.find(*here, within=self._request.folder)
            content = plan.read(path, *here)
            tensorrt.Runtime(tensorrt.library(), self._gpu).try_on(self._network, content)
            return dict(plan.about(path), kept=True)
        except InputMissing:
            return None
        except DataError as why:
            self._say({"bad": "%s: %s" % (os.path.basename(why.what), why.why)})
            return None

    def _made(self):
        # Of all loggers TensorRT keeps the first, so the builder comes before the runtime.
        self._builder = Builder(self._gpu, self._cache())
        self._runtime = tensorrt.Runtime(self._builder.trt, self._gpu)
        self._builder.check(self._graph, self._network.path)
        self._step("asking ONNX Runtime")
        self._trial = Trial(self._content, self._network, self._graph)
        wish, content, verdict, took = self._good(self._first_wish())
        self._step("writing")
        path = plan.path_of(self._network, self._version, self._gpu.kind, wish.precision,
                            wish.flags, self._request.folder)
        plan.write(path, self._about(wish, verdict, took), content)
        return plan.about(path)

    def _about(self, wish, verdict, took):
        return {"network": self._network.name, "onnx": self._network.sha256,
                "tensorrt": self._version, "cuda": self._cuda(), "gpu": self._gpu.kind,
                "device": self._gpu.name, "precision": wish.precision, "flags": wish.flags,
                "fp32": list(wish.pins), "workspace_mb": wish.workspace,
                "build_s": round(took, 1), "ms": verdict.ms, "difference": verdict.difference,
                "effects": verdict.effects, "words": verdict.words, "nearest": verdict.nearest,
                "kagami": __version__}

    def _first_wish(self):
        pins = self._network.fp32 if self._request.precision == "fp16" else ()
        return Wish(self._request.precision, self._request.workspace,
                    SOURCES[-1 if self._request.libraries else 0], tuple(pins))

    def _good(self, wish):
        """(wish, plan, verdict, seconds) of an engine that passes; DataError where none does."""
        first = self._tried(wish)
        if not first[2].wrong:
            return first
        if wish.precision == "fp16":
            self._say({"bad": "%s in FP16: %s" % (self._network.name, first[2].wrong[0])})
            found = self._repaired(first[0])
            if found:
                return found
        raise DataError("engine of " + self._network.name, first[2].wrong[0], self._way_out())

    def _way_out(self):
        return ("it stays in ONNX Runtime" if self._request.precision == "fp32" else
                "it stays in ONNX Runtime, or try --precision fp32")

    def _repaired(self, wish):
        """The same with few layers in FP32 that passes, None where not even all of them do.

        Layers with the largest magnitudes go first; each try is a build, so halves are tried. The
        last one that it took may be the only one at fault, which is worth a build more.
        """
        order = tuple(name for _, name in self._trial.magnitudes() if name not in wish.pins)
        tried = {}

        def passes(pins):
            tried[pins] = self._tried(wish._replace(pins=wish.pins + pins))
            return not tried[pins][2].wrong
        count = fewest(len(order), lambda n: passes(order[:n]))
        if count is None:
            return None
        alone = order[count - 1:count]
        return tried[alone if count == 1 or passes(alone) else order[:count]]

    def _tried(self, wish):
        """(wish as it came true, plan, verdict, seconds of the build)."""
        wish, content, took = self._built(wish)
        self._step("verifying")
        engine = tensorrt.Engine(self._runtime, self._network, content)
        try:
            return wish, content, self._trial.judge(engine), took
        finally:
            engine.close()

    def _built(self, wish):
        """(wish as it came true, plan, seconds): with more workspace and, in the end, with the
        kernels of cuDNN and cuBLAS where a node finds none; with less where memory ends."""
        for attempt in _attempts(wish):
            start = perf_counter()
            try:
                return attempt, self._plan(attempt), perf_counter() - start
            except NoKernel as why:
                last = why
            except OutOfMemory:
                if attempt.workspace == min(WORKSPACES):
                    raise
                return self._built(wish._replace(workspace=min(WORKSPACES)))
        raise last

    def _plan(self, wish):
        words = ["FP16" if wish.precision == "fp16" else "FP32", "%d MB" % wish.workspace]
        words += ["with " + wish.sources[0]] * bool(wish.sources[0])
        count = len(wish.pins)
        words += ["%d layer%s in FP32" % (count, "s" * (count > 1))] * bool(count)
        self._step("building", ", ".join(words), self._expected())
        try:
            return self._builder.build(self._content, self._graph, self._network.path, wish)
        finally:
            self._keep_cache()

    def _expected(self):
        """Seconds that a build takes on this GPU, 0 where nobody knows."""
        kernels = sum(node.kind in KERNELS for node in self._graph.nodes)
        a_kernel = FP16_S if self._request.precision == "fp16" else FP32_S
        return round(kernels * a_kernel) if self._gpu.kind == NANO else 0

    def _check_pins(self):
        names = {node.name for node in self._graph.nodes}
        for name in self._network.fp32:
            if name not in names:
                raise DataError("[%s] fp32 = %s" % (self._network.name, name),
                                "%s has no such node" % self._network.path, "correct the manifest")

    def _cuda(self):
        version = self._gpu.driver.get_driver_version()
        return "%d.%d" % (version // 1000, version % 1000 // 10)

    def _cache_path(self):
        return plan.cache_path(self._version, self._cuda(), self._gpu.kind, self._request.folder)

    def _cache(self):
        try:
            with open(self._cache_path(), "rb") as f:
                return f.read()
        except OSError:
            return b""

    def _keep_cache(self):
        files.write(self._cache_path(), self._builder.cache)

    def _step(self, step, detail="", expected=0):
        self._say({"step": step, "detail": detail, "expected": expected})


def fewest(count, good):
    """The least n from 1 to count for which good(n), if it is good from there on; None where
    good(count) is not. It is asked as few n as that takes."""
    if not count or not good(count):
        return None
    few, many = 0, count
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (few, middle) if good(middle) else (middle, many)
    return many


def _attempts(wish):
    """The wish, then what may help a node to a kernel, the cheapest first."""
    spaces = [wish.workspace] + [mb for mb in WORKSPACES if mb != wish.workspace]
    for sources in SOURCES[SOURCES.index(wish.sources):]:
        for workspace in spaces:
            yield wish._replace(workspace=workspace, sources=sources)


def main(words):
    """Do the request in the one word; print the events; the exit status."""
    def say(event):
        print(json.dumps(event), flush=True)
    try:
        say({"done": Build(Request(**json.loads(words[0])), say).run()})
    except KagamiError as e:
        say({"error": {"status": e.status, "what": e.what, "why": e.why, "do": e.do}})
        return e.status
    return 0


if __name__ == "__main__":
    # At once: libraries that tidy up as a program ends are known to crash then.
    os._exit(main(sys.argv[1:]))
