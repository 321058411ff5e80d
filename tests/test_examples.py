"""What was shown comes back from its document, and nothing else does."""
import base64
import json
import zlib

import numpy as np
import pytest

from appliance.examples import NAMES_MOST, REST_MOST, examples, written
from appliance.features import COUNT
from appliance.keeping import BROKEN
from appliance.network.local import LONGEST

RANDOM = np.random.RandomState(1)


def rows(count):
    return (5 * RANDOM.randn(count, COUNT)).astype(np.float32)


def packed(data):
    return base64.b64encode(zlib.compress(data)).decode()


def library(shown, told=1.0, name="lift"):
    return {"form": 1, "rest": [[0.0] * COUNT],
            "expressions": {name: {"examples": shown, "told": told}}}


def test_what_was_shown_comes_back_to_a_hundredth():
    shown, rest = rows(60), rows(300)
    back, told, still = examples(json.loads(json.dumps(written({"lift": shown}, {"lift": 0.9},
                                                               rest))))
    assert told == {"lift": 0.9} and np.abs(still - rest).max() < 0.0051
    assert np.abs(back["lift"] - shown).max() < 0.0051 and back["lift"].dtype == np.float32


def test_nothing_taught_comes_back():
    assert examples(json.loads(json.dumps(written({}, {}, rows(0)))))[0] == {}


def test_lists_as_they_were_kept_before_are_understood():
    assert examples(library([[1.0] * COUNT]))[0]["lift"].tolist() == [[1.0] * COUNT]


def test_all_that_may_be_taught_fits_into_one_message():
    names = ["x%d" % i for i in range(NAMES_MOST)]
    document = written({name: rows(60) for name in names}, dict.fromkeys(names, 1.0),
                       rows(REST_MOST))
    assert len(json.dumps(document)) < 0.9 * LONGEST


@pytest.mark.parametrize("document", [
    [], 3, {"form": 2}, {"form": 1, "expressions": {"a b": {}}},
    {"form": 1, "expressions": {"lift": {}}, "rest": []},
    {"form": 1, "expressions": {"n%d" % i: {} for i in range(NAMES_MOST + 1)}},
    library([[1.0]]), library([]), library([[1.0] * COUNT] * (REST_MOST + 1)),
    library([[10 ** 400] * COUNT]), library([[float("nan")] * COUNT]),
    library([[1.0] * COUNT], name="jawOpen"), library([[1.0] * COUNT], told=float("nan")),
    library("!"), library("AAAA"), library(packed(b"")), library(packed(bytes(7))),
    library(packed(bytes(2 * COUNT + 2))), library(packed(bytes(1 << 24)))])
def test_what_is_no_library_is_refused(document):
    with pytest.raises(BROKEN):
        assert examples(document) and document
