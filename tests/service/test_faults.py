"""What happens to a box in a living room, done to it under a real systemd: what it does, and what
it says."""
import glob
import json
import os
import random
import shutil
import sys
import time

import pytest

from tests.box import boards
from tests.service import house as houses
from tests.service.conftest import CONFIG, PORT, configure
from tests.service.house import HERE, THERE, until
from tests.service.test_service import NEVER, logged, pid, words

ELSEWHERE = "10.77.0.9"
ASK = """
import sys
from appliance.errors import KagamiError
from appliance.network.local import program
try:
    print(program("").text(*sys.argv[1:]))
except KagamiError as e:
    print("kagami: error: %s" % e)
"""
HOST_INFO = ("import urllib.request as r; "
             "print(r.urlopen('http://%s:39601/?HOST_INFO', timeout=5).read().decode())")


@pytest.fixture
def heard(box):
    """What arrives at our end of the cable in Kagami's own words, where the box runs as it
    should."""
    configure(box, (CONFIG % (HERE, PORT)).replace("vmc@", "kagami@"))
    with box.listen(PORT) as receiver:
        until(receiver.datagrams, NEVER)
        yield receiver


def goes_on(box, receiver, process=None):
    """More arrives than what is on its way; from the same process, where one is named."""
    receiver.datagrams()
    until(receiver.datagrams, NEVER)
    assert process in (None, pid(box))


def told(receiver, is_it):
    """Wait for a /kagami/status that is it: its arguments."""
    return until(lambda: [args for args in receiver.values("/status") if is_it(args)], NEVER)[0]


def ask(box, *arguments):
    """What the running program answers."""
    return box.run("/opt/kagami/current/.venv/bin/python", "-c", ASK, *arguments)


def changed(box, least):
    """Change an option for good; what the program says."""
    return ask(box, "/kagami/change", json.dumps({"smoothing": {"points_cutoff": least}}))


# ---- the disk ----

@pytest.fixture
def full(box, heard):
    """A box whose state's disk takes nothing more; what arrives from it."""
    box.shell("systemctl stop kagami kagami-panel && mount -t tmpfs -o size=256k,mode=700 none "
              "/var/lib/kagami && chown kagami: /var/lib/kagami && systemctl start kagami")
    box.shell("head -c 1M /dev/zero > /var/lib/kagami/filled", check=False)
    yield heard
    box.shell("systemctl stop kagami && umount /var/lib/kagami && "
              "systemctl start kagami kagami-panel")


def test_on_a_full_disk_a_change_is_refused_in_one_line_and_tracking_goes_on(box, full):
    process = pid(box)
    said = changed(box, 1.5)
    assert "settings.conf: No space left on device" in said and said.count("\n") == 1
    goes_on(box, full, process)


def test_on_a_full_disk_it_starts_too(box, full):
    box.run("systemctl", "restart", "kagami")
    goes_on(box, full)


def test_once_there_is_room_a_change_is_kept(box, full):
    box.shell("rm /var/lib/kagami/filled")
    assert "error" not in changed(box, 1.5)
    assert "points_cutoff = 1.5" in box.read("/var/lib/kagami/settings.conf")


def test_cut_off_while_settings_are_written_all_of_one_is_there(box, heard):
    chance = random.Random(7)
    writer = ("while :; do for n in 1.1 1.2 1.3 1.4; do %s -c '%s' /kagami/change "
              "'{\"smoothing\": {\"points_cutoff\": '$n'}}'; done; done") % (
                  "/opt/kagami/current/.venv/bin/python", ASK)
    for _ in range(5):
        box.run("systemd-run", "-q", "sh", "-c", writer)
        time.sleep(chance.uniform(1.0, 3.0))
        box.cut()
        box.boot()
        goes_on(box, heard)
        assert box.read("/var/lib/kagami/settings.conf").split()[-1] in "1.1 1.2 1.3 1.4".split()
        assert box.shell("ls -a /var/lib/kagami | grep -c broken", check=False).strip() == "0"
    box.shell("rm /var/lib/kagami/settings.conf")


