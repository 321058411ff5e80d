"""The fit finds a machine that is known, and each network is predicted without itself."""
import numpy as np
import pytest

from benchmarks.nano import roofline
from benchmarks.nano.layers import Layer

MACHINE = np.log([500.0, 250.0, 300.0, 20.0, 10.0, 5.0, 1.5])
NETS = ("alexnet", "squeezenet1_0", "squeezenet1_1", "resnet18", "resnet50", "densenet121",
        "vgg16", "mobilenet_v2", "fast_scnn")


def row(net, ms, loop=roofline.LOOP, **more):
    return roofline.Row(net, (224, 224), ms, loop, "fit", more.get("layers", 0),
                        more.get("enqueue", 0.0), "a test")


@pytest.fixture(scope="module")
def known():
    """(rows, works) whose times are those of MACHINE."""
    works = roofline.works([row(net, 1.0) for net in NETS])
    return [row(net, roofline.predicted(work, MACHINE, roofline.LOOP))
            for net, work in zip(NETS, works)], works


def test_the_fit_predicts_a_known_machine(known):
    errors = roofline.errors(roofline.fit(*known), *known)
    assert np.abs(errors).max() < 0.005


def test_a_fit_that_never_saw_a_network_predicts_it_on_a_known_machine(known):
    assert np.abs(roofline.left_out(known[0], known[1], roofline.BEGIN)).max() < 0.1


def test_who_is_predicted_had_no_part_in_the_fit(known):
    rows, works = known
    wrong = [r._replace(ms=3 * r.ms) if r.net == "vgg16" else r for r in rows]
    out = roofline.left_out(wrong, works, roofline.BEGIN)
    assert np.exp(out[NETS.index("vgg16")]) == pytest.approx(1 / 3.0, rel=0.1)


def test_a_layer_waits_for_the_slower_of_memory_and_multiplications():
    work = roofline.Work([Layer("a", "3x3", 5e8, 10.0), Layer("b", "3x3", 10.0, 1e7)])
    assert work.each(MACHINE) == pytest.approx([1.005, 1.005])


def test_only_timings_of_its_loop_hold_a_turn_of_it():
    work = roofline.Work([Layer("a", "memory", 0.0, 1e7)])
    alone, looped = (roofline.predicted(work, MACHINE, loop) for loop in ("", roofline.LOOP))
    assert looped - alone == pytest.approx(1.5)


def test_launch_costs_are_a_layer_s():
    rows = [row("x", 1, layers=10, enqueue=0.4), row("y", 1, layers=20, enqueue=1.2), row("z", 1)]
    assert roofline.launch_costs(rows) == pytest.approx((40, 50, 60))


def test_every_published_row_names_its_source_and_a_network_that_is_known():
    rows = roofline.published()
    assert all(r.source and r.ms > 0 for r in rows)
    assert {r.net for r in rows if r.use in ("fit", "check")} <= set(roofline.NETS)
