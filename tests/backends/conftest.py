"""What the tests of backends share."""
import numpy as np
import pytest

from appliance.backends import manifest
from tests.fakes.onnx_files import constant_network

INPUTS = {"image": (1, 8, 8, 1)}
VALUE = np.arange(6, dtype=np.float32).reshape(2, 3)


@pytest.fixture
def engines(tmp_path):
    """A folder with one recorded network that always answers VALUE."""
    constant_network(tmp_path / "small.onnx", INPUTS, {"values": VALUE})
    manifest.record("small", "small.onnx", INPUTS, {"values": (2, 3)}, path=path(tmp_path),
                    score="0.3", licence="MIT", tolerance="0.02")
    return tmp_path


def path(folder):
    """The record of the networks in a folder."""
    return str(folder / "manifest.ini")
