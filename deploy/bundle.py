#!/usr/bin/env python3
"""A commit's files and the wheels that they need become a signed bundle, from which a box is
installed or updated without a network.

    .venv/bin/python deploy/bundle.py --new-key ~/kagami-release.key
    .venv/bin/python deploy/bundle.py --key ~/kagami-release.key --for nano
    .venv/bin/python deploy/bundle.py --key ~/kagami-release.key               # for this machine

Python 3.9 or newer, on a PC with a network. What was fetched is kept in ~/.cache/kagami/wheels;
with the same commit, wheels and key the bundle is the same to the last byte. docs/updates.md tells
how a release is made.
"""
import argparse
import email
import hashlib
import io
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile

from pip._vendor.packaging.requirements import Requirement
from pip._vendor.packaging.specifiers import SpecifierSet
from pip._vendor.packaging.utils import canonicalize_name, parse_wheel_filename

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)
from appliance.box import bundle, signature  # noqa: E402
from appliance.errors import (DataError, KagamiError, OutputError, PartMissing,  # noqa: E402
                              UsageError)
from appliance.files import whole  # noqa: E402

NANO = "cp36-aarch64"
# The C library, glibc 2.N, of the system that each Python comes with: Ubuntu 18.04, 20.04,
# Debian 11, Ubuntu 22.04, Debian 12, Ubuntu 24.04, Debian 13.
GLIBC = {"36": 27, "38": 31, "39": 31, "310": 35, "311": 36, "312": 39, "313": 41}
# What makes an environment without a network: the pip of Python 3.6 is too old for these wheels,
# and 3.12 brings no setuptools.
TOOLS = {"36": ("pip==21.3.1", "setuptools==59.6.0", "wheel==0.37.1"),
         "38": ("pip==25.0.1", "setuptools==75.3.2", "wheel==0.45.1")}
NEWER_TOOLS = "pip==25.0.1", "setuptools==80.9.0", "wheel==0.45.1"
PINS = "requirements.txt", "requirements-openvino.txt"
NEVER_A_WHEEL = "idna-ssl"          # only its source was ever published
ROUNDS = 40


class Target:
    """A Python on a machine: tag "cp36-aarch64"."""

    def __init__(self, tag):
        found = re.fullmatch(r"cp(3)(\d+)-(x86_64|aarch64)", tag)
        if not found or found.group(1) + found.group(2) not in GLIBC:
            raise UsageError("--for " + tag, "not known", "give nano, or one like cp311-x86_64")
        self.tag, self.digits, self.machine = tag, found.group(1) + found.group(2), found.group(3)
        self.python = "%s.%s" % found.groups()[:2]
        cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
        self.folder = os.path.join(cache, "kagami", "wheels", tag)

    def counts(self, requirement):
        """Whether a requirement's marker is true there."""
        return requirement.marker is None or requirement.marker.evaluate({
            "python_version": self.python, "python_full_version": self.python + ".9", "extra": "",
            "platform_machine": self.machine, "sys_platform": "linux", "platform_system": "Linux",
            "os_name": "posix", "implementation_name": "cpython",
            "platform_python_implementation": "CPython"})

    def wanted(self, pins):
        """[Requirement] of files of pins and of what installs them."""
        lines = list(TOOLS.get(self.digits, NEWER_TOOLS))
        for name in pins:
            with open(os.path.join(ROOT, name)) as f:
                lines += [line for line in f if line.strip() and line[0] not in "#-"]
        return [found for found in map(Requirement, lines) if self.counts(found)]

    def options(self):
        """pip's, to fetch for it."""
        most = GLIBC[self.digits]
        names = ["manylinux_2_%d" % n for n in range(most, 4, -1)]
        names += ["manylinux2014", "manylinux2010", "manylinux1"]
        out = ["--python-version", self.python, "--implementation", "cp"]
        for name in names:
            out += ["--platform", "%s_%s" % (name, self.machine)]
        return out


def run(*words, **more):
    """What a command prints; PartMissing with its last line where it fails."""
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT, **more)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["nothing"]
        raise PartMissing(" ".join(words[:4]), said[-1], "see above")
    return done.stdout


