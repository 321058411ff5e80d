"""Several samples files as one list of rows."""
import numpy as np
import pytest

pytest.importorskip("h5py", reason="training from samples wants h5py")

from appliance.errors import DataError  # noqa: E402 (needs what was looked for above)
from appliance.stages import crop  # noqa: E402
from engines.training import collection  # noqa: E402
from engines.training.collection import Collection, squares  # noqa: E402
from engines.training.samples import Writer  # noqa: E402
from tests.training import own_sample  # noqa: E402


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    folder = tmp_path_factory.mktemp("samples")
    return [own_sample.write(str(folder / "one.h5"), 6, 2),
            own_sample.write(str(folder / "other.h5"), 4, 2, gaze=True)]


def test_rows_of_all_files_follow_each_other(paths):
    rows = Collection(paths)
    assert len(rows) == 10 and rows["points"].shape == (10, 68, 2)
    assert rows.known("gaze").tolist() == [True] * 6 + [False] * 4
    assert rows.name(7) == "other.h5 row 1"
    assert (rows.luma(7) == Collection(paths[1:]).luma(1)).all()


def test_a_weight_behind_a_name_is_that_of_its_rows(paths):
    rows = Collection([paths[0], paths[1] + ":0.25"])
    assert rows.weight.tolist() == [1.0] * 6 + [0.25] * 4


def test_a_file_without_rows_is_told(tmp_path):
    path = str(tmp_path / "empty.h5")
    with Writer(path, "nobody", "none"):
        pass
    with pytest.raises(DataError, match="no rows"):
        Collection([path])


def test_the_same_number_in_two_files_is_not_the_same_person(paths):
    persons = Collection(paths).persons()
    assert len(set(persons)) == 4 and not set(persons[:6]) & set(persons[6:])


def test_of_each_file_whole_people_are_kept_out(paths):
    rows = Collection(paths)
    kept, persons = rows.kept_out(), rows.persons()
    assert kept[:6].any() and kept[6:].any() and not kept.all()
    assert not set(persons[kept]) & set(persons[~kept])


def test_a_face_is_looked_for_by_its_points_else_its_box_else_its_head(paths, tmp_path):
    by = {}
    for name, left_out in (("points", {}), ("box", {"points": True}),
                           ("head", {"points": True, "box": True}),
                           ("none", {"points": True, "box": True, "head": True})):
        path = own_sample.write(str(tmp_path / (name + ".h5")), 1, **left_out)
        by[name] = squares(Collection([path]))[0]
    assert by["points"].centre == pytest.approx(by["box"].centre)
    assert by["points"].side == pytest.approx(by["box"].side)
    assert by["none"] is None
    head = Collection([paths[0]])["head"][0]
    assert by["head"].side == pytest.approx(collection.SIDE_OF_HEAD * head[2])


def test_pictures_of_a_known_view_are_seen_along_the_ray(paths):
    rows = Collection(paths[:1], 90.0)
    # at a right angle of view the picture's border is 45 degrees off
    aside = rows.towards((101, 201), (200, 50)).dot(np.array([100, 0, 100.5]))
    assert aside[:2] == pytest.approx([0, 0], abs=1e-9)
    assert (Collection(paths[:1]).towards((101, 201), (200, 50)) == np.eye(3)).all()
    assert isinstance(squares(rows)[0], crop.Square)
