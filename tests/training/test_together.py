"""Two processes that torchrun starts train one network, and one goes on with it."""
import os
import subprocess
import sys

import pytest

torch = pytest.importorskip("torch", reason="networks are trained where torch is installed")

from engines.training import train, trainers  # noqa: E402 (needs what was looked for above)
from tests.training import sample  # noqa: E402

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


def torchrun(*words):
    """What the command printed, all its processes together."""
    return subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2",
         "-m"] + list(words), cwd=ROOT, check=True, timeout=300, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env=dict(os.environ, OMP_NUM_THREADS="1", CUDA_VISIBLE_DEVICES="")).stdout


@pytest.fixture(scope="module")
def material(tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("material"))
    sample.write(folder)
    return folder


@pytest.fixture(scope="module")
def trained(material, tmp_path_factory):
    """(folder, what was printed) of two processes' training of a second or so."""
    folder = str(tmp_path_factory.mktemp("together"))
    return folder, torchrun("tests.training.member", material, folder, "0.02")


def kept(trained, name):
    return torch.load(os.path.join(trained[0], name), weights_only=True)


def test_all_end_with_the_weights_that_are_saved(trained):
    saved = kept(trained, "run/checkpoint.pt")["average"]
    for name in ("member_0.pt", "member_1.pt"):
        theirs = kept(trained, name)["average"]
        assert set(theirs) == set(saved)
        assert all(torch.equal(theirs[key], saved[key]) for key in saved), name


def test_gradients_are_the_mean_of_all_processes(trained):
    assert [kept(trained, "member_%d.pt" % rank)["mean"] for rank in (0, 1)] == [0.5, 0.5]


def test_pictures_of_both_are_counted(trained):
    saved = kept(trained, "run/checkpoint.pt")
    assert saved["steps"] > 1 and saved["seen"] == 2 * 16 * saved["steps"]


class Seeded:
    """A source whose batch is its seed."""

    def __init__(self, seed):
        self._seed = seed

    def batch(self):
        return self._seed


def test_each_draws_crops_of_its_own(monkeypatch, tmp_path):
    seeds = []
    for rank in (0, 1):
        monkeypatch.setenv("RANK", str(rank))
        training = train.Training("iris", Seeded, str(tmp_path), 1)
        seeds.append(training.queue.get())
        for worker in training.workers:
            worker.terminate()
    assert 990 <= seeds[1] - seeds[0] <= 1090, "a thousand and the seconds between"


def test_the_first_alone_prints(trained):
    assert trained[1].count("eyes drawn") == 1 and trained[1].count(" min, step ") == 1


def test_two_go_on_where_two_stopped(trained, material):
    before = kept(trained, "run/checkpoint.pt")
    torchrun("tests.training.member", material, trained[0], str(before["spent"] / 60 + 0.01))
    after = kept(trained, "run/checkpoint.pt")
    assert after["steps"] > before["steps"] and after["spent"] > before["spent"]


def test_one_alone_goes_on_where_two_stopped(trained, material, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    before = kept(trained, "run/checkpoint.pt")
    trainers.iris(material, os.path.join(trained[0], "run"), before["spent"] / 60 + 1e-5, batch=16)
    after = kept(trained, "run/checkpoint.pt")
    assert after["steps"] == before["steps"] + 1 and after["seen"] == before["seen"] + 16
