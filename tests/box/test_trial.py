"""What is on trial stays or goes."""
import os

import pytest

from appliance.box import trial
from appliance.box.services import Look
from appliance.box.trial import Judge, Trial
from appliance.errors import PartMissing
from tests.box.workshop import Played, installed, runs

WELL = Look("active", 7, 0, "tracking", "0.2.0")
STARTING = WELL._replace(active="activating", state="", version="")
OLD = WELL._replace(version="0.1.0", pid=3)
DEAD = Look("activating", 0, 0, "", "")


class Story:
    """Services whose tracker does what is told: [(seconds, Look)], the last for ever."""

    def __init__(self, *chapters):
        self._chapters, self.now = chapters, 0.0

    def look(self):
        """How it does now."""
        past = 0.0
        for seconds, look in self._chapters:
            past += seconds
            if self.now < past:
                break
        return look

    def sleep(self, seconds):
        """Time passes."""
        self.now += seconds


def verdict(*chapters, seeing=True):
    """(what the judge says, after how many seconds)."""
    story = Story(*chapters)
    said = Judge(story, "0.2.0", seeing, lambda: story.now, story.sleep).watch()
    return said, story.now


@pytest.fixture
def cameras(tmp_path, monkeypatch):
    """Make the one camera appear."""
    monkeypatch.setattr(trial, "CAMERAS", str(tmp_path / "video*"))
    return (tmp_path / "video0").touch


def test_what_tracks_stays_as_soon_as_it_is_steady():
    assert verdict((0, WELL)) == ("", trial.STEADY)


def test_a_start_may_take_most_of_a_minute():
    assert verdict((3, OLD), (45, STARTING), (0, WELL)) == ("", 48 + trial.STEADY)


def test_somebody_need_not_be_there():
    assert verdict((0, WELL._replace(state="no face")))[0] == ""


@pytest.mark.parametrize("look, told", [
    (STARTING, "is not ready"), (WELL._replace(active="failed"), "is failed"),
    (WELL._replace(state="", version=""), "does not answer"),
    (OLD, "answers as version 0.1.0"), (WELL._replace(state="error"), "says: error"),
    (WELL._replace(state="starting"), "says: starting")])
def test_what_does_not_track_within_a_minute_goes(look, told):
    assert verdict((0, look)) == ("after 60 s it " + told, trial.WITHIN)


def test_what_hangs_after_a_good_start_goes():
    assert verdict((10, WELL), (0, WELL._replace(state="", version="")))[0].endswith(
        "does not answer")


def crashes(every):
    """A version that ends again and again, every so many seconds."""
    return [chapter for n in range(40) for chapter in (
        (every, WELL._replace(pid=10 + n, restarts=n)), (2, DEAD._replace(restarts=n + 1)))]


@pytest.mark.parametrize("every", [1, 5, 12])
def test_what_ends_again_and_again_goes_early(every):
    said, seconds = verdict(*crashes(every))
    assert said == "it ended 3 times" and seconds < trial.WITHIN


def test_ending_once_is_forgiven():
    # As when engines became good, or a camera took the tracker with it.
    assert verdict((5, WELL), (2, DEAD._replace(restarts=1)),
                   (0, WELL._replace(pid=8, restarts=1)))[0] == ""


def test_another_process_begins_anew():
    assert verdict((10, WELL), (0, WELL._replace(pid=8)))[1] == 10 + trial.STEADY


def test_without_a_camera_it_stays(cameras):
    assert verdict((0, WELL._replace(state="no camera")))[0] == ""


def test_a_camera_that_the_version_before_had_must_be_found(cameras):
    cameras()
    assert "finds no camera" in verdict((0, WELL._replace(state="no camera")))[0]


def test_a_camera_that_nobody_saw_need_not_be_found(cameras):
    cameras()
    assert verdict((0, WELL._replace(state="no camera")), seeing=False)[0] == ""


def test_a_boot_may_be_slow():
    waits = Look("inactive", 0, 0, "", "")
    assert verdict((200, waits), (30, STARTING), (0, WELL))[0] == ""


