"""The published networks have the layers and the work that are known of them."""
import pytest

from benchmarks.nano.architectures import NETS
from benchmarks.nano.layers import Stack


@pytest.mark.parametrize("net, size, layers", [
    ("fast_scnn", (384, 384), 60), ("ultra_fast_lanes", (288, 800), 26)])
def test_a_network_has_the_layers_of_its_log(net, size, layers):
    assert len(NETS[net](*size)) == layers


@pytest.mark.parametrize("net, size, gflop", [
    ("resnet18", 224, 3.63), ("resnet50", 224, 8.18), ("resnet152", 224, 23.0),
    ("vgg16", 224, 30.9), ("alexnet", 224, 1.43), ("squeezenet1_0", 224, 1.65),
    ("densenet121", 224, 5.67), ("mobilenet_v2", 300, 1.13),
    ("yolov3_tiny", 416, 5.56)])
def test_a_network_multiplies_as_often_as_is_known(net, size, gflop):
    assert sum(layer.flops for layer in NETS[net](size, size)) / 1e9 == pytest.approx(gflop, 0.01)


def test_a_convolution_reads_and_writes_its_values_and_weights():
    layer, = Stack(2, 4, 4).convolution(3, 3, 2).layers
    assert layer.moved == 2 * (2 * 16 + 3 * 4 + 3 * 2 * 9)


def test_a_shortcut_is_read_too():
    plain, added = (Stack(2, 4, 4).convolution(2, 1, shortcut=s).layers[0] for s in (False, True))
    assert added.moved - plain.moved == 2 * 32 and added.flops == plain.flops


def test_kinds_are_told_by_kernel_stride_and_groups():
    net = Stack(8, 16, 16).convolution(8, 3).convolution(8, 1).depthwise().convolution(8, 3, 2)
    assert [layer.kind for layer in net.layers] == ["3x3", "1x1", "depthwise", "other"]
