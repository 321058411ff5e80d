"""A bundle comes in, what a box of that version consists of goes out: a folder as it will lie in
/opt/kagami/versions, and the units that start it."""
import os
import tarfile

from appliance.box import bundle, signature
from appliance.box.versions import ROOT
from appliance.errors import DataError
from deploy.card import environment
from deploy.card.tools import run


class Release:
    """A version of Kagami, unpacked and made ready in the folder `work`.

    version, target: what the bundle is ("0.2.0", "cp36-aarch64"). key: text of the key by which it
    is signed, and later ones have to be. DataError for what is no bundle, or not whole.
    """

    def __init__(self, path, work):
        self.tree, self.units = os.path.join(work, "tree"), os.path.join(work, "units")
        self.key = _key(path)
        with open(path, "rb") as stream:
            found = bundle.Bundle(stream, path, signature.key_of(self.key, path))
            found.extract(self.tree)
        self.version, self.target, self._path = found.version, found.target, path

    @property
    def place(self):
        """Where it will lie."""
        return "%s/versions/%s" % (ROOT, self.version)

    def settle(self, target):
        """Make its environment for a Target, and its units."""
        if self.target != target.tag:
            raise DataError(self._path, "it is for %s, the base has %s" % (
                self.target, target.tag), "take the bundle whose name ends in %s.tar" % target.tag)
        wheels = os.path.join(self.tree, "wheels")
        environment.make(os.path.join(self.tree, ".venv"), self.place + "/.venv", wheels,
                         self.place, target)
        os.mkdir(self.units)
        run(["env", "KAGAMI_SYSTEMD=%d" % target.systemd, "sh",
             os.path.join(self.tree, "deploy", "units.sh"), "install", self.units])


def _key(path):
    """The key that lies in a bundle: a card's first version is believed, as an installation is."""
    try:
        with tarfile.open(path) as packed:
            for member in packed:
                if member.name.partition("/")[2] == bundle.KEY:
                    return packed.extractfile(member).read(200)
    except tarfile.TarError:
        pass
    raise DataError(path, "not a bundle of Kagami", "name a kagami-*.tar")
