"""A bundle comes in, what a box of that version consists of goes out: a folder as it will lie in
/opt/kagami/versions, and the units that start it."""
import os
import shutil
import tarfile

from appliance.errors import DataError
from deploy.card import environment
from deploy.card.tools import run

HOME = "/opt/kagami"


class Release:
    """A version of Kagami, unpacked and made ready in the folder `work`."""

    def __init__(self, bundle, work):
        self.tree, self.units = os.path.join(work, "tree"), os.path.join(work, "units")
        with tarfile.open(bundle) as packed:
            top = packed.getnames()[0].split("/")[0]
            packed.extractall(work)
        os.rename(os.path.join(work, top), self.tree)
        self.version = top.split("-")[1]
        self.key = ""

    @property
    def place(self):
        """Where it will lie."""
        return "%s/versions/%s" % (HOME, self.version)

    def settle(self, target):
        """Make its environment for a Target, in place of its wheels, and its units."""
        wheels = os.path.join(self.tree, "wheels")
        environment.make(os.path.join(self.tree, ".venv"), self.place + "/.venv", wheels,
                         self.place, target)
        shutil.rmtree(wheels)
        os.mkdir(self.units)
        run([os.path.join(self.tree, "deploy", "units.sh"), "install", self.units])
