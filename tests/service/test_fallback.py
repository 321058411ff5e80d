"""A configuration that somebody has broken leaves no dead box."""
import pytest

from tests.service.conftest import CONFIG, PORT, configure
from tests.service.house import HERE, until
from tests.service.test_service import NEVER, logged, words

GOOD = "/var/lib/kagami/last-good.conf"


@pytest.fixture(scope="module")
def broken(box):
    """The box after its configuration was seen good, then broken, and it was started again."""
    until(lambda: CONFIG % (HERE, PORT) == box.shell("cat %s" % GOOD, check=False), NEVER)
    configure(box, "[camera]\nwidht = 640\n")
    return box


def test_the_last_good_one_goes_on(broken):
    with broken.listen(PORT) as receiver:
        until(receiver.datagrams, NEVER)
    assert broken.property("kagami.service", "NRestarts") == "0"


def test_status_and_log_say_so(broken):
    until(lambda: "/etc/kagami.conf:2 is wrong, the last good one goes on" in words(broken), NEVER)
    assert "did you mean width?" in logged(broken, "-p", "3")


def test_the_page_goes_on_too_and_says_so(broken):
    broken.run("systemctl", "restart", "kagami-panel", check=False)
    active = broken.property("kagami-panel.service", "ActiveState") == "active"
    assert active, broken.journal("kagami-panel.service")
    state = broken.run("python3", "-c", "import urllib.request as r; print(r.urlopen("
                       "'http://127.0.0.1:8910/api/state').read().decode())")
    assert "the last good one goes on" in state


def test_a_person_at_a_terminal_is_told(broken):
    said = broken.shell("/opt/kagami/current/.venv/bin/kagami config; echo status $?")
    assert "did you mean width?" in said and "status 78" in said


def test_mended_and_read_again_all_is_well(broken):
    broken.write("/etc/kagami.conf", CONFIG % (HERE, PORT))
    broken.run("systemctl", "reload", "kagami")
    until(lambda: "is wrong" not in words(broken), NEVER)


def test_an_empty_file_is_what_a_power_cut_leaves(broken):
    configure(broken, "")
    until(lambda: "the last good one goes on" in words(broken), NEVER)


def test_without_a_good_one_the_defaults_hold(broken):
    broken.shell("rm %s" % GOOD)
    configure(broken, "[camera]\nwidht = 640\n")
    until(lambda: "the defaults hold" in words(broken), NEVER)
