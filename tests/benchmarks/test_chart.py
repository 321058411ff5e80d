"""A chart holds its figures where they belong."""
import re
import xml.etree.ElementTree as tree

import pytest

from benchmarks import chart

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("least, most", [(0, 1), (0, 16.6), (3, 1e5), (-2, 2), (5, 5), (0, 0)])
def test_ticks_are_few_and_reach_beyond_both_ends(least, most):
    steps = chart.ticks(least, most)
    assert steps[0] <= least and steps[-1] >= most and 2 <= len(steps) <= 9


def test_a_bar_s_parts_are_as_long_as_their_values():
    drawn = tree.fromstring(chart.bars("t", "ms", [("one", [("a", 1.0), ("b", 3.0)])], ("aim", 4)))
    a, b = [float(r.get("width")) for r in drawn.iter(SVG + "rect") if r.get("height") == "24"]
    assert b == pytest.approx(3 * a, rel=0.01)


def test_a_line_goes_from_left_to_right_and_up():
    text = chart.lines("t", "x", "y", {"a": [(0, 0), (1, 2)]})
    (x0, y0), (x1, y1) = [tuple(map(float, p.split(","))) for p in
                          re.search('points="([^"]+)"', text).group(1).split()]
    assert x1 > x0 and y1 < y0


def test_words_are_written_as_they_are():
    drawn = tree.fromstring(chart.bars("a < b & c", "ms", [("<x>", [("p", 1.0)])]))
    assert {"a < b & c", "<x>"} <= {t.text for t in drawn.iter(SVG + "text")}
