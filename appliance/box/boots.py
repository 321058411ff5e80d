"""How the board's earlier runs ended becomes how carefully this one is fed: power that fails soon
after a boot, twice in a row, is a supply that does not carry camera and GPU together.

Whoever pulls the plug every evening is no suspect: a run of ten minutes is one that was carried.
"""
import logging
import os

from appliance import keeping
from appliance.errors import KagamiError

LOG = logging.getLogger("kagami.power")
CARRIED = 600.0         # seconds of a run that tell of a good supply, however it ends
SUSPECT = 2             # runs in a row that ended sooner, without a shutdown
STATE = "var/lib/kagami-power/boots.json"
ID = "proc/sys/kernel/random/boot_id"


class Boots:
    """`failed`: runs in a row that were cut off, at most SUSPECT; known after begin().

    `lowered`: whether the power mode of 5 W is our choice. root: the folder of the board's files.
    """

    def __init__(self, root="/"):
        self._path, self._id = os.path.join(root, STATE), os.path.join(root, ID)
        self.failed, self.lowered, self._boot, self._good = 0, False, "", True

    @property
    def suspect(self):
        """Whether the supply is suspected."""
        return self.failed >= SUSPECT

    def begin(self):
        """Count how the run before ended; nothing new where this is still the same boot."""
        self._read()
        with open(self._id) as f:
            boot = f.read().strip()
        if boot == self._boot:
            pass
        elif not self._good:
            self.failed = min(SUSPECT, self.failed + 1)
            LOG.warning("the power was cut soon after the last start")
        elif self.failed:       # of two, one is left: a supply that fails again is known sooner
            self.failed -= 1
        self._boot, self._good = boot, False
        self._write()

    def carry(self):
        """This run was carried, or ends as it should."""
        if not self._good:
            self._good = True
            self._write()

    def lower(self, lowered):
        """Keep whether the mode of 5 W is ours."""
        if lowered != self.lowered:
            self.lowered = lowered
            self._write()

    def forgive(self):
        """Somebody else has decided on the power mode: nothing is suspected any more."""
        self.failed, self.lowered = 0, False
        self._write()

    def _read(self):
        try:
            keeping.read(self._path, self._understand)
        except FileNotFoundError:
            pass
        except (KagamiError, OSError, UnicodeDecodeError) as e:
            LOG.warning("%s; beginning anew", e)

    def _understand(self, document):
        self.failed = min(SUSPECT, max(0, int(document["failed"])))
        self.lowered = bool(document["lowered"])
        self._boot, self._good = str(document["boot"]), bool(document["good"])

    def _write(self):
        try:
            os.makedirs(os.path.dirname(self._path), exist_ok=True)
            keeping.write(self._path, {"failed": self.failed, "lowered": self.lowered,
                                       "boot": self._boot, "good": self._good})
        except (KagamiError, OSError) as e:
            LOG.warning("%s", e)