def test_what_was_kept_and_is_broken_is_set_aside_and_told(box, heard):
    box.run("systemctl", "stop", "kagami")
    box.write("/var/lib/kagami/settings.conf", "\0" * 200)
    box.shell("cd /var/lib/kagami && for f in calibration expressions; do head -c 99 /dev/urandom "
              "> $f.json; done; chown kagami: *")
    box.run("systemctl", "start", "kagami")
    goes_on(box, heard)
    log = logged(box, "-p", "4", "-n", "20")
    assert "settings.conf" in log and "calibration.json" in log and "set aside" in log
    box.shell("rm /var/lib/kagami/settings.conf")


# ---- the network ----

def test_without_a_network_it_starts_and_sends_once_there_is_one(box, heard):
    box.power_off()
    box.cable.at("b", "ip", "addr", "flush", "dev", "eth0")
    box.cable.at("b", "ip", "link", "set", "eth0", "down")
    box.boot()
    process = pid(box)
    until(lambda: "fps" in words(box), NEVER)
    heard.datagrams()
    time.sleep(2)
    assert box.property("kagami", "ActiveState") == "active" and heard.datagrams() == []
    box.cable.at("b", "ip", "link", "set", "eth0", "up")
    box.cable.move("b", THERE)
    goes_on(box, heard, process)


def test_at_another_address_it_goes_on_and_is_found_there(box, heard):
    process = pid(box)
    box.cable.move("b", ELSEWHERE)
    heard.socket.settimeout(NEVER)
    until(lambda: heard.socket.recvfrom(65536)[1][0] == ELSEWHERE, NEVER)
    look = (sys.executable, "-m", "appliance", "discover", "--seconds", "5")
    until(lambda: ELSEWHERE in box.cable.at("a", *look), NEVER)
    assert "OSC_PORT" in box.cable.at("a", sys.executable, "-c", HOST_INFO % ELSEWHERE)
    goes_on(box, heard, process)
    box.cable.move("b", THERE)


# ---- the clock ----

@pytest.fixture
def unset(box, heard):
    """A box whose clock was never set: {the file that sets it}."""
    place = houses.root("tests").split(":")[0] if os.environ.get("KAGAMI_ROOT") else ""
    # For programs of several threads: the other one of Ubuntu now and then tells the true time.
    library = glob.glob(place + "/usr/lib/*/faketime/libfaketimeMT.so.1")
    if not library:
        pytest.skip("libfaketime is not here; `make test-service` installs it")
    shutil.copy(library[0], box.path("/usr/lib/libfaketime.so.1"))
    box.write("/etc/clock", "@1970-01-01 00:01:00\n")
    dropped = "/etc/systemd/system/kagami.service.d/clock.conf"
    box.write(dropped, "[Service]\nEnvironment=LD_PRELOAD=/usr/lib/libfaketime.so.1 "
              "FAKETIME_TIMESTAMP_FILE=/etc/clock FAKETIME_NO_CACHE=1 DONT_FAKE_MONOTONIC=1\n")
    box.shell("systemctl daemon-reload; systemctl restart kagami")
    yield "/etc/clock"
    box.shell("rm %s; systemctl daemon-reload; systemctl restart kagami" % dropped)


def test_a_clock_in_1970_that_is_set_meanwhile_loses_no_picture(box, heard, unset):
    heard.datagrams()
    frames = until(lambda: heard.values("/kagami/frame"), NEVER)
    assert 0 < frames[0][1] < 1e6
    process = pid(box)
    box.write(unset, "+0\n")

    def is_set():
        frames.extend(heard.values("/kagami/frame"))
        return frames[-1][1] > 1.7e9
    until(is_set, NEVER, lambda: "%s of %d\n%s" % (frames[-1], len(frames), logged(box)))
    goes_on(box, heard, process)
    numbers = [args[0] for args in frames]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


# ---- heat and power ----

@pytest.fixture
def thermal(box, heard):
    """A box that has a Nano's thermometers: a function that sets them."""
    box.run("systemctl", "stop", "kagami")
    box.shell("mount -t tmpfs none /sys/class/thermal")

    def to(degrees):
        for number, name, shown in ((0, "CPU-therm", degrees), (1, "PMIC-Die", 100)):
            for path, text in boards.zone(number, name, shown).items():
                box.write("/" + path, text)
    to(40)
    box.run("systemctl", "start", "kagami")
    yield to
    box.shell("systemctl stop kagami; umount /sys/class/thermal; systemctl start kagami")


