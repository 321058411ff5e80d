"""Requests in, engines out: each is built by a process of its own, whose events are passed on.

For whoever loads an engine, be its file good or not:

    workshop.content(network, runtime)      # TensorRT's bytes, if need be of another build
"""
import json
import logging
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading

from appliance import config, errors, quality, settings
from appliance.backends import manifest
from appliance.errors import DataError, InputMissing, KagamiError, PartMissing
from appliance.fallback import Fallback
from appliance.service import managed
from engines import networks, plan
from engines.build import Request
from engines.progress import Progress

log = logging.getLogger("kagami.backend")
COMMAND = ("-m", "engines.build")
TICK = 0.5              # seconds between looks at the clock while nothing happens
ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))
ENDED = {signal.SIGKILL: "the system ended it, as it does when memory runs out"}
STATUS = {kind.status: kind for kind in (errors.KagamiError, errors.UsageError, errors.DataError,
                                         errors.InputMissing, errors.PartMissing,
                                         errors.OutputError)}


def build(request, tell):
    """What the engine file of a Request tells of itself (engines/plan.py), "kept" in it where a
    good one was there.

    tell: called with each event, a dict (engines/build.py), and with {} now and then. Whatever
    goes wrong is a KagamiError; then nothing of it is left behind.
    """
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(
            (sys.executable,) + COMMAND + (json.dumps(request._asdict()),), stderr=said,
            stdout=subprocess.PIPE, universal_newlines=True, env=_environment())
        try:
            return _outcome(request, child, tell, said)
        finally:
            _end(child)


def content(network, runtime, folder=None):
    """TensorRT's bytes of a network's engine file, which it takes.

    A file that is bad, or whole and refused by this runtime (tensorrt.Runtime), is built again,
    once, which takes minutes; where systemd waits for us, another service does that. PartMissing
    where there is none, or none comes of it.
    """
    try:
        return _taken(network, runtime, folder)
    except InputMissing as why:
        raise PartMissing(why.what, why.why, why.do) from why
    except DataError as why:
        if managed():       # kagami-engines.service does it, and tracking goes on meanwhile
            raise PartMissing(why.what, why.why, plan.again(network.name)) from why
        log.warning("%s: %s; it is built again", why.what, why.why)
        try:
            mend([network.name], folder=folder, anew=True)
            return _taken(network, runtime, folder)
        except KagamiError as failed:
            told = "%s; built again: %s" % (why.why, failed.why)
            raise PartMissing(why.what, told, failed.do) from failed


def _taken(network, runtime, folder):
    found = plan.best(network, runtime.trt.__version__, runtime.gpu.kind, folder)
    runtime.try_on(network, found)
    return found


def mend(names, folder=None, anew=False):
    """Build the engines of networks that have no good one here (anew: whatever they have), the
    smallest first; what each file then tells of itself, in that order. What is done is told on
    standard error and in the service's status, which also gives it the time. KagamiError where one
    cannot be built."""
    names = smallest_first(names)
    progress = Progress(names)
    with plan.held(folder) as where:
        return [build(Request(name, folder=where, anew=anew), progress.of(name))
                for name in names]


def wanted():
    """Names of the networks that this machine's configuration needs engines of. ConfigError where
    it is wrong; a service takes the last good one."""
    found = Fallback(lambda kept, path: config.load(path, (), kept, settings.check)).start()
    return quality.needed(manifest.read(), found.tracker.quality)


def smallest_first(words):
    """Names of networks, or paths of somebody's own, by the sizes of their files: the first engine
    is there soon, and what memory does not suffice for comes last."""
    def size(word):
        network = networks.find(word)
        return len(network.content())
    return sorted(words, key=size)


def _environment():
    """Ours, in which the process finds the same Kagami."""
    paths = [ROOT] + os.environ.get("PYTHONPATH", "").split(os.pathsep)
    return dict(os.environ, PYTHONPATH=os.pathsep.join(path for path in paths if path))


def _outcome(request, child, tell, said):
    """Follow a process to its end."""
    events, last = queue.Queue(), {}
    threading.Thread(target=_listen, args=(child.stdout, events), daemon=True).start()
    while True:
        event = _next(events)
        if event is None:
            raise _died(request, child.wait(), last, said)
        tell(event)
        if "done" in event:
            return event["done"]
        if "error" in event:
            error = event["error"]
            raise STATUS.get(error["status"], KagamiError)(error["what"], error["why"],
                                                           error["do"])
        last = event if "step" in event else last


def _next(events):
    """The next event, {} where none came in time, None at the end."""
    try:
        return events.get(timeout=TICK)
    except queue.Empty:
        return {}


def _listen(stream, events):
    """Put the lines of JSON into the queue, then None; other lines are a library's own."""
    for line in stream:
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict):
            events.put(event)
    events.put(None)


def _died(request, status, last, said):
    """What to raise for a process that ended without a word."""
    said.seek(0)
    lines = said.read().decode("utf-8", "replace").strip().splitlines() or ["without a word"]
    why = ENDED.get(-status, "it crashed with signal %d" % -status if status < 0 else lines[-1])
    return PartMissing("build of %s" % request.network, "%s (%s)" % (
        why, last.get("step", "starting")), "end what else uses memory, a desktop first, and run "
        "it again" if status == -signal.SIGKILL else "run it again, or take another TensorRT")


def _end(child):
    """See that the process is gone."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
    child.stdout.close()
    child.wait()
