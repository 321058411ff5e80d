"""Bundles are made of a commit and of wheels that install together without a network."""
import os
import stat
import subprocess
import sys
import zipfile

import pytest

from appliance import __version__
from appliance.box import bundle, signature
from appliance.box.update import opened
from appliance.errors import DataError, OutputError, PartMissing, UsageError

if sys.version_info < (3, 9):
    pytest.skip("made on a PC with Python 3.9 or newer", allow_module_level=True)
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
if subprocess.run(["git", "-C", ROOT, "rev-parse", "HEAD"], stdout=subprocess.DEVNULL,
                  stderr=subprocess.DEVNULL).returncode:
    pytest.skip("no git repository here", allow_module_level=True)
from deploy import bundle as module  # noqa: E402


@pytest.fixture
def maker(tmp_path, monkeypatch):
    """deploy/bundle.py, which fetches wheels from `shelf`, a list of (name, version, needs)."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(module, "shelf", [], raising=False)
    monkeypatch.setattr(module, "fetched", [], raising=False)

    def fetch(target, wanted):
        for text in wanted:
            one = module.Requirement(text)
            module.fetched.append(text)
            fitting = [row for row in module.shelf if row[0] == one.name
                       and one.specifier.contains(row[1])]
            if not fitting:
                raise PartMissing("pip", "no matching distribution", "look")
            wheel(target.folder, *fitting[-1])
    monkeypatch.setattr(module, "fetch", fetch)
    return module


def wheel(folder, name, version, *needs):
    """The smallest wheel that tells what it needs."""
    rows = ["Name: " + name, "Version: " + version] + ["Requires-Dist: " + n for n in needs]
    with zipfile.ZipFile("%s/%s-%s-py3-none-any.whl" % (folder, name, version), "w") as f:
        f.writestr("%s-%s.dist-info/METADATA" % (name, version), "\n".join(rows) + "\n\n")


def target(maker, monkeypatch, tag="cp36-aarch64", *pins):
    found = maker.Target(tag)
    monkeypatch.setattr(found, "wanted",
                        lambda files: [maker.Requirement(pin) for pin in pins])
    return found


def names(files):
    return [file.split("-py3")[0] for file in files]


def test_what_a_wheel_needs_comes_along(maker, monkeypatch):
    maker.shelf += [("a", "1.0", "b>=1"), ("b", "1.1", "c"), ("c", "0.1"), ("d", "9.0")]
    assert names(maker.wheels(target(maker, monkeypatch, "cp36-aarch64", "a==1.0"))) == [
        "a-1.0", "b-1.1", "c-0.1"]


def test_needs_count_for_the_target_and_not_for_this_machine(maker, monkeypatch):
    maker.shelf += [("a", "1.0", 'old; python_version < "3.7"', 'new; python_version >= "3.7"',
                     'arm; platform_machine == "aarch64"', 'more; extra == "all"'),
                    ("old", "1"), ("new", "1"), ("arm", "1"), ("more", "1")]
    assert names(maker.wheels(target(maker, monkeypatch, "cp36-aarch64", "a"))) == [
        "a-1.0", "arm-1", "old-1"]
    assert names(maker.wheels(target(maker, monkeypatch, "cp311-x86_64", "a"))) == [
        "a-1.0", "new-1"]


def test_what_two_ask_for_suits_both(maker, monkeypatch):
    maker.shelf += [("a", "1.0", "c"), ("b", "1.0", "c<2"), ("c", "1.9"), ("c", "2.0")]
    assert names(maker.wheels(target(maker, monkeypatch, "cp36-aarch64", "a", "b"))) == [
        "a-1.0", "b-1.0", "c-1.9"]


def test_what_cannot_suit_both_is_told(maker, monkeypatch):
    maker.shelf += [("a", "1.0", "c>=2"), ("b", "1.0", "c<2"), ("c", "1.9"), ("c", "2.0")]
    with pytest.raises(PartMissing):
        maker.wheels(target(maker, monkeypatch, "cp36-aarch64", "a", "b"))


def test_what_was_fetched_is_not_fetched_again(maker, monkeypatch):
    maker.shelf += [("a", "1.0")]
    for _ in range(2):
        maker.wheels(target(maker, monkeypatch, "cp36-aarch64", "a==1.0"))
    assert maker.fetched == ["a==1.0"]


def test_every_pin_of_a_nano_counts():
    wanted = module.Target("cp36-aarch64").wanted(module.PINS)
    pins = {str(one).split(";")[0] for one in wanted}
    assert {"numpy==1.19.5", "PyNaCl==1.5.0", "cffi==1.15.1", "pip==21.3.1"} <= pins
    assert not [pin for pin in pins if pin.startswith("openvino")]


@pytest.mark.parametrize("tag", ["cp37-x86_64", "cp27-armv7l", "cp36", "", "../x"])
def test_a_machine_that_is_not_supported_is_told(tag):
    with pytest.raises(UsageError, match="not known"):
        module.Target(tag)


@pytest.fixture
def key(maker, tmp_path):
    maker.new_key(str(tmp_path / "key"))
    return str(tmp_path / "key")


@pytest.fixture
def bundled(maker, monkeypatch, key, tmp_path):
    """Make a bundle of the last commit with one wheel; its path."""
    maker.shelf += [("a", "1.0")]
    monkeypatch.setattr(maker.Target, "wanted", lambda self, files: [maker.Requirement("a")])
    return lambda to="dist": maker.make("cp311-x86_64", key, str(tmp_path / to))


def test_a_new_key_is_for_its_owner_alone(key):
    assert stat.S_IMODE(os.stat(key).st_mode) == 0o600


def test_a_key_is_never_written_over(maker, key):
    before = open(key).read()
    with pytest.raises(OutputError, match="exists"):
        maker.new_key(key)
    assert open(key).read() == before


def test_a_bundle_carries_the_commit_and_the_wheels_and_is_read_by_the_box(bundled, key, tmp_path):
    path = bundled()
    public = signature.sign(signature.read_key(key), b"")[1]
    with opened(path, public) as (read, size):
        read.extract(str(tmp_path / "out"))
    assert os.path.basename(path) == "kagami-%s-cp311-x86_64.tar" % read.version
    assert size == os.path.getsize(path) and read.target == "cp311-x86_64"
    listed = subprocess.check_output(["git", "-C", ROOT, "ls-tree", "-r", "-z", "--name-only",
                                      "HEAD"]).decode().strip("\0").split("\0")
    assert set(read.sums) == set(listed) | {"wheels/a-1.0-py3-none-any.whl", bundle.KEY}
    assert signature.read_key(str(tmp_path / "out" / bundle.KEY)) == public
    assert os.access(str(tmp_path / "out/deploy/setup.sh"), os.X_OK)


def test_what_git_calls_a_program_is_one_on_the_box(bundled, key, tmp_path):
    with opened(bundled(), signature.sign(signature.read_key(key), b"")[1]) as (read, _):
        read.extract(str(tmp_path / "out"))
    rows = subprocess.check_output(["git", "-C", ROOT, "ls-tree", "-r", "HEAD"]).decode()
    programs = {row.split("\t")[1] for row in rows.splitlines() if row.startswith("100755")}
    modes = {name for name in read.sums
             if os.stat(str(tmp_path / "out" / name)).st_mode & stat.S_IXUSR}
    assert modes == programs


def test_sha256sum_and_tar_agree(bundled, tmp_path):
    subprocess.run(["tar", "xf", bundled(), "-C", str(tmp_path)], check=True)
    folder, = tmp_path.glob("kagami-*")
    subprocess.run(["sha256sum", "-c", "--quiet", "--strict", bundle.SUMS], cwd=str(folder),
                   check=True)


def test_the_same_is_the_same_to_the_last_byte(bundled):
    first, second = bundled("one"), bundled("two")
    assert open(first, "rb").read() == open(second, "rb").read()


@pytest.mark.parametrize("name", ["a b", "../x", "x" * 300])
def test_a_name_that_no_box_would_take_is_told(maker, name):
    with pytest.raises(DataError, match="no bundle may have"):
        maker.check({name: b""})


def test_the_version_is_the_trees_own(maker):
    assert maker.version_of({"appliance/__init__.py": b'__version__ = "0.4.0"\n'}) == "0.4.0"
    assert bundle.is_version(__version__)
    with pytest.raises(DataError, match="write one like"):
        maker.version_of({"appliance/__init__.py": b'__version__ = "next"\n'})


def test_a_mistake_is_one_line():
    done = subprocess.run([sys.executable, "deploy/bundle.py", "--key", "/nowhere"], cwd=ROOT,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode == 66 and done.stderr.startswith(b"kagami: error: /nowhere: no such")
