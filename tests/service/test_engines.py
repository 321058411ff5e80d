"""kagami-engines.service on a played GPU: the tracker starts on the processor, others see how far
the engines are, and it goes over to them by itself."""
import json
import os
import sys

import pytest

from tests.service.conftest import CONFIG, PORT, configure, units
from tests.service.house import HERE, ROOT, until
from tests.service.played_gpu import HOLD

NEVER = 120.0
HEAR = """
from appliance.errors import PartMissing
from appliance.network.local import program
try:
    print(program('').text('/kagami/about'))
except (AttributeError, PartMissing):       # nobody is there, or it has just gone
    print('{"backend": "", "engines": []}')
"""
GPU = """[Service]
Type=oneshot
ExecStart=/usr/bin/touch /dev/nvhost-gpu
[Install]
WantedBy=multi-user.target
"""
# Makes the irises' engine file a whole one, of which TensorRT knows nothing.
REFUSED = """
from engines import plan
path, = [path for path in plan.paths('/var/cache/kagami/engines') if '/iris-' in path]
plan.write(path, plan.about(path), b'no engine')
"""
# Asks, from an address, who is there, each time as one that has just come, until one tells of
# engines.
ASKS = """
import sys, time, zeroconf
kind, found = "_kagami._udp.local.", []
heard = lambda zeroconf, service_type, name, state_change: found.append(name)
for _ in range(30):
    there = zeroconf.Zeroconf([sys.argv[1]])
    zeroconf.ServiceBrowser(there, kind, handlers=[heard])
    time.sleep(2)
    told = [there.get_service_info(kind, name, 2000) for name in set(found)]
    there.close()
    for info in filter(None, told):
        if b"engines" in info.properties:
            sys.exit(print(info.properties[b"engines"].decode()))
"""


@pytest.fixture(scope="module")
def nano(house):
    """The box with a GPU, played, just switched on."""
    packages = house.shell("echo /opt/kagami/current/.venv/lib/python3*/site-packages").strip()
    with open(os.path.join(ROOT, "tests/service/played_gpu.py")) as f:
        house.write(packages + "/played_gpu.py", f.read())
    house.write(packages + "/played_gpu.pth", "import played_gpu; played_gpu.play()\n")
    units(house)
    # What else runs on the machine of the tests would have it wait for minutes.
    house.write("/etc/systemd/system/kagami-engines.service.d/now.conf",
                "[Service]\nNice=0\nCPUSchedulingPolicy=other\n")
    house.write(HOLD, "")
    house.write("/etc/systemd/system/gpu.service", GPU)
    house.shell("systemctl enable gpu")
    house.write("/etc/kagami.conf", (CONFIG % (HERE, PORT)).replace("onnxruntime", "auto")
                .replace("vmc@", "kagami@"))
    house.boot()
    return house


def about(box):
    """What the tracker tells a page; nothing while it is being started."""
    return json.loads(box.run("/opt/kagami/current/.venv/bin/python", "-c", HEAR))


def test_no_boot_waits_for_engines_and_the_tracker_runs_without(nano):
    assert nano.property("kagami-engines.service", "ActiveState") != "active"
    with nano.listen(PORT) as receiver:
        until(receiver.datagrams, NEVER)
    assert "TensorRT" not in about(nano)["backend"]


def test_whoever_looks_for_us_sees_how_far_they_are(nano):
    said = nano.cable.at("a", sys.executable, "-c", ASKS, HERE)
    assert said.strip() in ("0/5", "1/5", "2/5", "3/5", "4/5")


def test_whoever_listens_sees_how_far_they_are(nano):
    with nano.listen(PORT) as receiver:
        until(lambda: [args for args in receiver.values("/status")
                       if "building engines: " in args[1]], NEVER)
    engines = about(nano)["engines"]
    assert {engine["state"] for engine in engines} & {"building", "waiting"}


def test_systemd_knows_how_far_they_are(nano):
    until(lambda: " of 5): " in nano.property("kagami-engines.service", "StatusText"), NEVER,
          lambda: nano.journal("kagami-engines.service"))


