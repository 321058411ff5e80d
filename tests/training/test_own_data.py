"""The commands of `python -m engines.training samples`."""
import os

import cv2
import numpy as np
import pytest

h5py = pytest.importorskip("h5py", reason="files of samples need h5py")
pytest.importorskip("scipy", reason="Matlab's files need scipy")
pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")

from appliance.backends import manifest  # noqa: E402 (needs what was looked for above)
from appliance.backends.onnxruntime import OnnxRuntime  # noqa: E402
from appliance.stages.detector import Detector  # noqa: E402
from appliance.stages.landmarks import log_odds  # noqa: E402
from engines.training import own_data  # noqa: E402
from engines.training.__main__ import main  # noqa: E402
from engines.training.samples import Reader, Writer, all_faces  # noqa: E402
from tests.data import DATA  # noqa: E402
from tests.training import sample  # noqa: E402
from tests.training.test_layouts import synthetic  # noqa: E402

DEV = os.path.join(DATA, "aflw_dev")


def run(*words):
    main(["samples"] + [str(word) for word in words])


def refused(status, capfd, *words):
    """The one line that a command ends in."""
    with pytest.raises(SystemExit) as left:
        run(*words)
    line = capfd.readouterr().err
    assert left.value.code == status and line.count("\n") == 1
    assert line.startswith("kagami: error: ")
    return line


@pytest.fixture
def path(tmp_path):
    return sample.samples(tmp_path / "all.h5", 5)


def test_a_data_set_becomes_a_file(tmp_path, capfd):
    synthetic(tmp_path / "set", "000000")
    run("import", "face-synthetics", tmp_path / "set", tmp_path / "out.h5")
    assert len(Reader(str(tmp_path / "out.h5"))) == 1
    told = capfd.readouterr()
    assert "1 rows of Face Synthetics (for non-commercial research only)" in told.out
    assert told.err == "Face Synthetics: 1 of 1 rows\n"


def test_a_folder_that_is_none_of_the_layout_is_one_line(tmp_path, capfd):
    line = refused(66, capfd, "import", "wider-face", tmp_path, tmp_path / "o.h5")
    assert "no such file" in line


def test_what_is_in_a_file_is_told(path, capfd):
    run("info", path)
    lines = capfd.readouterr().out.splitlines()
    assert lines[0] == path + ": 5 pictures" and "source   made up" in lines
    assert "points       known of 5" in lines and "faces        10, 5 of them ignored" in lines
    assert lines[-1] == "pictures from 640x480 to 640x480, of 5 that were decoded"


def test_what_is_wrong_in_a_file_is_told(path, capfd):
    with h5py.File(path, "r+") as file:
        file["face_picture"][3] = 9
    assert "face_picture of row 3 is 9" in refused(65, capfd, "info", path)


def test_a_page_is_written(path, tmp_path, capfd):
    run("show", path, "--out", tmp_path / "page.png")
    assert cv2.imread(str(tmp_path / "page.png")).shape == (1024, 1536, 3)
    assert capfd.readouterr().out.endswith("page.png: page 1 of 1\n")


def test_a_page_that_is_not_there_is_one_line(path, tmp_path, capfd):
    refused(66, capfd, "show", path, "--page", 2, "--out", tmp_path / "page.png")
    assert not (tmp_path / "page.png").exists()


def faces_of(path, count=40):
    """Write real photographs with the box of their points each; see aflw_dev."""
    labels = np.load(os.path.join(DEV, "labels.npz"), allow_pickle=True)
    with Writer(str(path), "", "") as out:
        for name, box in list(zip(labels["names"], labels["box"]))[:count]:
            with open(os.path.join(DEV, str(name)), "rb") as f:
                out.add(f.read(), faces=all_faces([box]))
    return str(path)


@pytest.mark.skipif(not os.path.isdir(DEV), reason="no photographs here")
@pytest.mark.parametrize("size", [[], ["--size", "640x384"]])
def test_the_shipped_detector_finds_most_faces_of_photographs(tmp_path, capfd, size):
    run("score-detector", faces_of(tmp_path / "a.h5"), *size)
    lines = capfd.readouterr().out.splitlines()
    assert ("640x384" if size else "320x192") in lines[0] and "not those published" in lines[0]
    level, count, average = lines[2].split()[:3]
    assert (level, count) == ("easy", "40") and float(average) > 0.8


class Told:
    """A detector's engine that says the same of every picture: one box, a cell of stride 16."""

    def __init__(self):
        self.network = manifest.read()["detector"]
        self.inputs = {"image": np.zeros((1, 192, 320, 1), np.float32)}
        self.outputs = {name: np.full(shape, -9, np.float32)
                        for name, shape in self.network.parts.items()}
        self.outputs["score16"][0, 0, 4, 6] = log_odds(0.03)    # below the manifest's threshold
        self.outputs["box16"][0, :, 4, 6] = 2           # 32 pixels each way from 103.5, 71.5

    def infer(self):
        return self.outputs


def test_boxes_below_the_own_threshold_count_for_the_average(tmp_path):
    """A picture twice as large as the network's: the box is found there, but not believed."""
    with Writer(str(tmp_path / "a.h5"), "", "") as out:
        out.add(cv2.imencode(".png", np.zeros((384, 640), np.uint8))[1].tobytes(),
                faces=all_faces([(143.5, 79.5, 271.5, 207.5)]))
    engine = Told()
    assert Detector(engine)(np.zeros((384, 640), np.uint8)) == []
    every, usual = (tally.levels()["easy"] for tally in own_data.tallied(
        engine, Reader(str(tmp_path / "a.h5")), False))
    assert (every.faces, every.average) == (1, 1)
    assert (usual.recall, usual.false) == (0, 0)


def test_a_detector_is_scored_on_faces_alone(tmp_path, capfd):
    made = sample.samples(tmp_path / "a.h5", 2, ("faces",))
    assert "it has no faces to find" in refused(65, capfd, "score-detector", made)


@pytest.mark.parametrize("size", ["640", "axb", "640x8", "1x2x3"])
def test_a_size_that_is_none_is_told(path, capfd, size):
    assert "try 640x384" in refused(2, capfd, "score-detector", path, "--size", size)


def test_another_manifest_s_detector_is_scored(path, tmp_path, capfd):
    network = manifest.read()["detector"]
    with open(network.path, "rb") as f:
        (tmp_path / "mine.onnx").write_bytes(f.read())
    mine = str(tmp_path / "manifest.ini")
    manifest.record("detector", "mine.onnx", network.inputs, network.outputs, mine, score=0.5,
                    parts=manifest.spelt(network.parts))
    run("score-detector", path, "--manifest", mine)
    assert "easy" in capfd.readouterr().out
    assert OnnxRuntime(mine).load("detector").network.path == str(tmp_path / "mine.onnx")