def nearest(receiver, count=20):
    """Seconds between those two of the next frames whose pictures were taken the soonest after
    each other; a busy machine leaves more out, and takes none earlier."""
    times = []

    def enough():
        times.extend(args[1] + args[2] * 1e-9 for args in receiver.values("/kagami/frame"))
        return len(times) > count
    until(enough, NEVER)
    return min(after - before for before, after in zip(times, times[1:]))


def test_too_hot_it_tracks_half_says_so_and_recovers(box, heard, thermal):
    rate = told(heard, lambda args: args[0] == 2 and args[5] > 5)[2]
    thermal(91)
    _, text, half, _, degrees, _ = told(heard, lambda args: args[0] == 4 and args[5] > 20)
    print("\n%.0f pictures a second, %.0f while it is too hot" % (rate, half))
    assert "too hot: every second picture is left out" in text and degrees == 91
    assert nearest(heard) > 1.5 / 30
    until(lambda: "too hot" in words(box), NEVER)
    assert "91 C (CPU-therm): too hot" in logged(box, "-p", "4")
    thermal(60)
    assert "hot" not in told(heard, lambda args: args[0] == 2)[1]
    until(lambda: nearest(heard) < 1.5 / 30, NEVER)


def test_a_machine_that_is_no_nano_is_left_alone(box):
    assert box.property("kagami-power", "Result") == "success"
    assert box.property("kagami-power", "ActiveState") == "inactive"
    assert "no Jetson Nano: power, clocks and fan are left alone" in box.journal("kagami-power")


@pytest.fixture(scope="module")
def nano(box):
    """The box as a Jetson Nano, for kagami-power.service; its folder there."""
    boards.nano(box.path("/played"))
    box.shell("cd /played && rm proc/sys/kernel/random/boot_id && ln -s "
              "/proc/sys/kernel/random/boot_id proc/sys/kernel/random/ && ln -s /run run")
    box.write("/etc/systemd/system/kagami-power.service.d/played.conf", "[Service]\nExecStart=\n"
              "ExecStart=/opt/kagami/current/.venv/bin/python -m appliance.box.power /played\n")
    configure(box, CONFIG % (HERE, PORT))
    box.power_off()
    box.boot()
    return box


def test_a_nano_is_fast_before_the_tracker_begins(nano):
    assert nano.read("/played/done") == "nvpmodel -m 0\n"
    ready, begun = [int(nano.property(unit, name)) for unit, name in (
        ("kagami-power", "ActiveEnterTimestampMonotonic"),
        ("kagami", "ExecMainStartTimestampMonotonic"))]
    assert 0 < ready <= begun
    until(lambda: "jetson_clocks" in nano.read("/played/done"), NEVER)


def test_after_two_brown_outs_it_runs_at_5_watts_and_says_why(nano):
    for _ in range(2):
        nano.cut()
        nano.boot()
    assert nano.read("/played/done").splitlines()[-1] == "nvpmodel -m 1"
    until(lambda: "power supply suspected" in words(nano), NEVER)
    assert "use 5 V 4 A" in nano.read("/run/kagami-power/notice")
    assert "power supply suspected" in nano.journal("kagami-power", "-p", "4")
    assert "power supply suspected" in nano.run(
        "/opt/kagami/current/.venv/bin/kagami", "doctor", check=False)


def test_switched_off_as_it_should_be_it_is_fast_again(nano):
    nano.power_off()
    nano.boot()
    assert nano.read("/played/done").splitlines()[-1] == "nvpmodel -m 0"
    until(lambda: "fps" in words(nano), NEVER)
    assert "suspected" not in words(nano)


def test_killed_it_is_started_again(nano):
    nano.run("systemctl", "kill", "-s", "KILL", "kagami-power")
    until(lambda: nano.property("kagami-power", "NRestarts") == "1"
          and nano.property("kagami-power", "ActiveState") == "active", NEVER)
