"""A bundle is read as far as it can be believed, and no further."""
import gzip
import io
import os
import random
import stat
import tarfile

import pytest

from appliance.box import bundle, signature
from appliance.errors import DataError, OutputError
from tests.box.workshop import OTHER, SECRET, packed, signed, tree

KEY = signature.sign(SECRET, b"")[1]
FILES = tree("0.2.0")


def extracted(data, folder):
    """The Bundle of some bytes, written into a folder."""
    read = bundle.Bundle(io.BytesIO(data), "b.tar", KEY)
    read.extract(str(folder))
    return read


def contents(folder):
    """{name: bytes} of all that lies below."""
    return {os.path.relpath(os.path.join(at, name), str(folder)): open(os.path.join(
        at, name), "rb").read() for at, _, names in os.walk(str(folder)) for name in names}


def refused(data, tmp_path):
    """Why some bytes are refused: the words of the DataError."""
    with pytest.raises(DataError) as e:
        extracted(data, tmp_path / "out")
    assert e.value.status == 65 and e.value.what == "b.tar"
    assert os.listdir(str(tmp_path)) in ([], ["out"])       # nothing beside its folder
    return e.value.why


def test_what_was_signed_comes_out(tmp_path):
    read = extracted(packed(signed(FILES)), tmp_path / "out")
    found = contents(tmp_path / "out")
    assert (read.version, read.target) == ("0.2.0", bundle.tag())
    assert {name: found[name] for name in FILES} == FILES
    assert set(found) - set(FILES) == {bundle.SUMS, bundle.SIGNATURE}


def test_a_script_is_a_program_and_the_rest_is_not(tmp_path):
    extracted(packed(signed(FILES)), tmp_path / "out")
    modes = {name: stat.S_IMODE(os.stat(str(tmp_path / "out" / name)).st_mode) for name in FILES}
    assert modes["deploy/setup.sh"] == 0o755 and modes["appliance/__init__.py"] == 0o644


def test_what_was_read_is_told(tmp_path):
    data, told = packed(signed(FILES)), []
    bundle.Bundle(io.BytesIO(data), "b.tar", KEY).extract(str(tmp_path / "out"), told.append)
    assert told == sorted(told) and 0 < told[-1] <= len(data)


def test_another_key_is_refused_before_anything_is_written(tmp_path):
    why = refused(packed(signed(FILES, secret=OTHER)), tmp_path)
    assert "not signed with the key" in why and not (tmp_path / "out").exists()


def test_nothing_behind_a_wrong_signature_is_read():
    stream = io.BytesIO(packed(signed(dict(FILES, big=b"x" * 5000000), secret=OTHER)))
    with pytest.raises(DataError):
        bundle.Bundle(stream, "b.tar", KEY)
    assert stream.tell() < 10000


@pytest.mark.parametrize("data", [b"", b"hello", b"x" * 5000, b"\0" * 20000, os.urandom(5000),
                                  gzip.compress(b"x" * 5000), packed([("README", b"x")]),
                                  packed([(bundle.SIGNATURE, b"x" * 65)])])
def test_what_is_no_bundle_is_told(tmp_path, data):
    refused(data, tmp_path)


def test_a_bundle_that_ends_anywhere_is_refused(tmp_path):
    data = packed(signed(FILES))
    whole = len(data.rstrip(b"\0"))
    for end in list(range(0, whole - 600, 997)) + [whole - 600]:
        (tmp_path / str(end)).mkdir()
        refused(data[:end], tmp_path / str(end))


def test_a_bit_that_fell_over_is_noticed_wherever_it_counts(tmp_path):
    data, chance = packed(signed(FILES)), random.Random(1)
    for turn in range(150):
        spoilt = bytearray(data)
        spoilt[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        folder = tmp_path / str(turn)
        folder.mkdir()
        try:
            extracted(bytes(spoilt), folder / "out")
        except DataError:
            continue
        assert {n: d for n, d in contents(folder / "out").items() if n in FILES} == FILES


def with_first(member):
    """A right bundle with one more member behind its sums."""
    members = signed(FILES)
    return packed(members[:2] + [member] + members[2:])


def special(kind, name="kagami-0.2.0/extra", link=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


@pytest.mark.parametrize("member", [
    special(tarfile.SYMTYPE, link="/etc/passwd"), special(tarfile.LNKTYPE, link="/etc/passwd"),
    special(tarfile.SYMTYPE, "kagami-0.2.0/appliance", "/tmp"), special(tarfile.DIRTYPE),
    special(tarfile.CHRTYPE), special(tarfile.BLKTYPE), special(tarfile.FIFOTYPE),
    special(tarfile.CONTTYPE), special(tarfile.GNUTYPE_SPARSE), special(b"K"), special(b"x"),
    special(b"g"), special(tarfile.AREGTYPE), special(b"Z")])
def test_what_is_no_plain_file_is_refused(tmp_path, member):
    assert "no plain file" in refused(with_first(member), tmp_path)


@pytest.mark.parametrize("name", [
    "/etc/cron.d/x", "../x", "kagami-0.2.0/../x", "kagami-0.2.0//etc/x", "kagami-0.2.0/a/../../x",
    "kagami-0.2.0/./x", "kagami-0.1.0/x", "x", "kagami-0.2.0", "kagami-0.2.0/more"])
def test_a_file_that_was_not_signed_is_refused_wherever_it_wants_to_go(tmp_path, name):
    why = refused(with_first(special(tarfile.REGTYPE, name)), tmp_path)
    assert "does not lie in its folder" in why or "stands in it and not in SHA256SUMS" in why


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../x", "a//b", "./a", "a/.", ".", "..",
                                  "a b", "a\\b", "a\tb", "x" * 161, "a/" * 120 + "a", "",
                                  bundle.SUMS])
