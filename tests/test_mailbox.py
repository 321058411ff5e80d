"""Requests and answers between two ends of one folder."""
import os
import threading

import pytest

from appliance.mailbox import STALE, Mailbox
from tests.fakes.receiver import eventually


@pytest.fixture
def ends(tmp_path):
    return Mailbox(str(tmp_path)), Mailbox(str(tmp_path))


def test_a_request_is_taken_once_and_answered(ends):
    asker, runner = ends
    taken = []
    thread = threading.Thread(target=lambda: taken.append(asker.ask({"do": "recenter"})))
    thread.start()
    heard = []
    assert eventually(lambda: heard.extend(filter(None, [runner.take()])) or heard)
    thread.join()
    assert taken == [True] and heard == [{"do": "recenter"}] and runner.take() is None
    runner.answer("done")
    assert asker.answered(5.0) == "done" and asker.answered(0.0) == ""


def test_where_nobody_runs_the_request_is_taken_back(ends, tmp_path):
    assert not ends[0].ask({"do": "recenter"}, 0.1)
    assert os.listdir(str(tmp_path)) == [] and ends[1].take() is None


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"do": 3}', "\x00", "{" * 9999])
def test_what_is_no_request_is_thrown_away(ends, tmp_path, content):
    path = tmp_path / "request.json"
    path.write_text(content)
    assert ends[1].take() is None and not path.exists()


def test_an_old_request_is_no_longer_meant(ends, tmp_path):
    path = tmp_path / "request.json"
    path.write_text('{"do": "clear", "what": "all"}')
    then = os.stat(str(path)).st_mtime - STALE - 1
    os.utime(str(path), (then, then))
    assert ends[1].take() is None and not path.exists()


def test_a_folder_that_is_missing_has_no_requests(tmp_path):
    box = Mailbox(str(tmp_path / "none"))
    assert box.take() is None
    box.answer("to nobody")
