"""What the page shows of the versions, and its wish to go back."""
import configparser
import os

import pytest

from appliance.box import wish
from appliance.errors import UsageError
from tests.box.workshop import installed

UNITS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../systemd")


@pytest.fixture
def box(tmp_path):
    return installed(tmp_path, "0.1.0", "0.2.0")


def test_the_versions_are_told(box):
    assert wish.told(box) == {"current": "0.2.0", "previous": "0.1.0", "trial": None,
                              "refused": None}


def test_what_is_on_trial_and_what_did_not_stay_is_told(box):
    box.begin_trial(**{"from": "0.1.0", "to": "0.2.0"})
    box.refuse("0.3.0", "it ended")
    told = wish.told(box)
    assert told["trial"] == "0.2.0" and told["refused"]["reason"] == "it ended"


def test_where_nothing_is_installed_nothing_is_told(tmp_path):
    assert wish.told(installed(tmp_path)) == {}


def test_the_wish_is_a_file_where_systemd_looks(box, state):
    assert wish.go_back(box) == "version 0.1.0 is started; it has a minute to track"
    assert os.listdir(state) == [wish.WANTED]
    unit = configparser.ConfigParser(strict=False)
    unit.read(os.path.join(UNITS, "kagami-rollback.path"))
    assert unit["Path"]["PathExists"] == "/var/lib/kagami/" + wish.WANTED


def test_without_a_version_before_nothing_is_wished(tmp_path, state):
    box = installed(tmp_path, "0.1.0")
    with pytest.raises(UsageError, match="no version before"):
        wish.go_back(box)
    box.point("previous", "0.1.0")      # as a first update leaves it that was cut off
    with pytest.raises(UsageError, match="no version before"):
        wish.go_back(box)
    assert os.listdir(state) == []


def test_while_a_version_is_on_trial_nothing_is_wished(box, state):
    box.begin_trial(**{"from": "0.1.0", "to": "0.2.0"})
    with pytest.raises(UsageError, match="on trial"):
        wish.go_back(box)
    assert os.listdir(state) == []
