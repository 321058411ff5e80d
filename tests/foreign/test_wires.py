"""Programs that nobody here wrote read what a real run sends across a cable, and agree about it."""
import json
import os
import subprocess
import sys
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest

from appliance.face import ARKIT, ARKIT_NAMES
from tests.fakes import lan
from tests.foreign import hearing
from tests.foreign.tools import needs, script
from tests.outputs.test_docs import documented, general, listed

pytest.importorskip("gi", reason="no GStreamer bindings for this Python")
SETTLED = 8         # frames after which nothing of the way back to a found face is left


@pytest.fixture(scope="module")
def machines():
    """Two machines on a cable."""
    if lan.missing():
        pytest.skip(lan.missing())
    with lan.Lan() as made:
        yield made


@pytest.fixture(scope="module")
def film(machines, tmp_path_factory):
    """Every frame of the drawn clip: packets, what osc of npm wrote, what `kagami track` says."""
    needs("tshark", "dumpcap", "npm:osc")
    folder = tmp_path_factory.mktemp("film")
    heard, truth = str(folder / "osc.jsonl"), str(folder / "truth.jsonl")
    with open(heard, "w") as out:
        reader = machines.launch("b", "node", script("osc_js.js"),
                                 *map(str, hearing.PORTS.values()), stdout=out)
    hearing.listening(machines)
    with hearing.Capture(machines, folder / "film.pcap") as capture:
        program = hearing.run(machines, folder, "--every-frame", "--set", "calibration.ranges=no")
        log = program.communicate(timeout=120)[0]
        assert program.returncode == 0, log
        hearing.settled(heard)
    reader.kill()
    machines.at("a", sys.executable, "-m", "appliance", "track", hearing.CLIP, "--json", truth)
    return SimpleNamespace(packets=capture.packets(), truth=lines(truth), osc_js=lines(heard)[1:])


def lines(path):
    """The values of a file of JSON lines."""
    with open(path) as f:
        return [json.loads(line) if line[0] in "[{" else line for line in f]


def test_tshark_understands_every_datagram(film):
    assert Counter(packet.dialect for packet in film.packets if not packet.trouble)["kagami"] > 600
    assert [packet for packet in film.packets if packet.trouble] == []
