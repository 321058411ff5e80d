"""What was shown of taught expressions becomes a document of texts and numbers, small enough for
one message, and comes back from one, checked: somebody may have edited it.
"""
import re
import zlib
from base64 import b64decode, b64encode

import numpy as np

from appliance.face import ARKIT_NAMES
from appliance.features import COUNT

FORM = 1
NAMES_MOST, REST_MOST = 16, 300     # names; rows of a name or of rest
STEP = 0.01                         # in which numbers are kept
NAME = re.compile("[A-Za-z][A-Za-z0-9_]{0,31}")
_TAKEN = {name.lower() for name in ARKIT_NAMES}


def fits(name):
    """Whether every wire can carry an expression of this name, and none of the 52 has it."""
    return bool(NAME.fullmatch(name)) and name.lower() not in _TAKEN


def written(rows, told, rest):
    """The document of {name: (n, COUNT)}, {name: share} and (n, COUNT)."""
    return {"form": FORM, "rest": _packed(rest), "expressions": {
        name: {"examples": _packed(rows[name]), "told": told[name]} for name in rows}}


def examples(document):
    """({name: (n, COUNT)}, {name: told}, rest (n, COUNT)) of a document; one of keeping.BROKEN
    where it is none."""
    if document and document["form"] != FORM:
        raise ValueError("form %r is not %d" % (document["form"], FORM))
    named = document.get("expressions", {})
    if len(named) > NAMES_MOST or not all(fits(name) for name in named):
        raise ValueError("names")
    rows = {name: _rows(entry["examples"]) for name, entry in named.items()}
    told = {name: float(entry["told"]) for name, entry in named.items()}
    if not all(0.0 <= share <= 1.0 for share in told.values()):
        raise ValueError("told is a share")
    return rows, told, _rows(document.get("rest", []), 1 if named else 0)


def _rows(values, least=1):
    """(n, COUNT) of what _packed() gave, or of lists as they were kept before."""
    rows = _unpacked(values) if isinstance(values, str) else np.array(values, np.float32)
    rows = rows.reshape(-1, COUNT)
    if not least <= len(rows) <= REST_MOST or not np.isfinite(rows).all():
        raise ValueError("examples are no rows of %d numbers" % COUNT)
    return rows


def _packed(rows):
    """Rows as a text, in hundredths. All upper bytes, hardly any of which differs, stand behind
    all lower ones: so they take hardly any room."""
    steps = np.clip(np.round(rows / STEP), -32768, 32767).astype("<i2").reshape(-1, 1)
    return b64encode(zlib.compress(steps.view(np.uint8).T.tobytes())).decode()


def _unpacked(text):
    opened = zlib.decompressobj()
    try:
        data = opened.decompress(b64decode(text, validate=True), 2 * COUNT * REST_MOST)
    except zlib.error as e:
        raise ValueError(str(e)) from e
    if opened.unconsumed_tail:
        raise ValueError("examples are too many")
    planes = np.frombuffer(data, np.uint8).reshape(2, -1)
    return np.ascontiguousarray(planes.T).view("<i2") * np.float32(STEP)
