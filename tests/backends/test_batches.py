"""Which engine several faces are shown to, and what is said where there is none."""
import logging

from appliance.backends.batches import Batches
from appliance.errors import PartMissing
from tests.fakes.dots import Dots


class One(Dots):
    """A backend with engines for one face alone."""

    def load(self, name, faces=1):
        if faces > 1:
            raise PartMissing("engine of %d" % faces, "none", "build it")
        return Dots.load(self, name)


def shared(engines, *faces):
    """[(how many the engine is for, what it is shown)]."""
    return [(engine.inputs["image"].shape[0], list(some))
            for engine, some in engines.share(faces)]


def test_all_go_to_the_engine_for_so_many():
    engines = Batches(Dots(), "landmarks", 3)
    assert shared(engines, "a") == [(1, ["a"])]
    assert shared(engines, "a", "b") == [(2, ["a", "b"])]
    assert shared(engines, "a", "b", "c") == [(3, ["a", "b", "c"])]
    assert shared(engines) == []


def test_more_than_there_is_room_for_go_one_after_the_other():
    assert shared(Batches(Dots(), "landmarks"), "a", "b") == [(1, ["a"]), (1, ["b"])]


def test_room_is_made_for_more_and_kept_when_fewer_are_wanted():
    engines = Batches(Dots(), "landmarks")
    engines.make_room(2)
    two, = [engine for engine, _ in engines.share("ab")]
    engines.make_room(1)
    engines.make_room(2)
    assert engines.share("ab")[0][0] is two


def test_a_backend_without_engines_for_several_shows_them_in_turn_and_says_so(caplog):
    caplog.set_level(logging.INFO, "kagami.backend")
    engines = Batches(One(), "landmarks", 2)
    assert shared(engines, "a", "b") == [(1, ["a"]), (1, ["b"])]
    assert caplog.messages == [
        "several faces are shown to landmarks in turn: engine of 2: none; build it"]


def test_for_one_face_nothing_is_loaded_but_its_engine(caplog):
    caplog.set_level(logging.INFO, "kagami.backend")
    assert Batches(One(), "landmarks").network.inputs["image"][0] == 1
    assert caplog.messages == []
