"""Another camera while pictures are read: what goes on, what is waited for, what is told."""
import threading
import time

import pytest

from appliance import config
from appliance.errors import DataError, InputMissing, PartMissing
from appliance.sources import Source
from appliance.sources.switch import Switch
from tests.fakes import dots
from tests.fakes.film import Film

CAMERA = config.defaults().camera


class World:
    """What can be opened: {url: pictures, an error, or an Event that is waited for}."""

    def __init__(self, **there):
        self.there, self.opened, self.calls = there, [], []

    def __call__(self, url, camera, every_frame=False):
        self.calls.append((url, camera.flip))
        found = self.there[url]
        if isinstance(found, threading.Event):
            found.wait(10)
            found = [dots.picture()] * 9
        if isinstance(found, Exception):
            raise found
        film = Opened(found)
        self.opened.append(film)
        return film


class Opened(Film, Source):
    """A Film that is exposed, and may break."""

    def __init__(self, pictures):
        Film.__init__(self, pictures, live=True)
        self.exposures = []

    def expose(self, exposure):
        """Remember it."""
        self.exposures.append(exposure)

    def read(self, wait=0.5):
        """The next Frame, or the error that stands in its place."""
        if isinstance(self._pictures[0], Exception):
            raise self._pictures[0]
        return super().read(wait)


def camera(source, **options):
    return CAMERA._replace(source=source, **options)


def switched(world, source="one", patient=False):
    return Switch(camera(source), False, patient, world)


def next_frame(switch):
    """The next one within some seconds."""
    for _ in range(500):
        frame = switch.read(0.01)
        if frame is not None:
            return frame
    raise AssertionError("no picture came: %s" % switch.state)


def until(condition, switch):
    for _ in range(500):
        if condition():
            return
        assert switch.read(0.01) is None
    raise AssertionError(switch.state)


ONE = [dots.picture()] * 9


def test_pictures_go_on_with_what_is_chosen_and_their_numbers_with_them():
    world = World(one=ONE, two=ONE)
    switch = switched(world)
    numbers = [next_frame(switch).number for _ in range(3)]
    assert switch.change(camera("two"))
    numbers += [next_frame(switch).number for _ in range(3)]
    assert numbers == [0, 1, 2, 3, 4, 5]
    assert world.opened[0].closed and [url for url, _ in world.calls] == ["one", "two"]


def test_the_same_camera_turned_is_closed_before_it_is_opened():
    world = World(one=ONE)
    switch = switched(world)
    next_frame(switch)
    assert switch.change(camera("one", flip="both"))
    next_frame(switch)
    assert world.calls == [("one", "none"), ("one", "both")] and world.opened[0].closed


@pytest.mark.parametrize("option", [{}, {"fov": 70.0}])
def test_what_is_not_the_source_s_leaves_it_alone(option):
    world = World(one=ONE)
    switch = switched(world)
    assert not switch.change(camera("one", **option)) and len(world.calls) == 1


def test_the_loop_goes_on_while_it_opens():
    gate = threading.Event()
    switch = switched(World(one=ONE, two=gate))
    next_frame(switch)
    switch.change(camera("two"))
    assert [switch.read(0.01) for _ in range(5)] == [None] * 5
    assert switch.live and not switch.ended and switch.state == "waiting for two: opening"
    gate.set()
    assert next_frame(switch).number == 1 and switch.state == "running"


def test_a_second_choice_takes_the_place_of_one_that_still_opens():
    gate = threading.Event()
    world = World(one=ONE, two=gate, three=ONE)
    switch = switched(world)
    switch.change(camera("two"))
    switch.change(camera("three"))
    gate.set()
    next_frame(switch)
    assert [film.closed for film in world.opened] == [True, True, False]


def test_what_cannot_be_opened_is_waited_for_and_told_once(monkeypatch, caplog):
    monkeypatch.setattr("appliance.sources.switch.AGAIN", 0.02)
    world = World(one=ONE, two=InputMissing("two", "no such file", "name one"))
    switch = switched(world)
    switch.change(camera("two"))
    until(lambda: len(world.calls) > 3, switch)
    assert switch.live and switch.state == "waiting for two: no such file"
    assert caplog.messages == ["waiting for two: no such file; name one"]
    world.there["two"] = ONE
    assert next_frame(switch).number == 0


def test_at_the_beginning_it_is_an_error_unless_the_page_chose_it():
    world = World(one=InputMissing("one", "no such file", "name one"))
    with pytest.raises(InputMissing):
        switched(world)
    switch = switched(world, patient=True)
    until(lambda: "no such file" in switch.state, switch)
    switch.close()


def test_a_choice_without_one_picture_is_waited_for_too():
    broken = DataError("two", "it ended before one whole picture", "check it")
    switch = switched(World(one=ONE, two=[broken]))
    switch.change(camera("two"))
    until(lambda: "before one whole picture" in switch.state, switch)


def test_a_file_that_ends_ends_it():
    switch = switched(World(one=ONE[:2]))
    assert [frame.number for frame in switch] == [0, 1] and switch.ended


def test_what_was_dropped_and_opened_anew_adds_up():
    world = World(one=ONE, two=ONE)
    switch = switched(world)
    world.opened[0].dropped = 5
    next_frame(switch)
    switch.change(camera("two"))
    next_frame(switch)
    world.opened[1].dropped = 2
    next_frame(switch)
    assert (switch.dropped, switch.restarts) == (7, 1)


def test_the_exposure_is_the_newest_source_s():
    world = World(one=ONE, two=threading.Event())
    switch = switched(world)
    switch.expose(100)
    switch.change(camera("two"))
    with pytest.raises(PartMissing, match="being opened"):
        switch.expose(200)
    world.there["two"].set()
    next_frame(switch)
    switch.expose(300)
    assert [film.exposures for film in world.opened] == [[100], [300]]


def test_closing_lets_go_of_what_is_just_opened():
    gate = threading.Event()
    world = World(one=ONE, two=gate)
    switch = switched(world)
    switch.change(camera("two"))
    threading.Timer(0.1, gate.set).start()
    switch.close()
    assert switch.ended and switch.read(0.01) is None
    time.sleep(0.01)
    assert all(film.closed for film in world.opened) and len(world.opened) == 2
