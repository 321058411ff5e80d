"""A camera on the board's own connector whose daemon hangs: Kagami leaves a word, root starts the
daemon anew, the face is followed again; played by stand-ins for NVIDIA's elements and daemon."""
import os
import shutil
import time

import cv2
import numpy as np
import pytest

from appliance.cli import DEMO_CLIP
from tests.fakes import jetson
from tests.golden import decoded
from tests.service import house as houses
from tests.service.conftest import PORT, units
from tests.service.house import until

SOCKET = "/tmp/argus_socket"
# A daemon that hangs does not hear that it is to end, as the real one does not. What it comes up
# as at the first start after a boot lies in /etc/argus.
DAEMON = """#!/bin/sh
trap '' TERM
how=well
[ -e /run/argus ] || [ ! -e /etc/argus ] || how=$(cat /etc/argus)
echo start >> /run/argus
printf %s "$how" > /tmp/argus.new
chmod 644 /tmp/argus.new
mv /tmp/argus.new /tmp/argus_socket
while :; do sleep 1; done
"""
DAEMON_UNIT = """[Unit]
Description=Played camera daemon
[Service]
ExecStart=/usr/sbin/nvargus-daemon
Restart=on-failure
[Install]
WantedBy=multi-user.target
"""
PLAYED = """[Service]
WorkingDirectory=/opt/kagami/current
Environment=GST_PLUGIN_PATH=/opt/stand-in STAND_IN_CLIP=%s STAND_IN_DAEMON=/tmp/argus_socket
Environment=STAND_IN_SYSTEM=/opt/stand-in/system
ExecStart=
ExecStart=/opt/kagami/current/.venv/bin/python -m tests.fakes.jetson.program run
"""
CONFIG = """[camera]
source = csi
[backend]
name = onnxruntime
[target]
to = vmc@%s:%d
""" % (houses.HERE, PORT)


@pytest.fixture(scope="module")
def box(house):
    """A board that is none, running."""
    place = house.path("/opt/stand-in")
    os.makedirs(os.path.join(place, "system", "video0"))
    made(place)
    with open(os.path.join(place, "system", "video0", "name"), "w") as f:
        f.write("vi-output, imx219 7-0010\n")
    shape = film(os.path.join(place, "clip"))
    units(house)
    house.write("/usr/sbin/nvargus-daemon", DAEMON)
    house.shell("chmod +x /usr/sbin/nvargus-daemon")
    house.write("/etc/systemd/system/nvargus-daemon.service", DAEMON_UNIT)
    house.write("/etc/systemd/system/kagami.service.d/played.conf",
                PLAYED % ("%s:/opt/stand-in/clip" % shape))
    house.write("/etc/kagami.conf", CONFIG)
    house.shell("systemctl enable nvargus-daemon")
    house.boot()
    return house


def made(place):
    """The stand-ins in a folder; those of another system are made on a machine of that system."""
    if not os.environ.get("KAGAMI_ROOT"):
        if jetson.lacking():
            pytest.skip(jetson.lacking())
        jetson.build(place)
        return
    with houses.House(houses.root("tests")) as workshop:
        shutil.copytree(jetson.HERE, workshop.path("/opt/jetson"))
        workshop.shell("cd /opt; python3 -c 'import jetson; jetson.build(\"/opt/jetson\")'")
        shutil.copy(os.path.join(workshop.path("/opt/jetson"), jetson.LIBRARY), place)


def film(path):
    """The first seconds of the demo's clip as the stand-ins read it; gives WIDTHxHEIGHT."""
    video, pictures = cv2.VideoCapture(DEMO_CLIP), []
    while len(pictures) < 60:
        pictures.append(cv2.cvtColor(video.read()[1], cv2.COLOR_BGR2GRAY))
    with open(path, "wb") as f:
        f.write(np.array(pictures).tobytes())
    return "%dx%d" % pictures[0].shape[::-1]


def tracked(box, count=20):
    """Wait until so many datagrams from now on say that a face is tracked."""
    last = time.monotonic() + 60
    with box.listen(PORT) as receiver:
        receiver.socket.settimeout(30)
        while count:
            assert time.monotonic() < last, "no face within a minute"
            values = {address: args for address, _, args in decoded(receiver.socket.recv(65536))}
            count -= values.get("/VMC/Ext/OK", [0])[-1] == 1


def starts(box):
    """How often the camera daemon was started since the boot."""
    return box.shell("cat /run/argus").count("start")


def hang(box):
    """The daemon delivers nothing any more, and whoever closes its camera waits."""
    box.shell("printf stuck > " + SOCKET)
    return time.monotonic()


def test_a_face_is_followed_by_an_unprivileged_program(box):
    tracked(box)
    assert starts(box) == 1
    user = box.shell("ps -o user= -p %s" % box.property("kagami.service", "MainPID"))
    assert user.strip() == "kagami"


def test_a_daemon_that_hangs_is_started_anew_and_the_face_followed_again(box):
    tracked(box)
    program, before = box.property("kagami.service", "MainPID"), starts(box)
    begun = hang(box)
    until(lambda: starts(box) > before, 15)
    tracked(box, 1)
    print("camera daemon hangs to face again: %.1f s" % (time.monotonic() - begun))
    assert box.property("kagami.service", "MainPID") == program
    assert box.shell("ls /run/kagami").find("camera-wedged") < 0
    assert "the camera daemon is to be restarted: no picture for 3 s" in box.journal(
        "kagami.service")


def test_a_daemon_that_dies_is_there_again_and_the_face_followed(box):
    tracked(box)
    begun = time.monotonic()
    box.run("systemctl", "kill", "--signal=KILL", "nvargus-daemon.service")
    until(lambda: "Argus client lost its daemon" in box.journal("kagami.service"), 15)
    tracked(box, 1)
    print("camera daemon dies to face again: %.1f s" % (time.monotonic() - begun))


def test_a_second_time_soon_after_is_mended_too_but_later(box):
    tracked(box)
    before = starts(box)
    hang(box)
    until(lambda: starts(box) > before, 60)
    tracked(box)


def test_the_service_ends_in_time_while_the_daemon_hangs(box):
    tracked(box)
    hang(box)
    time.sleep(1)
    begun = time.monotonic()
    box.run("systemctl", "stop", "kagami.service")
    print("stopped while the daemon hangs: %.1f s" % (time.monotonic() - begun))
    assert box.property("kagami.service", "Result") == "success"
    box.run("systemctl", "kill", "--signal=KILL", "nvargus-daemon.service")


def test_a_daemon_that_came_up_before_the_sensor_is_started_anew_once(box):
    box.write("/etc/argus", "refuses")
    box.cut()
    box.boot()
    tracked(box)
    assert starts(box) == 2, box.journal("kagami.service") + box.journal("kagami-camera.service")
