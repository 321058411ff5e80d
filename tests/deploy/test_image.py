"""deploy/image.py, on a small card with the layout of a Jetson Nano's."""
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile

import pytest

from tests.box import workshop
from tests.deploy import jetson
from tests.fakes.receiver import eventually

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
TOOLS = ("sgdisk", "debugfs", "e2fsck", "mke2fs", "mkfs.vfat", "mcopy", "systemctl", "xz")
PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
MISSING = [name for name in TOOLS if not shutil.which(name, path=PATH)]
pytestmark = [
    pytest.mark.skipif(bool(MISSING), reason="not here: " + ", ".join(MISSING)),
    pytest.mark.skipif(sys.version_info < (3, 9), reason="a PC's tool, for Python 3.9 and newer")]
PLACE = "/opt/kagami/versions/0.2.0"


def wheel(path, name="thing"):
    """A wheel of one module for the Nano, with a program that nobody needs."""
    info = "%s-1.0.dist-info/" % name
    with zipfile.ZipFile(str(path), "w") as z:
        z.writestr(name + ".py", "there = True\n")
        z.writestr(info + "METADATA", "Metadata-Version: 2.1\nName: %s\nVersion: 1.0\n" % name)
        z.writestr(info + "WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: false\n"
                   "Tag: cp36-cp36m-manylinux2014_aarch64\n")
        z.writestr(info + "entry_points.txt", "[console_scripts]\nthing = thing:there\n")
        z.writestr(info + "RECORD", "")


def bundle(folder, target="cp36-aarch64", **more):
    """A signed bundle of version 0.2.0 with Kagami's own units; more: {name: bytes}."""
    path = folder / "thing-1.0-cp36-cp36m-manylinux2014_aarch64.whl"
    wheel(path)
    files = workshop.tree("0.2.0")
    files = {name: data for name, data in files.items() if not name.startswith("wheels/")}
    files["wheels/" + path.name] = path.read_bytes()
    for name in ["deploy/units.sh", "deploy/kagami.txt"] + ["systemd/" + name for name in
                                                            os.listdir(HERE + "/systemd")]:
        if os.path.isfile(os.path.join(HERE, name)):
            with open(os.path.join(HERE, name), "rb") as f:
                files[name] = f.read()
    files.update(more)
    files["release.pub"] = workshop.signature.spelt(
        workshop.signature.sign(workshop.SECRET, b"")[1])
    out = folder / ("kagami-0.2.0-%s.tar" % target)
    out.write_bytes(workshop.packed(workshop.signed(files, "0.2.0", target)))
    return str(out)


