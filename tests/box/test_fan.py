"""The fan of a Nano follows the temperature without hunting."""
import os

import pytest

from appliance.box.fan import FOLDER, FULL, Fan, speed
from tests.box.boards import nano, put


class Board:
    """A Nano's fan as its kernel has it: while temp_control is 1, the kernel's own table rules."""

    def __init__(self, tmp_path):
        self._root = nano(tmp_path)
        self.written, self.slept = [], []
        self.fan = Fan(self._root, self._slept)

    def _slept(self, seconds):
        self.slept.append((self.read("target_pwm"), seconds))

    def read(self, name):
        with open(os.path.join(self._root, FOLDER, name)) as f:
            return int(f.read())

    def turn(self, degrees):
        """What the fan does after it was told this temperature."""
        self.fan.turn(degrees)
        if self.read("temp_control"):
            put(self._root, {FOLDER + "/target_pwm": "0"})
        return self.read("target_pwm")


@pytest.fixture
def board(tmp_path):
    return Board(tmp_path)


@pytest.mark.parametrize("degrees, wanted", [
    (20, 0), (51.9, 0), (52, 120), (57, 160), (62, 200), (67, 230), (72, 255), (99, 255)])
def test_the_warmer_the_faster(board, degrees, wanted):
    assert board.turn(degrees) == wanted


def test_a_step_is_left_two_degrees_under_it():
    assert speed(55.1, 160) == 160 and speed(54.9, 160) == 120
    assert speed(50.1, 120) == 120 and speed(49.9, 120) == 0


def test_a_fall_goes_as_far_as_it_should():
    assert speed(40, FULL) == 0 and speed(60.5, FULL) == 200


def test_around_a_limit_it_does_not_hunt(board):
    board.turn(57.5)
    assert {board.turn(degrees) for degrees in (56.5, 57.2, 56.8, 55.5, 57)} == {160}


def test_a_fan_at_rest_is_kicked_once(board):
    board.turn(53)
    board.turn(60)
    assert board.slept == [(FULL, 0.3)]


def test_nobody_knows_how_warm_it_is_so_it_blows(board):
    assert board.turn(None) == FULL


def test_what_somebody_else_has_set_is_set_again(board, tmp_path):
    board.turn(53)
    put(tmp_path, {FOLDER + "/target_pwm": "255", FOLDER + "/temp_control": "1"})
    assert board.turn(53) == 120


def test_it_is_given_back_to_the_kernel(board):
    board.turn(53)
    board.fan.give_back()
    assert board.read("temp_control") == 1


def test_a_board_without_a_fan_has_nothing_to_give_back(tmp_path):
    fan = Fan(str(tmp_path))
    fan.give_back()
    assert not fan.there
