"""What is made of several looks at one face."""
import numpy as np

from appliance.face import ARKIT
from engines.training.sources import photographs, teacher


def test_a_look_that_went_astray_is_left_out():
    rng = np.random.RandomState(1)
    looks = rng.uniform(0, 256, (478, 3)) + rng.normal(0, 0.5, (6, 478, 3))
    looks[4] += 9
    assert teacher.agreeing(looks).tolist() == [True, True, True, True, False, True]


def test_a_mirrored_look_tells_the_other_side():
    names = ["_neutral"] + [name for name in ARKIT if name != "tongueOut"]
    scores = np.zeros(52)
    scores[names.index("eyeBlinkLeft")], scores[names.index("jawOpen")] = 0.9, 0.4
    seen = scores[teacher.sides(names)]
    assert seen[names.index("eyeBlinkRight")] == 0.9 and seen[names.index("jawOpen")] == 0.4
    assert seen.sum() == scores.sum()


def test_without_scores_there_are_no_sides():
    assert np.isnan(np.full(52, np.nan)[teacher.sides([])]).all()


def test_what_was_seen_is_read_again(tmp_path):
    rng = np.random.RandomState(2)
    face = dict(crop=rng.randint(0, 255, (256, 256, 3)).astype(np.uint8), size=123.0,
                mp=rng.normal(size=(478, 3)), names=np.array(["a"], "U32"))
    one = photographs.Photograph("x.jpg", "x.jpg", "portraits", "x.jpg")
    teacher.write(str(tmp_path / "x.npz"), [face, face])
    found = photographs.read(one, str(tmp_path / "x.npz"))
    assert len(found) == 2 and float(found[1]["size"]) == 123
    assert np.array_equal(found[0]["mp"], face["mp"])
    red = photographs.picture(found[0])[..., 2].astype(float)      # B, G, R of what was R, G, B
    assert np.corrcoef(red.ravel(), face["crop"][..., 0].ravel().astype(float))[0, 1] > 0.5


def test_a_photograph_that_was_not_looked_at_has_no_faces(tmp_path):
    one = photographs.Photograph("x.jpg", "x.jpg", "portraits", "x.jpg")
    assert photographs.read(one, str(tmp_path / "none.npz")) == []
