"""Kagami's outputs and what goes on beside them, without a camera: a face that opens its jaw.

    python -m tests.fakes.sender TARGET ...     until killed; the log goes to standard output
"""
import logging
import sys
import time

from appliance import config
from appliance.network.surroundings import Surroundings
from appliance.outputs import Outputs
from appliance.status import Status
from tests.fakes.people import frame, person


def main(targets):
    """Send thirty frames a second."""
    logging.basicConfig(stream=sys.stdout, format="%(message)s", level=logging.INFO)
    settings = config.aim(config.defaults(), targets)
    outputs = Outputs(settings.targets, settings.loss, settings.output)
    Surroundings(settings, outputs, Status())
    number = 0
    while True:
        outputs.send([person(jawOpen=number % 30 / 30.0)], frame(number / 30.0))
        number += 1
        time.sleep(1 / 30.0)


if __name__ == "__main__":
    main(sys.argv[1:])
