"""A virtual environment for another computer: wheels and the facts of its Python come in, a folder
as `venv` and pip would have made it there goes out. No program of the other computer runs.
"""
import os
import re
import shutil
import stat
import sys
import tarfile
from typing import NamedTuple

from appliance.errors import DataError, KagamiError
from deploy.card.tools import run

AS_KNOWN = "give a system of Debian or Ubuntu"
MACHINES = {183: "aarch64", 62: "x86_64"}        # e_machine of the ELF header
SCRIPT = """#!%(folder)s/bin/python3
import sys

from %(module)s import main

sys.exit(main())
"""
COMMANDS = {"kagami": "appliance.cli", "kagami-engines": "engines.first_run"}
# On a Nano's processor numpy 1.19 ends at its import unless it is told which one it is.
CORE = 'import os; os.environ.setdefault("OPENBLAS_CORETYPE", "ARMV8")\n'
GLIBC = range(17, 42)     # manylinux_2_17 is the oldest that has aarch64


class Target(NamedTuple):
    """The Python of another computer. version: (3, minor). machine: aarch64 or x86_64. glibc: its
    minor version. systemd: its version."""

    version: tuple
    machine: str
    glibc: int
    systemd: int

    @property
    def tag(self):
        """As the name of a bundle says it: cp311-aarch64."""
        return "cp%d%d-%s" % (self.version + (self.machine,))


def target(root):
    """The Target that a FileSystem holds; DataError where it has no Python 3 for a computer we
    know."""
    path = root.resolved("/usr/bin/python3")
    name = os.path.basename(path)
    program = root.read(path)
    machine = MACHINES.get(int.from_bytes((program or b"")[18:20], "little"))
    if not name.startswith("python3.") or not machine:
        raise DataError(root.name, "there is no Python 3 in it", AS_KNOWN)
    here = packages(root)
    glibc = re.match(r"2\.(\d+)", here.get("libc6", ""))
    systemd = re.match(r"\d+", here.get("systemd", ""))
    if not glibc or not systemd:
        raise DataError(root.name, "it has no libc6 or no systemd", AS_KNOWN)
    return Target((3, int(name.split(".")[1])), machine, int(glibc.group(1)),
                  int(systemd.group()))


def packages(root):
    """{name: version} of the packages of the system in a FileSystem."""
    status = (root.read("/var/lib/dpkg/status") or b"").decode(errors="replace")
    rows = (dict(re.findall("^(Package|Status|Version): (.*)$", block, re.M))
            for block in status.split("\n\n"))
    return {row["Package"]: row.get("Version", "") for row in rows
            if row.get("Status", "").endswith(" installed")}


def make(folder, final, wheels, code, target):
    """Fill `folder` with the environment that will stand at `final` on the other computer: the
    wheels of the folder `wheels`, the commands, a line that leads to the tree `code`."""
    packages = os.path.join(folder, "lib", "python%d.%d" % target.version, "site-packages")
    os.makedirs(os.path.join(folder, "bin"))
    os.makedirs(packages)
    _unpack(wheels, packages, target)
    for name, to in (("python3", "/usr/bin/python3"), ("python", "python3")):
        os.symlink(to, os.path.join(folder, "bin", name))
    _write(folder, "pyvenv.cfg", "home = /usr/bin\ninclude-system-site-packages = true\n"
           "version = %d.%d\n" % target.version)
    _write(packages, "kagami.pth", code + "\n" + CORE * (target.version == (3, 6)))
    for name, module in COMMANDS.items():
        _write(folder, "bin/" + name, SCRIPT % {"folder": final, "module": module})
        os.chmod(os.path.join(folder, "bin", name), 0o755)


def _unpack(wheels, packages, target):
    files = sorted(os.path.join(wheels, name) for name in os.listdir(wheels)
                   if name.endswith(".whl"))
    tag = "%d%d" % target.version
    platforms = ["manylinux_2_%d_%s" % (n, target.machine) for n in GLIBC if n <= target.glibc]
    platforms += ["manylinux2014_" + target.machine, "linux_" + target.machine]
    abis = ["cp" + tag + ("m" if target.version < (3, 8) else ""), "abi3", "none"]
    words = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
             "--no-index", "--no-deps", "--no-compile", "--only-binary=:all:",
             "--ignore-requires-python",      # which pip would ask of this computer's
             "--implementation=cp", "--python-version=" + tag, "--target=" + packages]
    words += ["--platform=" + name for name in platforms] + ["--abi=" + name for name in abis]
    try:
        run(words + files)
    except KagamiError as e:
        raise DataError("the bundle's wheels", e.why, "give a bundle for " + target.tag) from e
    for name in os.listdir(wheels):
        if re.match("idna[-_]ssl-.*[.]tar[.]gz$", name):
            _module("idna_ssl.py", os.path.join(wheels, name), packages)
    # The programs that wheels bring call the Python of this computer, and none is needed.
    shutil.rmtree(os.path.join(packages, "bin"), ignore_errors=True)


def _module(module, source, packages):
    """Take the one file of a package that was only ever published as its source; aiohttp wants it
    on Python 3.6."""
    with tarfile.open(source) as packed:
        member = next(m for m in packed if os.path.basename(m.name) == module)
        with open(os.path.join(packages, module), "wb") as f:
            f.write(packed.extractfile(member).read())


def _write(folder, name, text):
    with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
        f.write(text)


def files(folder):
    """("file", "link" or "folder", path within `folder`) of everything in it, parents first; modes
    are set to what root on the other computer expects."""
    for here, folders, names in os.walk(folder):
        folders.sort()
        for name in folders + sorted(names):
            path = os.path.join(here, name)
            kind = "link" if os.path.islink(path) else "folder" if os.path.isdir(path) else "file"
            if kind == "file":
                os.chmod(path, 0o755 if os.stat(path).st_mode & stat.S_IXUSR else 0o644)
            yield kind, os.path.relpath(path, folder)
