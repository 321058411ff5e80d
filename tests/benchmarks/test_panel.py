"""What a watcher of the benchmark counts, and what turns come to."""
import pytest

from benchmarks import panel
from benchmarks.panel import Watched


def test_a_frame_between_two_others_that_did_not_come_is_lost():
    watched = Watched()
    watched.numbers = [5, 6, 8, 9, 12]
    assert watched.lost == 3


def test_a_program_that_begins_anew_has_lost_nothing():
    watched = Watched()
    watched.numbers = [5, 6, 0, 1]
    assert watched.lost == 0


def test_a_machine_that_slows_down_between_turns_changes_no_share(tmp_path, monkeypatch):
    monkeypatch.setattr(panel, "TURNS", 3)
    rows = ["%.3f %d %.6f\n" % (100.0 + 0.1 * i, i // 5 % 2, (0.005 + i // 100 * 0.002)
                                * (1.02 if i // 5 % 2 else 1.0)) for i in range(300)]
    (tmp_path / panel.TOTALS).write_text("".join(rows))
    found = panel._turns(str(tmp_path / panel.TOTALS), 130.0)
    assert found["tracker_percent"] == pytest.approx(2.0)
    assert found["tracker_p10_percent"] == pytest.approx(2.0)
    assert found["tracker_p50_ms"] == pytest.approx(7.0)