def fetch(target, requirements):
    """Wheels for requirements into the target's folder; PartMissing where there is none."""
    pip = [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check",
           "--no-deps", "-d", target.folder]
    sources = [text for text in requirements
               if canonicalize_name(Requirement(text).name) == NEVER_A_WHEEL]
    wheels = [text for text in requirements if text not in sources]
    print("kagami: fetching " + ", ".join(requirements))
    if wheels:
        run(*pip, *target.options(), "--only-binary", ":all:", *wheels)
    if sources:
        run(*pip, "--no-build-isolation", *sources)


def there(target, name, wanted):
    """The newest file of a folder that `wanted`, a SpecifierSet, allows, or None."""
    found = []
    for file in sorted(os.listdir(target.folder)):
        if file.endswith(".whl"):
            of, version, build, _ = parse_wheel_filename(file)
        elif canonicalize_name(NEVER_A_WHEEL) == canonicalize_name(file.rsplit("-", 1)[0]):
            of, build = canonicalize_name(NEVER_A_WHEEL), ()
            version = file.rsplit("-", 1)[1][:-len(".tar.gz")]
        else:
            continue
        if of == name and wanted.contains(version, prereleases=True):
            found.append(((version, build), file))
    return max(found)[1] if found else None


def needs(target, file):
    """[Requirement] of a wheel."""
    if not file.endswith(".whl"):
        return [Requirement("idna>=2.0")]
    with zipfile.ZipFile(os.path.join(target.folder, file)) as wheel:
        name = next(n for n in wheel.namelist() if n.endswith(".dist-info/METADATA"))
        told = email.message_from_bytes(wheel.read(name))
    found = map(Requirement, told.get_all("Requires-Dist") or [])
    return [one for one in found if target.counts(one)]


def merged(requirements):
    """{name: SpecifierSet} of all that is wanted."""
    out = {}
    for one in requirements:
        name = canonicalize_name(one.name)
        out[name] = out.get(name, SpecifierSet()) & one.specifier
    return out


def wheels(target, files=PINS):
    """Names of what, in the target's folder, installs those files' pins without a network."""
    os.makedirs(target.folder, exist_ok=True)
    pins, bare = target.wanted(files), ("openvino",)      # whose libraries alone are used
    wanted = merged(pins)
    for _ in range(ROUNDS):
        chosen = {name: there(target, name, spec) for name, spec in wanted.items()}
        missing = sorted("%s%s" % (name, wanted[name]) for name in chosen if chosen[name] is None)
        if missing:
            fetch(target, missing)
            continue
        grown = merged(pins + [one for name, file in sorted(chosen.items()) if name not in bare
                               for one in needs(target, file)])
        if grown == wanted:
            return sorted(chosen.values())
        wanted = grown
    raise PartMissing("wheels for " + target.tag, "they never suit each other",
                      "see requirements.txt")


def compiled(target):
    """Paths of what a Nano compiles pycuda from."""
    folder = target.folder + "-pycuda"
    if not os.path.isdir(folder):
        print("kagami: fetching what pycuda is built from")
        temporary = tempfile.mkdtemp(dir=os.path.dirname(folder))
        run("deploy/pycuda.sh", temporary)
        os.rename(temporary, folder)
    return [os.path.join(folder, name) for name in os.listdir(folder)]


def tracked(commit):
    """({name: bytes} of a commit's files, its time)."""
    told = run("git", "status", "--porcelain", "--untracked-files=no")
    if told:
        print("kagami: what is not committed is left out: %s" % told.decode().splitlines()[0])
    files = {}
    with tarfile.open(fileobj=io.BytesIO(run("git", "archive", "--format=tar", commit))) as tree:
        for member in tree:
            if member.isfile():
                files[member.name] = tree.extractfile(member).read()
            elif not member.isdir():
                raise DataError(member.name, "a link in the repository", "commit a file instead")
    return files, int(run("git", "log", "-1", "--format=%ct", commit))


def check(files):
    """DataError where a reader would not take these names or modes."""
    odd = [name for name in files if not bundle.is_safe(name)]
    if odd:
        raise DataError(odd[0], "a name that no bundle may have", "rename it")