def run(*words):
    """deploy/image.py with these words: (status, what it said)."""
    done = subprocess.run([sys.executable, HERE + "/deploy/image.py"] + [str(w) for w in words],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout


class Made:
    """The stand-in before, and the card that was made from it."""

    def __init__(self, folder):
        self.base = jetson.card(str(folder / "sd-blob.img"), jetson.system(str(folder / "system")))
        self.path, self.bundle = str(folder / "card.img"), bundle(folder)
        self.status, self.said = run(self.base, self.bundle, self.path)

    def parts(self, path):
        """{number: Partition}."""
        from deploy.card import table
        with open(path, "rb") as f:
            return {p.number: p for p in table.read(f.read(table.HEAD), path)}

    @property
    def root(self):
        """The FileSystem of the card's root."""
        from deploy.card.filesystem import FileSystem
        return FileSystem(self.path, self.parts(self.path)[1].offset)

    def bytes_of(self, path, part):
        """What lies in a partition."""
        with open(path, "rb") as f:
            f.seek(part.offset)
            return f.read(part.size)

    def text(self, path):
        """A text file of the root."""
        return self.root.read(path).decode()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A card that is made once, and only looked at."""
    out = Made(tmp_path_factory.mktemp("card"))
    assert out.status == 0, out.said
    return out


def test_every_partition_keeps_number_name_and_guid(made):
    before, after = made.parts(made.base), made.parts(made.path)
    assert sorted(after) == sorted(before) + [15]
    assert all(after[n][1:2] + after[n][4:] == before[n][1:2] + before[n][4:] for n in before)


def test_the_small_partitions_stay_where_they_are_to_the_last_byte(made):
    before, after = made.parts(made.base), made.parts(made.path)
    for n in set(before) - {1}:
        assert before[n] == after[n]
        assert made.bytes_of(made.base, before[n]) == made.bytes_of(made.path, after[n])


def test_the_root_stays_last_and_as_large(made):
    before, after = made.parts(made.base)[1], made.parts(made.path)
    assert max(after.values(), key=lambda p: p.first).number == 1
    assert after[1].size == before.size


def test_sgdisk_finds_nothing_wrong(made):
    told = subprocess.run(["sgdisk", "--verify", made.path], stdout=subprocess.PIPE, text=True,
                          env={"PATH": PATH}, check=True).stdout
    assert "No problems found" in told


def test_e2fsck_finds_nothing_wrong(made):
    device = "%s?offset=%d" % (made.path, made.parts(made.path)[1].offset)
    subprocess.run(["e2fsck", "-fn", device], env={"PATH": PATH}, check=True,
                   stdout=subprocess.DEVNULL)


def test_the_drive_has_its_name_and_the_two_files(made):
    part = made.parts(made.path)[15]
    at = "%s@@%d" % (made.path, part.offset)
    label = subprocess.run(["mlabel", "-s", "-i", at, "::"], stdout=subprocess.PIPE, check=True)
    listed = subprocess.run(["mdir", "-b", "-i", at, "::"], stdout=subprocess.PIPE, check=True)
    assert b"KAGAMI" in label.stdout
    assert listed.stdout.decode().split() == ["::/kagami.txt", "::/README.txt"]
    with open(HERE + "/deploy/kagami.txt", "rb") as f:
        assert subprocess.run(["mtype", "-i", at, "::kagami.txt"],
                              stdout=subprocess.PIPE).stdout == f.read()


def test_no_wizard_asks_and_no_desktop_starts(made):
    system = "/etc/systemd/system"
    assert made.root.target(system + "/default.target") == "/lib/systemd/system/multi-user.target"
    assert made.root.target(system + "/nv-oem-config.service") == "/dev/null"
    assert made.root.listed(system + "/nv-oem-config.target.wants") == {}


def test_what_is_of_no_use_is_off_and_what_is_stays(made):
    system = made.root.listed("/etc/systemd/system")
    assert made.root.target("/etc/systemd/system/snapd.service") == "/dev/null"
    assert "nvargus-daemon.service" not in system and "whoopsie.service" not in system


def test_nobody_can_log_in(made):
    assert all(row.split(":")[1][0] in "!*" for row in made.text("/etc/shadow").splitlines())
    links = made.root.listed("/etc/systemd/system")
    assert "sshd.service" not in links
    assert "ssh.service" not in made.root.listed("/etc/systemd/system/multi-user.target.wants")


def test_nothing_is_the_same_on_every_box(made):
    assert made.text("/etc/machine-id") == ""
    assert sorted(made.root.listed("/etc/ssh")) == ["sshd_config"]


def test_the_user_is_there_without_a_login(made):
    number = re.search("^kagami:x:([0-9]+):([0-9]+):.*:/usr/sbin/nologin$",
                       made.text("/etc/passwd"), re.M)
    assert number and number.group(1) == number.group(2) != "999"
    assert "video:x:44:kagami\n" in made.text("/etc/group")


def test_shadow_stays_readable_by_its_own_alone(made):
    entry = made.root.listed("/etc")["shadow"]
    assert entry.mode == 0o640


def test_what_writes_into_the_boards_flash_is_held(made):
    status = made.text("/var/lib/dpkg/status")
    assert "Package: nvidia-l4t-bootloader\nStatus: hold ok installed\n" in status
    assert "Package: nvidia-l4t-camera\nStatus: install ok installed\n" in status


def test_the_version_is_whole_and_current(made):
    assert made.root.target("/opt/kagami/current") == "versions/0.2.0"
    assert made.root.kind(PLACE + "/.complete") == "file"
    assert made.root.kind(PLACE + "/.uncompiled") == "file"
    assert made.text("/opt/kagami/release.pub").strip() == workshop.signature.spelt(
        workshop.signature.sign(workshop.SECRET, b"")[1]).decode().strip()


def test_the_environment_is_one_of_the_boards_python(made):
    packages = PLACE + "/.venv/lib/python3.6/site-packages"
    assert made.root.target(PLACE + "/.venv/bin/python3") == "/usr/bin/python3"
    assert "include-system-site-packages = true" in made.text(PLACE + "/.venv/pyvenv.cfg")
    assert made.text(packages + "/thing.py") == "there = True\n"
    assert made.text(packages + "/kagami.pth").splitlines()[0] == PLACE


def test_the_commands_can_be_run(made):
    script = made.text(PLACE + "/.venv/bin/kagami")
    assert script.startswith("#!%s/.venv/bin/python3\n" % PLACE)
    assert made.root.listed(PLACE + "/.venv/bin")["kagami"].mode == 0o755
    assert made.root.target("/usr/local/bin/kagami") == "/opt/kagami/current/.venv/bin/kagami"


def test_the_units_are_placed_and_enabled(made):
    wants = made.root.listed("/etc/systemd/system/multi-user.target.wants")
    assert "kagami.service" in wants and "kagami-first-boot.service" in wants
    assert made.root.kind("/usr/local/lib/systemd/system/kagami.service") == "file"


def test_neither_of_its_logs_fills_the_card(made):
    assert "SystemMaxUse=64M" in made.text("/etc/systemd/journald.conf.d/kagami.conf")
    assert "nvargus-daemon" in made.text("/etc/rsyslog.d/10-kagami.conf")


def test_units_are_those_that_the_boards_systemd_knows(made):
    folder = "/usr/local/lib/systemd/system/kagami.service.d"
    assert all(int(name.split("-")[0]) <= 237 for name in made.root.listed(folder))


def test_the_sum_is_that_of_the_card(made):
    with open(made.path, "rb") as f:
        total = hashlib.sha256(f.read()).hexdigest()
    with open(made.path + ".sha256") as f:
        assert f.read() == "%s  card.img\n" % total


def test_the_facts_say_what_it_was_made_from(made):
    with open(made.path + ".json") as f, open(made.base, "rb") as base:
        facts = json.load(f)
        assert facts["base"]["sha256"] == hashlib.sha256(base.read()).hexdigest()
    assert facts["kagami"] == "0.2.0" and facts["image"]["bytes"] == os.path.getsize(made.path)


def test_a_packed_card_is_the_same_card(made, tmp_path):
    packed = tmp_path / "base.zip"
    with zipfile.ZipFile(str(packed), "w", zipfile.ZIP_DEFLATED) as z:
        z.write(made.base, "sd-blob-b01.img")
    out = tmp_path / "card.img.xz"
    status, said = run(packed, made.bundle, out)
    assert status == 0, said
    facts = json.loads((tmp_path / "card.img.xz.json").read_text())
    subprocess.run(["xz", "--decompress", str(out)], check=True)
    with open(str(tmp_path / "card.img"), "rb") as f:
        assert hashlib.sha256(f.read()).hexdigest() == facts["image"]["sha256"]


def test_a_root_becomes_a_card_of_two_partitions(made, tmp_path):
    jetson.system(str(tmp_path / "system"))
    status, said = run(tmp_path / "system", made.bundle, tmp_path / "card.img")
    assert status == 0, said
    parts = made.parts(str(tmp_path / "card.img"))
    assert {n: p.name for n, p in parts.items()} == {1: "APP", 15: "KAGAMI"}
    assert parts[1].first > parts[15].last and parts[1].attributes == 4


@pytest.mark.skipif(os.geteuid() != 0, reason="owners in a tar take root")
def test_a_tar_of_a_root_becomes_the_same_card(made, tmp_path):
    jetson.system(str(tmp_path / "system"))
    subprocess.run(["tar", "-cf", str(tmp_path / "root.tar"), "-C", str(tmp_path / "system"), "."],
                   check=True)
    status, said = run(tmp_path / "root.tar", made.bundle, tmp_path / "card.img")
    assert status == 0, said
    assert {p.name for p in made.parts(str(tmp_path / "card.img")).values()} == {"APP", "KAGAMI"}


def refused(folder, base, packed, status, words):
    """That image.py says no in one line, and leaves nothing."""
    before = sorted(os.listdir(str(folder)))
    got, said = run(base, packed, folder / "refused.img")
    last = said.strip().splitlines()[-1]
    assert got == status and last.startswith("kagami: error: ") and words in last, said
    assert ".kagami-" not in last, "a name that its user never gave"
    assert "Traceback" not in said and sorted(os.listdir(str(folder))) == before


def test_what_is_no_card_is_refused(made, tmp_path):
    (tmp_path / "a.img").write_bytes(bytes(4 << 20))
    refused(tmp_path, tmp_path / "a.img", made.bundle, 65, "no partition table")


def test_a_broken_table_is_refused(made, tmp_path):
    data = bytearray(open(made.base, "rb").read(4 << 20))
    data[1030] ^= 1
    (tmp_path / "a.img").write_bytes(data)
    refused(tmp_path, tmp_path / "a.img", made.bundle, 65, "table is broken")


def test_half_an_image_is_refused(made, tmp_path):
    (tmp_path / "a.img").write_bytes(open(made.base, "rb").read(40 << 20))
    refused(tmp_path, tmp_path / "a.img", made.bundle, 65, "bytes are missing")


def test_a_card_without_app_is_refused(made, tmp_path):
    base = jetson.card(str(tmp_path / "a.img"), jetson.system(str(tmp_path / "s")), last="rootfs")
    refused(tmp_path, base, made.bundle, 65, "not those of a Jetson Nano")


@pytest.mark.parametrize("path, text, told", [
    ("etc/nv_tegra_release", jetson.RELEASE.replace("t210ref", "t186ref"),
     "not L4T 32.7 of a Jetson Nano"),
    ("etc/passwd", jetson.FILES["etc/passwd"] + "ann:x:1000:1000::/home/ann:/bin/bash\n",
     "in use already, by ann"),
    ("var/lib/dpkg/status",
     jetson.STATUS.replace("Package: python3-gi\n", "Package: python3-other\n"),
     "lacks python3-gi")], ids=["another board's", "in use", "without GStreamer"])
def test_another_system_than_the_makers_is_refused(made, tmp_path, path, text, told):
    system = jetson.system(str(tmp_path / "s"), **{path: text})
    base = jetson.card(str(tmp_path / "a.img"), system)
    refused(tmp_path, base, made.bundle, 65, told)


def test_a_box_is_refused(made, tmp_path):
    refused(tmp_path, made.path, made.bundle, 65, "Kagami is on it already")


def test_a_root_without_room_is_refused(made, tmp_path):
    system = jetson.system(str(tmp_path / "s"))
    base = jetson.card(str(tmp_path / "a.img"), system, root=24 << 20)
    (tmp_path / "b").mkdir()
    large = bundle(tmp_path / "b", **{"docs/large": bytes(40 << 20)})
    refused(tmp_path, base, large, 65, "MB are free")


def test_a_bundle_for_another_computer_is_refused(made, tmp_path):
    (tmp_path / "b").mkdir()
    other = bundle(tmp_path / "b", "cp311-x86_64")
    refused(tmp_path, made.base, other, 65, "the base has cp36-aarch64")


def test_a_bundle_that_was_changed_is_refused(made, tmp_path):
    data = bytearray(open(made.bundle, "rb").read())
    data[data.index(b"there = True") if b"there = True" in data else -20000] ^= 1
    (tmp_path / "b.tar").write_bytes(data)
    refused(tmp_path, made.base, tmp_path / "b.tar", 65, "")


def test_what_is_no_bundle_is_refused(made, tmp_path):
    (tmp_path / "b.tar").write_bytes(b"x" * 10000)
    refused(tmp_path, made.base, tmp_path / "b.tar", 65, "not a bundle of Kagami")


def test_a_base_that_is_not_there_is_told(made, tmp_path):
    refused(tmp_path, tmp_path / "none.img", made.bundle, 66, "no such file")


def test_a_name_without_its_ending_is_told(made, tmp_path):
    status, said = run(made.base, made.bundle, tmp_path / "card")
    assert status == 2 and "NAME.img" in said


def test_the_base_itself_is_not_written_over(made):
    status, said = run(made.base, made.bundle, made.base)
    assert status == 2 and "it is the base" in said


FULL = """mount -t tmpfs -o size=6m disk "$1" || { echo no; exit; }
"$2" "$3" "$4" "$5" "$1/card.img" 2>&1; echo "status $?"; ls -A "$1" """


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="a small disk takes root")
def test_a_full_disk_is_told_and_nothing_stays_on_it(made, tmp_path):
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", FULL, "sh", str(tmp_path), sys.executable,
         HERE + "/deploy/image.py", made.base, made.bundle], stdout=subprocess.PIPE, text=True)
    if done.stdout == "no\n":
        pytest.skip("no disk may be mounted here")
    error, status = done.stdout.strip().splitlines()[-2:]
    assert status == "status 73" and "kagami: error: " in error and "No space left" in error


def test_whoever_is_stopped_leaves_nothing(made, tmp_path):
    one = subprocess.Popen([sys.executable, HERE + "/deploy/image.py", made.base, made.bundle,
                            str(tmp_path / "card.img")], stderr=subprocess.DEVNULL)
    assert eventually(lambda: os.listdir(str(tmp_path)), 30)
    one.terminate()
    assert one.wait(30) == 143 and os.listdir(str(tmp_path)) == []
