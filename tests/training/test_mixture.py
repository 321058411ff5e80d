"""Several samples files as one list of rows."""
import numpy as np
import pytest

pytest.importorskip("h5py", reason="training from samples wants h5py")

from appliance.errors import DataError, InputMissing, UsageError  # noqa: E402 (needs the above)
from appliance.stages import crop  # noqa: E402
from engines.training.mixture import SIDE_OF_RADIUS, Mixture, apart, squares  # noqa: E402
from engines.training.samples import Writer  # noqa: E402
from tests.training import own_sample  # noqa: E402


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    folder = tmp_path_factory.mktemp("samples")
    return [own_sample.write(str(folder / "one.h5"), 6, 2),
            own_sample.write(str(folder / "other.h5"), 4, 2, gaze=True)]


def test_rows_of_all_files_follow_each_other(paths):
    rows = Mixture(paths)
    assert len(rows) == 10 and rows["points"].shape == (10, 68, 2)
    assert rows.known("gaze").tolist() == [True] * 6 + [False] * 4
    assert rows.name(7) == "other.h5 row 1"
    assert (rows.luma(7) == Mixture(paths[1:]).luma(1)).all()


def test_a_weight_behind_a_name_is_that_of_its_rows(paths):
    rows = Mixture([paths[0], paths[1] + ":0.25"])
    assert rows.weight.tolist() == [1.0] * 6 + [0.25] * 4


def test_a_weight_that_is_no_number_is_told(paths):
    with pytest.raises(UsageError, match="its weight is no number"):
        Mixture([paths[0] + ":much"])


def test_a_file_that_is_not_there_is_told():
    with pytest.raises(InputMissing, match="absent.h5"):
        Mixture(["absent.h5"])


def test_a_file_without_rows_is_told(tmp_path):
    path = str(tmp_path / "empty.h5")
    with Writer(path, "nobody", "none"):
        pass
    with pytest.raises(DataError, match="no rows"):
        Mixture([path])


def test_the_same_number_in_two_files_is_not_the_same_person(paths):
    persons = Mixture(paths).persons()
    assert len(set(persons)) == 4 and not set(persons[:6]) & set(persons[6:])


def test_whole_people_are_kept_out(paths):
    rows = Mixture(paths)
    seen, kept = apart(rows, np.ones(10, bool))
    assert len(kept) and sorted([*seen, *kept]) == list(range(10))
    assert not set(rows.persons()[seen]) & set(rows.persons()[kept])


def test_every_tenth_row_is_kept_out_where_nobody_is_named(tmp_path):
    rows = Mixture([own_sample.write(str(tmp_path / "unnamed.h5"), 20, person=True)])
    seen, kept = apart(rows, np.ones(20, bool))
    assert kept.tolist() == [0, 10] and len(seen) == 18


def test_what_cannot_be_used_is_neither_seen_nor_kept(paths):
    usable = np.arange(10) % 2 == 0
    seen, kept = apart(Mixture(paths), usable)
    assert not (set(seen) | set(kept)) - set(np.where(usable)[0])


def test_a_face_is_looked_for_by_its_points_else_its_box_else_its_head(paths, tmp_path):
    by = {}
    for name, left_out in (("points", {}), ("box", {"points": True}),
                           ("head", {"points": True, "box": True}),
                           ("none", {"points": True, "box": True, "head": True})):
        path = own_sample.write(str(tmp_path / (name + ".h5")), 1, **left_out)
        by[name] = squares(Mixture([path]))[0]
    assert by["points"] == pytest.approx(by["box"], rel=1e-6)
    assert by["none"] is None
    head = Mixture([paths[0]])["head"][0]
    assert by["head"].side == pytest.approx(SIDE_OF_RADIUS * head[2])


def test_pictures_of_a_known_view_are_seen_along_the_ray(paths):
    rows = Mixture(paths[:1], 90.0)
    # at a right angle of view the picture's border is 45 degrees off
    aside = rows.towards((101, 201), (200, 50)).dot(np.array([100, 0, 100.5]))
    assert aside[:2] == pytest.approx([0, 0], abs=1e-9)
    assert (Mixture(paths[:1]).towards((101, 201), (200, 50)) == np.eye(3)).all()
    assert isinstance(squares(rows)[0], crop.Square)