def write(path, version, target, files, when, secret):
    """The bundle: signature, sums, then the files in the order of their names."""
    sums = [bundle.head(version, target)] + [
        "%s  %s" % (hashlib.sha256(files[name]).hexdigest(), name) for name in sorted(files)]
    sums = ("\n".join(sums) + "\n").encode("ascii")
    members = [(bundle.SIGNATURE, signature.sign(secret, sums)[0]), (bundle.SUMS, sums)]
    with whole(path) as temporary, tarfile.open(temporary, "w", format=tarfile.GNU_FORMAT) as tar:
        for name, data in members + sorted(files.items()):
            info = tarfile.TarInfo("kagami-%s/%s" % (version, name))
            info.size, info.mtime = len(data), when
            info.mode = 0o755 if data.startswith(b"#!") else 0o644
            tar.addfile(info, io.BytesIO(data))


def version_of(files):
    """What the tree says of itself."""
    found = re.search(rb'__version__ = "(.*)"', files["appliance/__init__.py"])
    text = found.group(1).decode() if found else ""
    if not bundle.is_version(text):
        raise DataError("appliance/__init__.py", "version %r" % text, "write one like 0.2.0")
    return text


def make(tag, key, to, commit="HEAD"):
    """The path of a new bundle in the folder `to`."""
    target, secret = Target(NANO if tag == "nano" else tag), signature.read_key(key)
    files, when = tracked(commit)
    version = version_of(files)
    paths = [os.path.join(target.folder, name) for name in wheels(target)]
    paths += compiled(target) if target.tag == NANO else []
    for path in paths:
        with open(path, "rb") as f:
            files["wheels/" + os.path.basename(path)] = f.read()
    files[bundle.KEY] = signature.spelt(signature.sign(secret, b"")[1])
    check(files)
    os.makedirs(to, exist_ok=True)
    path = os.path.join(to, "kagami-%s-%s.tar" % (version, target.tag))
    write(path, version, target.tag, files, when, secret)
    report(path, files)
    return path


def report(path, files):
    """What went in, and the sum to publish beside it."""
    carried = {name: len(data) for name, data in files.items() if name.startswith("wheels/")}
    for name in sorted(carried, key=carried.get, reverse=True):
        print("%8.1f MB  %s" % (carried[name] / 1e6, name))
    print("%8.1f MB  %d files of the repository" % (
        (sum(map(len, files.values())) - sum(carried.values())) / 1e6, len(files) - len(carried)))
    with open(path, "rb") as f:
        whole_sum = hashlib.sha256(f.read()).hexdigest()
    print("%8.1f MB  %s\nsha256 %s" % (os.path.getsize(path) / 1e6, path, whole_sum))
    print("release key %s" % files[bundle.KEY].decode().strip())


def new_key(path):
    """A new secret key in a file that its owner alone can read."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as e:
        raise OutputError(path, e.strerror, "name a new file in a folder that is there") from e
    secret = signature.new_secret()
    with open(handle, "wb") as f:
        f.write(signature.spelt(secret))
    print("secret key in %s: keep it, and a copy, where no machine of a release reads it" % path)
    print("release key %s" % signature.spelt(signature.sign(secret, b"")[1]).decode().strip())


def main():
    """The program; its exit status."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--new-key", metavar="FILE", help="make a key for releases, and end")
    parser.add_argument("--key", metavar="FILE", help="the secret key to sign with")
    parser.add_argument("--for", metavar="TAG", default=bundle.tag(), dest="tag",
                        help="nano, or a Python and a machine (default %(default)s)")
    parser.add_argument("--fetch", metavar="PINS", nargs="+", help="only fetch the wheels that "
                        "such files want, and end")
    parser.add_argument("--to", metavar="FOLDER", default=os.path.join(ROOT, "dist"),
                        help="where it is written (default: dist)")
    args = parser.parse_args()
    if not (args.key or args.new_key or args.fetch):
        parser.error("give --key or --new-key")
    try:
        if args.fetch:
            wheels(Target(args.tag), args.fetch)
        else:
            new_key(args.new_key) if args.new_key else make(args.tag, args.key, args.to)
    except KagamiError as e:
        print("kagami: error: %s" % e, file=sys.stderr)
        return e.status
    return 0


if __name__ == "__main__":
    sys.exit(main())