def test_the_tracker_goes_over_to_them_once_they_are_good(nano):
    nano.run("rm", HOLD)
    until(lambda: "networks run on TensorRT" in nano.journal("kagami.service"), NEVER,
          lambda: nano.journal("kagami-engines.service"))
    until(lambda: "TensorRT" in about(nano)["backend"], NEVER)
    assert {engine["state"] for engine in about(nano)["engines"]} == {"ready"}
    assert nano.property("kagami-engines.service", "Result") == "success"


def test_where_all_are_good_nothing_is_begun_anew(nano):
    before = nano.property("kagami.service", "MainPID")
    nano.run("systemctl", "start", "kagami-engines.service")
    assert nano.property("kagami.service", "MainPID") == before


def test_a_corrupt_one_is_built_again_while_the_processor_goes_on(nano):
    nano.shell("for one in /var/cache/kagami/engines/iris*.engine; do echo broken > $one; done;"
               " systemctl restart kagami")
    assert about(nano)["backend"] and "TensorRT" not in about(nano)["backend"]
    until(lambda: "TensorRT" in about(nano)["backend"], NEVER)


def test_one_that_tensorrt_refuses_is_built_again_too(nano):
    nano.run("/opt/kagami/current/.venv/bin/python", "-c", REFUSED)
    nano.run("systemctl", "restart", "kagami")
    assert about(nano)["backend"] and "TensorRT" not in about(nano)["backend"]
    until(lambda: "TensorRT" in about(nano)["backend"], NEVER)
    assert "Magic tag does not match" in nano.journal("kagami-engines.service")


def test_the_finer_network_is_run_once_its_engine_is_built_and_until_then_the_usual_one(
        nano, tmp_path):
    pytest.importorskip("onnx", reason="the package onnx is not installed")
    from tests.fakes import finer
    finer.add(tmp_path)
    for name in ("fine.onnx", "manifest.ini"):
        nano.shell("cat > /opt/kagami/current/engines/" + name,
                   stdin=(tmp_path / name).read_bytes())
    configure(nano, nano.read("/etc/kagami.conf") + "[tracker]\nquality = fine\n")
    until(lambda: "engine of fine: none in " in nano.journal("kagami.service"), NEVER)
    assert "(meanwhile landmarks places the points)" in nano.journal("kagami.service")
    assert "TensorRT" in about(nano)["backend"]
    until(lambda: "fine" in [engine["name"] for engine in about(nano)["engines"]
                             if engine["state"] == "ready"], NEVER,
          lambda: nano.journal("kagami-engines.service"))
    said = nano.journal("kagami.service").count("engine of fine: none in ")
    nano.run("systemctl", "restart", "kagami")
    assert "TensorRT" in about(nano)["backend"]
    assert nano.journal("kagami.service").count("engine of fine: none in ") == said


def test_a_build_that_is_cut_off_goes_on_after_the_next_boot(nano):
    nano.shell("rm /var/cache/kagami/engines/*.engine")
    nano.cut()
    nano.boot()
    until(lambda: "TensorRT" in about(nano)["backend"], NEVER,
          lambda: nano.journal("kagami-engines.service"))


def test_an_engine_that_cannot_be_built_leaves_the_tracker_running(nano):
    nano.shell("rm /var/cache/kagami/engines/*; chmod 500 /var/cache/kagami/engines;"
               " chown root /var/cache/kagami/engines; systemctl restart kagami")
    nano.run("systemctl", "start", "kagami-engines.service", check=False)
    assert nano.property("kagami-engines.service", "Result") == "exit-code"
    assert json.loads(nano.read("/run/kagami/engines.json"))["state"] == "failed"
    assert nano.property("kagami.service", "ActiveState") == "active"


def test_a_full_disk_is_told_and_leaves_the_tracker_running(nano):
    nano.shell("systemctl stop kagami; mount -t tmpfs -o size=256k none /var/cache/kagami; "
               "chown kagami: /var/cache/kagami; systemctl start kagami; "
               "head -c 1M /dev/zero > /var/cache/kagami/filled", check=False)
    nano.run("systemctl", "start", "kagami-engines.service", check=False)
    said = json.loads(nano.read("/run/kagami/engines.json"))
    assert said["state"] == "failed" and "0 MB are free; make room" in said["text"]
    assert "0 MB are free; make room" in nano.journal("kagami-engines.service")
    with nano.listen(PORT) as receiver:
        until(receiver.datagrams, NEVER)
    nano.shell("systemctl stop kagami; umount /var/cache/kagami; systemctl start kagami")
