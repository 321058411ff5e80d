"""The score card says of every aim whether it is met, from the results alone."""
import json
import os

import pytest

from benchmarks import accuracy, card, report
from benchmarks.__main__ import ACCURACY
from benchmarks.aims import AIMS


def results(folder, **figures):
    """Write made-up results of parts into a folder."""
    for part, found in figures.items():
        with open(os.path.join(folder, "accuracy_%s.json" % part), "w") as f:
            json.dump({"figures": {part: found}, "date": "2026-01-02", "commit": "abc"}, f)


def row(text, words):
    """The cells of the row that begins with these words."""
    line = next(line for line in text.splitlines() if line.startswith("| " + words))
    return [cell.strip() for cell in line.strip("|").split("|")]


@pytest.mark.parametrize("share, met", [(98.0, "yes"), (97.9, "**no**"), (None, "-")])
def test_an_aim_from_below(tmp_path, share, met):
    results(str(tmp_path), eyes={"lids": {"wink": share}})
    assert row(card.text(str(tmp_path)), "drawn heads, winks")[5] == met


@pytest.mark.parametrize("moved, met", [(0.02, "yes"), (0.021, "**no**")])
def test_an_aim_from_above(tmp_path, moved, met):
    results(str(tmp_path), tremble={"helen": {"after": moved}})
    assert row(card.text(str(tmp_path)), "20 still photographs under noise, smoothed")[4:6] == [
        "%.3f" % moved, met]


def test_what_was_not_measured_is_told(tmp_path):
    text = card.text(str(tmp_path))
    assert text.startswith("0 of %d aims are met, 0 are missed, %d were not measured." % (
        sum(aim.aim is not None for aim in AIMS), len(AIMS)))
    assert text.count(": not measured.") == len(AIMS)


def test_what_fails_is_told_with_its_reason_the_furthest_first(tmp_path):
    results(str(tmp_path), networks={"detector": {"mmac": 66.0}, "iris": {"each": 16.0}})
    fails = card.text(str(tmp_path)).split("### What fails")[1]
    iris, detector = fails.index("iris, MMAC an eye: 16.0, aim 8"), fails.index("detector 320x192")
    assert iris < detector
    assert next(aim for aim in AIMS if aim.words.startswith("iris, MMAC")).why in fails


def test_an_aim_that_is_met_does_not_fail(tmp_path):
    results(str(tmp_path), networks={"detector": {"mmac": 59.0}})
    assert "detector 320x192" not in card.text(str(tmp_path)).split("### What fails")[1]


def test_the_peers_stand_beside_us(tmp_path):
    assert row(card.text(str(tmp_path)), "330 frontal photographs, eyes")[2:4] == ["1.35", "2.16"]


def test_another_folder_gets_a_card_of_its_own(tmp_path):
    card.write(str(tmp_path))
    assert (tmp_path / "accuracy.md").read_text().rstrip() == card.text(str(tmp_path))


def test_the_page_holds_the_card_of_the_results():
    with open(card.PAGE, encoding="utf-8") as f:
        inside = f.read().partition(card.BEGIN)[2].partition(card.END)[0]
    assert inside.strip() == card.text(report.RESULTS)


def test_the_page_is_renewed_between_its_marks(tmp_path, monkeypatch):
    page = tmp_path / "page.md"
    page.write_text("before\n%s old %s\nbehind\n" % (card.BEGIN, card.END))
    monkeypatch.setattr(card, "PAGE", str(page))
    monkeypatch.setattr(report, "RESULTS", str(tmp_path))
    card.write(str(tmp_path))
    text = page.read_text()
    assert text.startswith("before\n") and text.endswith("behind\n") and " old " not in text
    assert card.text(str(tmp_path)) in text


def test_every_part_can_be_asked_for():
    assert tuple(accuracy.PARTS) == tuple(ACCURACY)
    assert {aim.part.split("_")[-1] for aim in AIMS} <= set(ACCURACY)
