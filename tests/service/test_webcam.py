"""A USB camera that is pulled out and plugged in again while the service runs; its node is a file
and its pictures are a film's (tests/fakes/webcam.py), for a container has no camera."""
import time

import pytest

from tests.service.conftest import CONFIG, PORT, units
from tests.service.house import HERE, until
from tests.service.test_camera import film, tracked
from tests.service.test_service import NEVER, UNIT, pid, words

NODE = "/dev/video0"
PLAYED = """[Service]
WorkingDirectory=/opt/kagami/current
Environment=STAND_IN_CLIP=%s:/opt/stand-in
ExecStart=
ExecStart=/opt/kagami/current/.venv/bin/python -m tests.fakes.webcam run
"""


@pytest.fixture(scope="module")
def box(house):
    """A box whose camera has not been plugged in yet, running."""
    shape = film(house.path("/opt/stand-in"))
    units(house)
    house.write("/etc/systemd/system/%s.d/played.conf" % UNIT, PLAYED % shape)
    house.write("/etc/kagami.conf", CONFIG.replace("= test", "= usb") % (HERE, PORT))
    house.boot()
    return house


def plugged_in(box):
    """Plug the camera in; when that was."""
    began = time.monotonic()
    box.shell("umask 0; > %s" % NODE)
    return began


def pulled_out(box):
    """Pull it out, and wait until that is known and what is on its way has arrived."""
    box.run("rm", NODE)
    until(lambda: words(box).startswith("waiting for camera Webcam"), NEVER)
    time.sleep(2)


def test_a_camera_that_is_plugged_in_after_the_start_is_followed(box):
    until(lambda: "none is there" in words(box), NEVER)
    plugged_in(box)
    tracked(box)


def test_a_camera_that_is_plugged_in_again_is_followed_again(box):
    process = pid(box)
    for _ in range(3):
        pulled_out(box)
        back = plugged_in(box)
        tracked(box, 1)
        print("\ncamera's node back to face again: %.2f s" % (time.monotonic() - back))
        tracked(box)
    assert pid(box) == process and box.property(UNIT, "NRestarts") == "0"
