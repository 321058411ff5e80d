"""kagami.service under a real systemd: it starts, is looked after, and comes back."""
import os
import time

import pytest

from tests.golden import decoded
from tests.service.conftest import CONFIG, PORT, configure
from tests.service.house import HERE, until

UNIT = "kagami.service"
MEMORY = 250            # MB that it may take with ONNX Runtime
NEVER = 60.0            # seconds in which whatever takes two or three is over


@pytest.fixture
def heard(box):
    """What arrives at our end of the cable, where the box runs as it should."""
    configure(box, CONFIG % (HERE, PORT))
    with box.listen(PORT) as receiver:
        until(receiver.datagrams, NEVER)
        yield receiver


def pid(box):
    """Its process, a number of the machine."""
    return int(box.property(UNIT, "MainPID"))


def silence(receiver):
    """Wait until nothing arrives any more; when that began."""
    began = time.monotonic()
    while time.monotonic() < began + 0.5:
        if receiver.datagrams():
            began = time.monotonic()
        time.sleep(0.02)
    return began


def words(box):
    """What `systemctl status` shows of it."""
    return box.property(UNIT, "StatusText")


def logged(box, *more):
    return box.journal(UNIT, "-o", "cat", *more)


def test_every_unit_is_read_without_a_complaint(box):
    told = box.shell("cd /usr/local/lib/systemd/system && systemd-analyze verify --man=no "
                     "kagami*.service kagami*.path kagami*.timer 2>&1", check=False)
    rows = [row for row in told.splitlines() if "kagami" in row]
    # What the judge of updates runs is there from the first update on.
    assert [row for row in rows if "/opt/kagami/previous/" not in row] == []


def test_a_start_ends_in_a_message(box, heard):
    box.run("systemctl", "stop", UNIT)
    heard.datagrams()
    for _ in range(2):          # the first fills the caches of the system
        box.run("systemctl", "start", "--no-block", UNIT)
        until(heard.datagrams, NEVER)
        here = time.monotonic()
        began = int(box.property(UNIT, "InactiveExitTimestampMonotonic")) / 1e6
        until(lambda: box.property(UNIT, "ActiveState") == "active", NEVER)
        print("\nservice start to first message: %.2f s" % (here - began))
        box.run("systemctl", "stop", UNIT)
        heard.datagrams()
    box.run("systemctl", "start", UNIT)


def test_its_status_says_state_rate_and_time(box, heard):
    told = until(lambda: [w for w in [words(box)] if "fps" in w], NEVER)[0]
    assert told.startswith("nobody there, ") and told.endswith(" ms")
    assert told in box.run("systemctl", "status", UNIT)


def test_it_takes_little_memory(box, heard):
    status = box.read("/proc/%d/status" % pid(box))
    taken = int([row.split()[1] for row in status.splitlines() if row[:6] == "VmRSS:"][0]) / 1024
    print("\nmemory of the service: %.0f MB" % taken)
    assert taken < MEMORY


def test_it_runs_as_its_user_with_nothing_to_gain(box, heard):
    status = dict(row.split(":\t") for row in
                  box.read("/proc/%d/status" % pid(box)).splitlines() if ":\t" in row)
    assert status["Uid"].split()[0] == box.shell("id -u kagami").strip()
    assert int(status["CapEff"], 16) == 0 and status["NoNewPrivs"] == "1"


def test_libraries_keep_what_is_theirs_in_the_cache(box, heard):
    assert box.shell("stat -c %U /var/cache/kagami/gstreamer.bin").strip() == "kagami"


def test_the_same_configuration_read_again_goes_on(box, heard):
    before = pid(box)
    box.write("/etc/kagami.conf", CONFIG % (HERE, PORT + 1))
    with box.listen(PORT + 1) as other:
        box.run("systemctl", "reload", UNIT)
        until(other.datagrams, NEVER)
    assert pid(box) == before


def test_a_bad_configuration_read_again_changes_nothing(box, heard):
    before = pid(box)
    box.write("/etc/kagami.conf", "[camera]\nwidht = 640\n")
    box.run("systemctl", "reload", UNIT)
    until(lambda: "the old configuration goes on" in logged(box, "-p", "3"), NEVER)
    heard.datagrams()
    until(heard.datagrams, NEVER)
    assert pid(box) == before


def test_the_journal_knows_levels(box, heard):
    assert "the test pattern: 640x480 at 30 Hz" in logged(box, "-p", "6..6")
    assert "the test pattern" not in logged(box, "-p", "4")


def test_the_line_for_a_terminal_does_not_fill_the_journal(box, heard):
    time.sleep(6)               # it is written every five seconds where nothing can be rewritten
    assert " fps" not in logged(box)


def test_the_journal_is_kept_small(box):
    said = box.run("journalctl", "-b", "-o", "cat", "-t", "systemd-journald")
    assert " max 64.0M" in said or " max 32.0M" in said


