"""An engine's worth: what is within its tolerance passes, what is not is told."""
import numpy as np
import pytest

from appliance.backends import manifest
from engines import recorded, verify
from engines.graph import Graph

OnnxRuntime = pytest.importorskip("appliance.backends.onnxruntime").OnnxRuntime
network = manifest.read()["iris"]
graph = Graph(network.content(), network.path)


@pytest.fixture(autouse=True)
def briefly(monkeypatch):
    monkeypatch.setattr(verify, "TURNS", 2)


@pytest.fixture(scope="module")
def trial():
    return verify.Trial(network.content(), network, graph)


class Off:
    """ONNX Runtime's engine with something done to its answers."""

    def __init__(self, change):
        self._engine, self._change = OnnxRuntime().load("iris"), change
        self.inputs = self._engine.inputs

    def infer(self):
        """The answers, changed."""
        out = {name: value.copy() for name, value in self._engine.infer().items()}
        self._change(self.inputs, out)
        return out


def judged(trial, change=lambda inputs, out: None):
    return trial.judge(Off(change))


def test_an_engine_that_answers_the_same_is_good(trial):
    verdict = judged(trial)
    assert verdict.wrong == [] and set(verdict.difference.values()) == {0.0}
    assert verdict.words.startswith("0 % of the eye's picture") and len(verdict.ms) == 2


@pytest.mark.parametrize("name", sorted(network.parts))
@pytest.mark.parametrize("share, good", [(0.8, True), (1.2, False)])
def test_an_output_may_differ_by_its_tolerance(trial, name, share, good):
    def change(inputs, out):
        out[name] += share * network.tolerances[name]
    verdict = judged(trial, change)
    assert (verdict.wrong == []) is good and verdict.nearest.startswith(name)
    assert all(text.startswith(name + ": off by") for text in verdict.wrong)


def test_one_bad_answer_among_good_ones_is_enough(trial):
    furthest = min(shown["turn"][0, 0] for shown in recorded.inputs(network))

    def change(inputs, out):
        if inputs["turn"][0, 0] == furthest:
            out["gaze"][0, 0] += 1.0
    allowed = network.tolerances["gaze"]
    assert judged(trial, change).wrong == ["gaze: off by 1, %g is allowed" % allowed]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_wrong_even_where_no_camera_looks(trial, value):
    def change(inputs, out):
        if inputs["image"].min() == 255.0:      # white alone
            out["openness"][:] = value
    assert judged(trial, change).wrong == ["openness: NaN or infinite"]


def test_the_effect_of_a_difference_is_told_in_the_users_terms(trial):
    def change(inputs, out):
        out["gaze"] += 0.25
    assert "0.25 degrees of gaze" in judged(trial, change).words


def test_an_output_without_a_tolerance_may_differ_by_a_share_of_itself():
    own = verify.Trial(network.content(), network._replace(tolerances={}), graph)
    assert own.allowed("points") == pytest.approx(verify.SHARE * 64, rel=0.5)


def test_nodes_come_by_their_magnitudes(trial):
    found = trial.magnitudes()
    sizes = [size for size, _ in found]
    assert sizes == sorted(sizes, reverse=True) and sizes[0] == 255.0
    named = {node.name for node in graph.nodes if node.kind != "Constant"}
    assert {name for _, name in found} == named
