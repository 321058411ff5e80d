"""What may be set by command: another configuration, or one line of why not."""
import pytest

from appliance import config
from appliance.errors import UsageError
from appliance.face import ARKIT_NAMES
from appliance.keys import KEYS, changed, parsed
from appliance.settings import Settings

BASE = config.defaults()


def test_every_weight_has_a_gain():
    assert [key for key in KEYS if key.startswith("gain/")] == ["gain/" + n for n in ARKIT_NAMES]


@pytest.mark.parametrize("key, value, wanted", [
    ("mirror", 1, True), ("mirror", 1.0, True), ("mirror", "off", False), ("smooth", 0.25, 0.25),
    ("faces", 2, 2), ("faces", 2.0, 2), ("hold_ms", "300", 300), ("neck_share", 1, 1.0),
    ("exposure", 1000000.0, 1000000), ("exposure", "auto", "auto"), ("gain/jawOpen", 4, 4.0)])
def test_numbers_and_texts_are_understood(key, value, wanted):
    got = parsed(key, value)
    assert got == wanted and type(got) is type(wanted)


@pytest.mark.parametrize("key", sorted(KEYS))
def test_both_bounds_are_taken_and_what_is_beyond_is_not(key):
    low, high = KEYS[key].bounds
    for value in (low, high):
        parsed(key, value)
    for value in (low - 1, high + 1):
        with pytest.raises(UsageError, match="give "):
            parsed(key, value)


def test_smooth_at_a_half_is_what_is_configured():
    assert changed(BASE, "smooth", 0.5).smoothing == BASE.smoothing


def test_smooth_at_nothing_is_no_filter_and_at_one_twice_as_slow():
    assert set(changed(BASE, "smooth", 0.0).smoothing) == {0.0}
    assert changed(BASE, "smooth", 1.0).smoothing.head_cutoff == BASE.smoothing.head_cutoff / 2


def test_what_is_set_twice_counts_once():
    settings = Settings(BASE)
    for value in (0.25, 0.25):
        settings.set("smooth", value)
    assert settings.config.smoothing.head_cutoff == 2 * BASE.smoothing.head_cutoff
    settings.set("smooth", 0.5)
    assert settings.config.smoothing == BASE.smoothing


def test_gains_gather():
    settings = Settings(BASE)
    settings.set("gain/jawOpen", 2)
    settings.set("gain/eyeBlinkLeft", 0.5)
    assert settings.config.gains == {"jawOpen": 2.0, "eyeBlinkLeft": 0.5} and BASE.gains == {}
