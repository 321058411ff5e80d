"""Small releases, signed, a box in a folder, and services that are played for it."""
import hashlib
import io
import os
import subprocess
import tarfile

from appliance.box import bundle, signature
from appliance.box.services import Look
from appliance.box.trial import Trial
from appliance.box.versions import CURRENT, Versions
from appliance.errors import KagamiError

SECRET, OTHER = b"1" * 32, b"2" * 32
SETUP = """#!/bin/sh
mkdir -p .venv/bin
printf '#!/bin/sh\\necho kagami %s\\n' > .venv/bin/kagami
chmod +x .venv/bin/kagami
ln -s /bin/true .venv/bin/python
"""


def tree(version, **more):
    """{name: bytes} of a release that can do nothing but tell its version."""
    files = {"deploy/setup.sh": SETUP % version, "deploy/units.sh": "#!/bin/sh\n",
             "appliance/__init__.py": '__version__ = "%s"\n' % version,
             "wheels/" + "long_" * 23 + "1.0-py3-none-any.whl": "PK"}
    files.update(more)
    return {name: text.encode() for name, text in files.items() if text is not None}


def signed(files, version="0.2.0", target=None, secret=SECRET):
    """[(name, bytes)] of a bundle's members, without their folder."""
    rows = ["%s  %s" % (hashlib.sha256(files[name]).hexdigest(), name) for name in sorted(files)]
    sums = "\n".join([bundle.head(version, target or bundle.tag())] + rows + [""]).encode()
    return [(bundle.SIGNATURE, signature.sign(secret, sums)[0]), (bundle.SUMS, sums)] + sorted(
        files.items())


def packed(members, version="0.2.0"):
    """A tar's bytes; a member is (name, bytes) or a TarInfo that is written as it is."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                tar.addfile(member)
                continue
            info = tarfile.TarInfo("kagami-%s/%s" % (version, member[0]))
            info.size = len(member[1])
            tar.addfile(info, io.BytesIO(member[1]))
    return stream.getvalue()


def release(path, version="0.2.0", secret=SECRET, target=None, **more):
    """A bundle at a path, which is given back as text."""
    members = signed(tree(version, **more), version, target, secret)
    with open(str(path), "wb") as f:
        f.write(packed(members, version))
    return str(path)


def installed(root, *versions):
    """The Versions of a new box: the last that is named runs, the one before it ran before."""
    box = Versions(str(root))
    os.makedirs(os.path.join(box.root, "versions"), exist_ok=True)
    with open(box.key, "wb") as f:
        f.write(signature.spelt(signature.sign(SECRET, b"")[1]))
    for version in versions:
        folder = box.folder(version)
        for name, data in tree(version).items():
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as f:
                f.write(data)
        subprocess.run(["sh", "deploy/setup.sh"], cwd=folder, check=True)
        box.complete(version)
    for link, version in zip((CURRENT, "previous"), reversed(versions)):
        box.point(link, version)
    return box


def runs(box):
    """The version that what is current says it is."""
    said = subprocess.check_output([os.path.join(box.root, "current/.venv/bin/kagami")])
    return said.decode().split()[1]


class Played:
    """Services of a box in a folder. It runs what is current since the last restart, and the
    versions in `broken` end at once."""

    def __init__(self, box, broken=()):
        self.box, self.broken, self.restarts, self.units = box, broken, 0, []
        self.running = box.current

    def check(self):
        """Nothing is missing."""

    def look(self):
        """It tracks at once, or never."""
        if self.running is None or self.running in self.broken:
            return Look("failed", 0, 0, "", "")
        return Look("active", 1, 0, "tracking", self.running)

    def restart(self):
        """As systemd would, with the program that is current."""
        self.running, self.restarts = runs(self.box), self.restarts + 1

    def build_engines(self):
        """There is no GPU."""

    def install_units(self, folder):
        """As deploy/units.sh would."""
        if not os.path.exists(os.path.join(folder, "deploy/units.sh")):
            raise KagamiError("units.sh", "not there", "look")
        self.units.append(os.path.basename(folder))

    def watch(self, version, _):
        """What the judge says, without waiting."""
        look = self.look()
        return "" if (look.state, look.version) == ("tracking", version) else "it is " + \
            look.active

    def judge(self):
        """What kagami-trial.service does, whose program is that of the version before."""
        assert self.box.previous is not None, "status=203/EXEC"
        Trial(self.box, self, self.watch).run()

    def boot(self):
        """A start of the machine: what is current runs, then an open trial is judged."""
        self.running = runs(self.box)
        if os.path.exists(os.path.join(self.box.root, "trial")):
            self.judge()