def test_even_a_signed_name_leads_nowhere_else(tmp_path, name):
    assert not bundle.is_safe(name) or name == bundle.SUMS
    refused(packed(signed(dict(FILES, **{name: b"x"}))), tmp_path)


def test_a_file_twice_is_refused(tmp_path):
    assert "not in SHA256SUMS" in refused(
        packed(signed(FILES) + [("deploy/setup.sh", FILES["deploy/setup.sh"])]), tmp_path)


def test_a_missing_file_is_told(tmp_path):
    members = [m for m in signed(FILES) if m[0] != "deploy/units.sh"]
    assert refused(packed(members), tmp_path) == "deploy/units.sh is missing"


def test_a_file_with_other_content_is_told(tmp_path):
    members = [(n, b"#!/bin/sh\nrm -rf /\n" if n == "deploy/setup.sh" else d)
               for n, d in signed(FILES)]
    assert refused(packed(members), tmp_path) == "deploy/setup.sh is not as it was signed"


@pytest.mark.parametrize("size", [bundle.FILE_MOST + 1, -1, 1 << 62])
def test_a_size_out_of_bounds_is_refused_before_it_is_read(tmp_path, size):
    member = special(tarfile.REGTYPE, "kagami-0.2.0/deploy/setup.sh")
    member.size = size
    assert "too large" in refused(with_first(member), tmp_path)


def test_a_name_without_end_is_refused(tmp_path):
    member = special(tarfile.GNUTYPE_LONGNAME)
    member.size = 1 << 29
    assert refused(with_first(member), tmp_path) == "a name is too long"


def test_sums_without_end_are_refused(tmp_path):
    members = signed(FILES)
    members[1] = bundle.SUMS, b"x" * (bundle.SUMS_MOST + 1)
    assert refused(packed(members), tmp_path) == "not a bundle of Kagami"


@pytest.mark.parametrize("sums", [
    b"", b"hello\n", b"# kagami ../x cp36-aarch64\n", b"# kagami 0.2.0\n",
    b"# kagami 0.2.0 cp36-aarch64\nshort  name\n",
    b"# kagami 0.2.0 cp36-aarch64\n" + 2 * (b"0" * 64 + b"  twice\n")])
def test_signed_sums_of_another_form_are_refused(tmp_path, sums):
    signed_by = signature.sign(SECRET, sums)[0]
    assert "not as Kagami writes it" in refused(
        packed([(bundle.SIGNATURE, signed_by), (bundle.SUMS, sums)]), tmp_path)


def test_the_folder_is_that_of_the_version(tmp_path):
    assert "its folder is not" in refused(packed(signed(FILES), version="0.3.0"), tmp_path)


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    with pytest.raises(OutputError) as e:
        extracted(packed(signed(FILES)), tmp_path / "nowhere" / "out")
    assert e.value.status == 73


@pytest.mark.parametrize("less, more", [("0.2.0", "0.2.1"), ("0.9.0", "0.10.0"), ("0.2", "0.2.1"),
                                        ("0.2.0rc1", "0.2.0"), ("0.2.0", "0.2.0+fix"),
                                        ("0.9.9", "1.0")])
def test_versions_have_an_order(less, more):
    assert bundle.order(less) < bundle.order(more)


@pytest.mark.parametrize("text, good", [
    ("0.2.0", True), ("10.20", True), ("0.2.0rc1", True), ("0.2.0+g12ab", True), ("", False),
    ("..", False), ("1", False), ("0.2.0/x", False), ("0.2.0 ", False), ("current", False),
    ("0.2.0\n", False), ("0." + "1" * 500, False)])
def test_what_a_version_is(text, good):
    assert bundle.is_version(text) is good
