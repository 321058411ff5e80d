"""The inputs that engines are tried on."""
import os

import numpy as np
import pytest

from appliance.backends import manifest
from engines import recorded

networks = sorted(manifest.read().values(), key=lambda network: network.name)
names = [network.name for network in networks]


@pytest.mark.parametrize("network", networks, ids=names)
@pytest.mark.parametrize("make", [recorded.of, recorded.inputs, recorded.extremes])
def test_inputs_have_the_networks_shapes(network, make):
    found = make(network)
    assert len(found) >= 4
    for one in found:
        assert {name: value.shape for name, value in one.items()} == dict(network.inputs)
        assert all(value.dtype == np.float32 for value in one.values())


@pytest.mark.parametrize("network", networks, ids=names)
def test_recorded_pictures_are_of_one_thing_after_the_other(network):
    pictures = [one["image"] for one in recorded.of(network)]
    for first, second in zip(pictures, pictures[1:]):
        assert np.abs(first - second).mean() > 0.5 and first.std() > 5


@pytest.mark.parametrize("name", sorted(set(names) - {"detector"}))
def test_of_several_faces_each_is_at_a_moment_of_its_own(name):
    network = manifest.read()[name]
    alone, together = recorded.inputs(network), recorded.inputs(network.of(3))
    assert len(together) == len(alone)
    parts = np.split(together[-1]["image"], 3)
    assert all(np.array_equal(part, alone[i]["image"]) for part, i in zip(parts, (-1, 0, 1)))


def test_a_network_that_nothing_was_recorded_for_gets_the_same_noise_each_time():
    own = networks[0]._replace(name="own")
    first, second = recorded.inputs(own), recorded.inputs(own)
    assert recorded.of(own) == [] and len(first) == recorded.NOISE
    assert all(np.array_equal(a["image"], b["image"]) for a, b in zip(first, second))


def test_other_shapes_than_those_recorded_get_noise():
    grown = networks[0]._replace(inputs={"image": (1, 10, 10, 1)})
    assert recorded.of(grown) == [] and recorded.inputs(grown)[0]["image"].shape == (1, 10, 10, 1)


def test_the_file_stays_small():
    assert os.path.getsize(recorded.FILE) < 500e3
