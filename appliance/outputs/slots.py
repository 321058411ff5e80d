"""The faces of each frame find their places: each has a slot of its own for as long as it is
followed, and one slot holds the primary face.
"""
from appliance.outputs.loss import Loss
from appliance.outputs.moment import MOST, Slot


class Slots:
    """Call with the faces, the one followed longest first, and the time of each frame.

    times: seconds that Loss wants. Slots do not shift when another face leaves; a new face takes
    the primary's where that is free, else the first free one. `primary` is the Loss of the face
    that wires for one face show: it stays until it is not seen any more, then whoever is seen
    longest follows. There are no more slots than were needed at once.
    """

    def __init__(self, *times):
        self._times = times
        self._machines = [Loss(*times)]
        self.primary = self._machines[0]

    def set_times(self, *times):
        """Other times from now on, in seconds."""
        self._times = times
        for machine in self._machines:
            machine.set_times(*times)

    def __call__(self, faces, time):
        """Let every slot know what is to be seen of its face."""
        if len(self._machines) == 1 and len(faces) <= 1:        # nothing to place
            self.primary(faces, time)
            return
        seen = self._placed(faces[:MOST])
        if faces and all(face.id != self.primary.id for face in faces):
            self.primary = next(m for m, (face,) in seen.items() if face is faces[0])
        for machine in self._machines:
            machine(seen.get(machine, ()), time)

    def shown(self):
        """(Slot, ...) of all slots, () while there is but one."""
        if len(self._machines) == 1:
            return ()
        return tuple(Slot(m.face, m.id, m.age, m.fresh) for m in self._machines)

    def _placed(self, faces):
        """{Loss: [its face]}."""
        seen, new = {}, []
        for face in faces:
            mine = [m for m in self._machines if m.id == face.id and m not in seen]
            if mine:
                seen[mine[0]] = [face]
            else:
                new.append(face)
        for face in new:
            seen[self._free(seen)] = [face]
        return seen

    def _free(self, seen):
        for machine in [self.primary] + self._machines:
            if machine not in seen:
                return machine
        self._machines.append(Loss(*self._times))
        return self._machines[-1]
