"""`adopt` puts a network of one's own in the place of ours, or says why it cannot."""
import os

import numpy as np
import pytest

for needed in ("h5py", "scipy", "onnx", "onnxruntime"):
    pytest.importorskip(needed)

from appliance.backends import manifest  # noqa: E402 (needs what was looked for above)
from appliance.backends.onnxruntime import OnnxRuntime  # noqa: E402
from appliance.tracker import Tracker  # noqa: E402
from engines.training.__main__ import main  # noqa: E402
from tests.backends.test_duties import ANSWERS, ini, network  # noqa: E402, F401


def test_an_adopted_network_is_run(ini, tmp_path, capfd):      # noqa: F811 (the fixture)
    os.mkdir(str(tmp_path / "elsewhere"))
    path = network(tmp_path / "elsewhere" / "mine.onnx")
    main(["adopt", "landmarks", path, "--manifest", ini])
    assert "[landmarks] in" in capfd.readouterr().out
    face, = Tracker(backend=OnnxRuntime(ini))(np.zeros((480, 640), np.uint8),
                                             rois=[(250, 150, 350, 250)])
    assert face.score == pytest.approx(0.9, abs=0.01)
    assert manifest.read(ini)["landmarks"].path == str(tmp_path / "mine.onnx")


def test_which_shapes_are_driven_stays(ini, tmp_path):         # noqa: F811
    before = manifest.read(ini)["expression"]
    path = network(tmp_path / "mine.onnx", {"shapes": np.zeros((1, 29))}, (1, 96, 96, 1),
                   [("turn", (1, 2))])
    main(["adopt", "expression", path, "--manifest", ini, "--score", "0.3"])
    after = manifest.read(ini)["expression"]
    assert after.driven == before.driven and after.score == 0.3 and not after.parts
    assert after.tolerance == 0.05


def refused(capfd, *words):
    with pytest.raises(SystemExit) as left:
        main(["adopt"] + list(words))
    line = capfd.readouterr().err
    assert line.startswith("kagami: error: ") and line.count("\n") == 1
    return left.value.code, line


def test_a_network_for_other_work_changes_nothing(ini, tmp_path, capfd):       # noqa: F811
    with open(ini) as f:
        before = f.read()
    path = network(tmp_path / "mine.onnx", dict(ANSWERS, points=np.zeros((1, 98, 2))))
    status, line = refused(capfd, "landmarks", path, "--manifest", ini)
    assert status == 65 and "output points is 1x98x2, the tracker wants 1x68x2" in line
    with open(ini) as f:
        assert f.read() == before


def test_shapes_that_are_not_fixed_are_told(ini, tmp_path, capfd):     # noqa: F811
    path = network(tmp_path / "mine.onnx", image=("batch", 128, 128, 1))
    status, line = refused(capfd, "landmarks", path, "--manifest", ini)
    assert status == 65 and "image is no float tensor of a fixed shape" in line


def test_what_is_no_network_is_told(ini, tmp_path, capfd):     # noqa: F811
    (tmp_path / "text.onnx").write_text("no network")
    assert refused(capfd, "landmarks", str(tmp_path / "text.onnx"), "--manifest", ini)[0] == 65
    assert refused(capfd, "landmarks", str(tmp_path / "none.onnx"), "--manifest", ini)[0] == 66