def test_a_service_that_is_never_started_goes():
    said, seconds = verdict((0, Look("inactive", 0, 0, "", "")))
    assert said == "after 60 s it is inactive" and seconds == trial.WAITED + trial.WITHIN


@pytest.fixture
def box(tmp_path):
    """Before it 0.0.9 ran, now 0.1.0 does, 0.2.0 is on trial."""
    made = installed(tmp_path, "0.2.0", "0.0.9", "0.1.0")
    made.begin_trial(**{"from": "0.1.0", "to": "0.2.0", "before": "0.0.9", "seeing": True})
    return made


def links(box):
    """(current, previous), with no trial open."""
    assert not os.path.exists(os.path.join(box.root, "trial"))
    return box.current, box.previous


def test_what_stays_has_the_one_before_beside_it_and_no_other(box):
    services = Played(box)
    services.judge()
    assert links(box) == ("0.2.0", "0.1.0") and sorted(box.all()) == ["0.1.0", "0.2.0"]
    assert (services.running, services.units, box.refused) == ("0.2.0", ["0.2.0"], None)


def test_what_goes_leaves_all_as_it_was_and_says_why(box):
    services = Played(box, broken=["0.2.0"])
    services.judge()
    assert links(box) == ("0.1.0", "0.0.9") and sorted(box.all()) == ["0.0.9", "0.1.0"]
    assert (services.running, services.units) == ("0.1.0", ["0.2.0", "0.1.0"])
    assert box.refused == {"version": "0.2.0", "reason": "it is failed"}


def test_a_trial_goes_on_where_the_power_was_cut(box):
    box.point("previous", "0.1.0")
    box.point("current", "0.2.0")
    services = Played(box)
    services.boot()
    assert links(box) == ("0.2.0", "0.1.0") and services.restarts == 0


def test_what_was_switched_and_not_started_is_started(box):
    services = Played(box)
    box.point("previous", "0.1.0")
    box.point("current", "0.2.0")
    services.judge()
    assert links(box) == ("0.2.0", "0.1.0") and services.running == "0.2.0"


def test_going_back_goes_on_where_the_power_was_cut(box):
    box.point("current", "0.2.0")
    box.refuse("0.2.0", "it ended")
    services = Played(box)
    services.boot()
    assert links(box) == ("0.1.0", "0.0.9") and services.running == "0.1.0"


def test_a_folder_may_have_another_name_than_its_version(box):
    os.rename(box.folder("0.2.0"), box.folder("0.2.0+4711"))
    box.begin_trial(**{"from": "0.1.0", "to": "0.2.0+4711", "before": None, "seeing": True})
    Played(box).judge()
    assert links(box) == ("0.2.0+4711", "0.1.0")


def test_a_version_that_is_no_longer_whole_goes(box):
    os.unlink(os.path.join(box.folder("0.2.0"), ".complete"))
    Played(box).judge()
    assert links(box) == ("0.1.0", "0.0.9") and "not complete" in box.refused["reason"]


@pytest.mark.parametrize("version", ["0.1.0", "0.2.0"])
def test_units_that_cannot_be_placed_keep_no_box_from_going_back(box, version):
    os.unlink(os.path.join(box.folder(version), "deploy/units.sh"))
    services = Played(box, broken=["0.2.0"])
    services.judge()
    assert links(box)[0] == "0.1.0" and runs(box) == services.running == "0.1.0"


def test_without_systemd_nothing_is_left_half_done(box):
    services = Played(box)

    def gone():
        raise PartMissing("systemctl", "no such file", "start it")
    services.restart = gone
    with pytest.raises(PartMissing):
        Trial(box, services, services.watch).run()
    assert box.current == "0.1.0" and box.trial     # the next boot ends it
    Played(box, broken=["0.2.0"]).boot()
    assert links(box) == ("0.1.0", "0.0.9")


def test_a_trial_that_cannot_be_read_is_over(box, tmp_path):
    (tmp_path / "trial").write_text("{")
    Played(box).judge()
    assert links(box) == ("0.1.0", "0.0.9")
