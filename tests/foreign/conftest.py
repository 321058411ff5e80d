"""What the real runs sent and what was heard of them, once for all tests here."""
import json
import os
import sys
from types import SimpleNamespace

import pytest

from tests.fakes import lan
from tests.foreign import applications, hearing
from tests.foreign.tools import needs, script


@pytest.fixture(scope="session")
def machines():
    """Two machines on a cable."""
    pytest.importorskip("gi", reason="no GStreamer bindings for this Python")
    if lan.missing():
        pytest.skip(lan.missing())
    with lan.Lan() as made:
        yield made


@pytest.fixture(scope="session")
def measured(machines, tmp_path_factory):
    """A function that gives what `kagami track` says of each frame of a clip."""
    known = {}

    def truth(clip):
        if clip not in known:
            path = str(tmp_path_factory.mktemp("truth") / "truth.jsonl")
            machines.at("a", sys.executable, "-m", "appliance", "track", clip, "--json", path)
            known[clip] = lines(path)
        return known[clip]
    return truth


@pytest.fixture(scope="session", params=hearing.CLIPS, ids=os.path.basename)
def film(machines, measured, tmp_path_factory, request):
    """Every frame of a clip: packets, what osc of npm wrote, what `kagami track` says."""
    needs("tshark", "dumpcap", "npm:osc")
    folder = tmp_path_factory.mktemp("film")
    heard = str(folder / "osc.jsonl")
    with open(heard, "w") as out:
        reader = machines.launch("b", "node", script("osc_js.js"),
                                 *map(str, hearing.PORTS.values()), stdout=out)
    hearing.listening(machines)
    with hearing.Capture(machines, folder / "film.pcap") as capture:
        program = hearing.run(machines, folder, request.param, "--every-frame",
                              "--set", "calibration.ranges=no")
        log = program.communicate(timeout=120)[0]
        assert program.returncode == 0, log
        hearing.settled(heard)
    reader.kill()
    return SimpleNamespace(packets=capture.packets(), truth=measured(request.param),
                           osc_js=lines(heard))


@pytest.fixture(scope="session", params=hearing.CLIPS, ids=os.path.basename)
def desk(machines, measured, tmp_path_factory, request):
    """Every frame of a clip as the applications on the other computer heard it: {wire: [...]}, and
    what `kagami track` says.
    """
    pytest.importorskip("aiohttp")
    folder = tmp_path_factory.mktemp("desk")
    heard = str(folder / "heard.jsonl")
    there = machines.start("b", "tests.foreign.applications", lan.THERE, lan.HERE, heard)
    assert there.stdout.readline() == "listening\n"
    program = hearing.run(machines, folder, request.param, "--every-frame", "--set",
                          "calibration.ranges=no", targets=hearing.APPS)
    log = program.communicate(timeout=120)[0]
    assert program.returncode == 0 and "Traceback" not in log, log
    there.terminate()
    assert there.wait(30) == 0, there.stdout.read()
    return SimpleNamespace(heard=applications.decoded(lines(heard)), log=log,
                           truth=measured(request.param))


def lines(path):
    """The values of a file of JSON lines."""
    with open(path) as f:
        return [json.loads(line) for line in f]


@pytest.fixture(scope="session")
def live(machines, tmp_path_factory):
    """The drawn clip as a camera would show it, until it is stopped: packets, what oscdump wrote
    of each dialect, what oscquery of npm read.
    """
    needs("tshark", "dumpcap", "oscdump", "npm:oscquery")
    folder, dumps, files = tmp_path_factory.mktemp("live"), [], []
    for port in hearing.PORTS.values():
        with open(str(folder / str(port)), "w") as out:
            dumps.append(machines.launch("b", "oscdump", "-L", str(port), stdout=out))
        files.append(out.name)
    hearing.listening(machines)
    with hearing.Capture(machines, folder / "live.pcap") as capture:
        program = hearing.run(machines, folder, hearing.CLIPS[0])
        tree = json.loads(machines.at("b", "timeout", "18", "node", script("oscquery_js.js")))
        program.terminate()
        log = program.communicate(timeout=30)[0]
        assert program.returncode == 0 and "Traceback" not in log, log
    for dump in dumps:
        dump.kill()
    return SimpleNamespace(packets=capture.packets(), tree=tree,
                           dumped={dialect: dumped(path) for dialect, path
                                   in zip(hearing.DIALECTS, files)})


def dumped(path):
    """[(address, tags, [words])] of the lines that oscdump wrote."""
    with open(path) as f:
        rows = [line[:-1].split(" ", 3)[1:] for line in f]
    return [(address, "," + rest[0], rest[1:]) for address, *rest in rows]
