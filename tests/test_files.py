"""Files appear whole or not at all."""
import os
import stat

import pytest

from appliance import files
from appliance.errors import OutputError
from tests.box.test_cuts import dies_before


def test_a_file_appears_when_the_block_is_done(tmp_path):
    path = tmp_path / "out.txt"
    with files.whole(str(path)) as temporary:
        with open(temporary, "w") as f:
            f.write("done")
        assert not path.exists()
    assert path.read_text() == "done" and os.listdir(str(tmp_path)) == ["out.txt"]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "out.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError):
        with files.whole(str(path)) as temporary:
            with open(temporary, "w") as f:
                f.write("half")
            raise RuntimeError
    assert path.read_text() == "old" and os.listdir(str(tmp_path)) == ["out.txt"]


def test_killed_before_any_of_its_steps_the_old_text_is_there_or_the_new(tmp_path):
    path, step, seen = tmp_path / "out.txt", 0, []
    path.write_text("old")
    while dies_before(step, lambda: files.write(str(path), "new")):
        seen.append(path.read_text())
        path.write_text("old")
        step += 1
    assert len(seen) > 5 and seen == sorted(seen, key=["old", "new"].index)
    assert path.read_text() == "new"


def test_the_temporary_name_keeps_the_ending(tmp_path):
    with files.whole(str(tmp_path / "out.mp4")) as temporary:
        assert temporary.endswith(".mp4") and os.path.dirname(temporary) == str(tmp_path)


def test_the_file_is_readable_as_any_other(tmp_path):
    mask = os.umask(0o022)
    try:
        files.write(str(tmp_path / "out.txt"), "")
    finally:
        os.umask(mask)
    assert stat.S_IMODE(os.stat(str(tmp_path / "out.txt")).st_mode) == 0o644


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real.txt").write_text("old")
    (tmp_path / "link.txt").symlink_to(tmp_path / "real.txt")
    files.write(str(tmp_path / "link.txt"), "new")
    assert (tmp_path / "link.txt").is_symlink() and (tmp_path / "real.txt").read_text() == "new"


def test_a_device_is_written_as_it_is():
    files.write(os.devnull, "away")
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)


@pytest.mark.parametrize("path", ["/nowhere/out.txt", "/proc/out.txt", "/"])
def test_a_place_that_cannot_be_written_is_told(path):
    with pytest.raises(OutputError) as e:
        files.write(str(path), "text")
    assert e.value.what == path and e.value.status == 73


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
def test_a_full_disk_is_told():
    with pytest.raises(OutputError, match="No space left"):
        files.write("/dev/full", "text")
