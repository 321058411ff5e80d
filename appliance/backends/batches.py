"""A network's name in, its engines out: one for each number of faces that it is shown at once.

Two faces together take less time than one after the other: weights and calls are paid once.
Where a backend has no engine for so many, they are shown in turn.
"""
import logging

from appliance.backends import duties
from appliance.errors import PartMissing

log = logging.getLogger("kagami.backend")


class Batches:
    """The engines of one network. backend: of the contract. faces: how many at once, at most.
    DataError where it is none for the tracker's work.

    one: the engine for one face. network: its record.
    """

    def __init__(self, backend, name, faces=1):
        self._backend, self._name = backend, name
        self.one = backend.load(name)
        self._engines, self.network = [self.one], self.one.network
        duties.check(self.network)
        self.make_room(faces)

    def make_room(self, faces):
        """Load what is missing to take so many at once; one line in the log where there is none.
        """
        try:
            while len(self._engines) < faces:
                self._engines.append(self._backend.load(self._name, len(self._engines) + 1))
        except PartMissing as why:
            log.info("several faces are shown to %s in turn: %s", self._name, why)

    def share(self, faces):
        """[(engine, some of the faces)]: all to the engine for so many, or one after the other.

        The next engine may be the same: its answers are to be read before.
        """
        if 0 < len(faces) <= len(self._engines):
            return [(self._engines[len(faces) - 1], faces)]
        return [(self.one, [face]) for face in faces]
