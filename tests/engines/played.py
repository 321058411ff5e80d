"""engines.build on a played GPU, as a process: python -m tests.engines.played MACHINE REQUEST

MACHINE: JSON of what fakes.installed takes, with "then": {name: value} of what the machine is
turned to; "ends": how the process ends while it builds: a signal's number, words to fail with, or
"sleep": by itself it does not.
"""
import json
import os
import sys
import time

from appliance.backends import tensorrt
from engines import build, verify, workshop
from tests.fakes import tensorrt as fakes


def main(machine, request):
    """Do the request."""
    about = json.loads(machine)
    then, ends = about.pop("then", {}), about.pop("ends", None)
    verify.TURNS, tensorrt.TRIES = 2, 1
    with fakes.installed(about.pop("version", "8.2.1.8"), **about) as machine:
        for name, value in then.items():
            setattr(machine, name, set(value) if isinstance(value, list) else value)
        if ends is not None:
            build.Build._plan = lambda *_: end(ends)
        os._exit(build.main([request]))


def play(monkeypatch, **about):
    """Let builds be processes on such a machine."""
    monkeypatch.setattr(workshop, "COMMAND", ("-m", "tests.engines.played", json.dumps(about)))


def end(how):
    """End as a process does that its library ends."""
    print("a library's own word")
    sys.stdout.flush()
    if how == "sleep":
        time.sleep(60)
    if isinstance(how, int):
        os.kill(os.getpid(), how)
    raise RuntimeError(how)


if __name__ == "__main__":
    main(*sys.argv[1:])