def test_killed_it_comes_back(box, heard):
    box.run("kill", "-KILL", str(pid(box)))
    gone = silence(heard)
    until(heard.datagrams, NEVER)
    print("\nSIGKILL to the next message: %.2f s" % (time.monotonic() - gone))
    assert box.property(UNIT, "NRestarts") != "0"


def test_one_that_hangs_is_killed_and_comes_back(box, heard):
    box.write("/etc/systemd/system/kagami.service.d/soon.conf", "[Service]\nWatchdogSec=3\n")
    box.shell("systemctl daemon-reload; systemctl restart kagami")
    until(heard.datagrams, NEVER)
    box.run("kill", "-STOP", str(pid(box)))
    silence(heard)
    told = until(lambda: [row for row in box.journal(UNIT, "-o", "short-monotonic").splitlines()
                          if "Watchdog timeout" in row], NEVER)[-1]
    until(heard.datagrams, NEVER)
    killed = float(told.split("]")[0].strip("[ "))
    print("\nwatchdog's kill to the next message: %.2f s" % (time.monotonic() - killed))
    box.shell("rm /etc/systemd/system/kagami.service.d/soon.conf; systemctl daemon-reload")


def test_a_start_that_fails_is_tried_for_ever_and_not_all_the_time(box, heard):
    loop = "/opt/kagami/current/appliance/run.py"
    before = int(box.property(UNIT, "NRestarts"))
    box.shell("mv %s %s.away; systemctl restart kagami --no-block" % (loop, loop))
    began = time.monotonic()
    until(lambda: int(box.property(UNIT, "NRestarts")) >= before + 6, NEVER)
    assert time.monotonic() - began > 6 * 2.0
    box.shell("mv %s.away %s" % (loop, loop))
    heard.datagrams()
    until(heard.datagrams, NEVER)


def test_a_stop_is_clean_and_the_receivers_are_told(box):
    configure(box, (CONFIG % (HERE, PORT)).replace("vmc@", "kagami@"))
    with box.listen(PORT) as receiver:
        until(receiver.datagrams, NEVER)
        box.run("systemctl", "stop", UNIT)
        said = [address for datagram in receiver.datagrams()
                for address, _, _ in decoded(datagram)]
    assert "/kagami/bye" in said
    assert box.property(UNIT, "Result") == "success"
    assert box.property(UNIT, "ExecMainStatus") == "0"
    box.run("systemctl", "start", UNIT)


def test_a_stop_while_it_starts_is_clean_too(box):
    box.shell("systemctl restart --no-block kagami; sleep 0.3; systemctl stop kagami")
    assert box.property(UNIT, "Result") == "success"
    box.run("systemctl", "start", UNIT)


def test_asked_for_another_start_it_gets_one(box, heard):
    before = pid(box)
    box.run("/opt/kagami/current/.venv/bin/python", "-c",
            "from appliance.network.local import program\n"
            "with program('') as running: print(running.text('/kagami/restart'))")
    until(lambda: pid(box) not in (0, before), NEVER)
    until(heard.datagrams, NEVER)
    assert "Failed with result" not in logged(box, "-n", "20")


def test_a_camera_that_is_away_is_waited_for(box):
    configure(box, CONFIG.replace("= test", "= usb") % (HERE, PORT))
    assert box.property(UNIT, "ActiveState") == "active"
    until(lambda: words(box).startswith("waiting for a camera"), NEVER)


def test_a_file_that_is_away_is_waited_for(box):
    configure(box, CONFIG.replace("= test", "= file:/nowhere.mp4") % (HERE, PORT))
    assert box.property(UNIT, "ActiveState") == "active"
    until(lambda: "no such file" in words(box), NEVER)


def test_a_face_is_followed_in_the_clip(box):
    box.run("systemctl", "stop", UNIT)
    box.write("/etc/kagami.conf", CONFIG.replace(
        "= test", "= file:/opt/kagami/current/appliance/demo.mp4") % (HERE, PORT))
    with box.listen(PORT) as receiver:
        box.run("systemctl", "start", "--no-block", UNIT)
        until(lambda: [args for args in receiver.values("/OK") if args[-1] == 1], NEVER)
        here = time.monotonic()
    began = int(box.property(UNIT, "InactiveExitTimestampMonotonic")) / 1e6
    print("\nservice start to the first message with a face: %.2f s" % (here - began))
    until(lambda: words(box).startswith("tracking"), NEVER)


def test_a_backend_that_does_not_work_here_is_replaced(box):
    configure(box, CONFIG.replace("= onnxruntime", "= tensorrt") % (HERE, PORT))
    assert "auto chooses instead" in logged(box, "-p", "3")
    with box.listen(PORT) as receiver:
        until(receiver.datagrams, NEVER)


def test_it_stands_a_power_cut(box):
    configure(box, CONFIG % (HERE, PORT))
    box.cut()
    box.boot()
    with box.listen(PORT) as receiver:
        until(receiver.datagrams, NEVER)
    assert os.path.exists(box.path("/var/lib/kagami"))
