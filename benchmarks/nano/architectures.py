"""The published networks whose timings on a Nano are known, as fused layers: public facts of their
architectures, each from its paper or the code that names it.

`NETS[name](height, width)` gives [Layer].
"""
from benchmarks.nano.layers import Stack


def alexnet(height, width):
    """torchvision's one-tower AlexNet."""
    net = Stack(3, height, width).convolution(64, 11, 4, pad=2).pool(3, 2)
    net.convolution(192, 5).pool(3, 2).convolution(384, 3).convolution(256, 3)
    net.convolution(256, 3).pool(3, 2)
    return net.dense(4096).dense(4096).dense(1000).layers


def _fires(net, *sizes):
    """Fire modules: a squeeze, then both expansions of what came of it."""
    for squeeze, expand in sizes:
        net.convolution(squeeze, 1).convolution(expand, 1)
        net.at(squeeze).convolution(expand, 3).at(2 * expand)
    return net


def squeezenet1_0(height, width):
    """SqueezeNet with three pools late."""
    net = Stack(3, height, width).convolution(96, 7, 2, pad=0).pool(3, 2, whole=True)
    _fires(net, (16, 64), (16, 64), (32, 128)).pool(3, 2, whole=True)
    _fires(net, (32, 128), (48, 192), (48, 192), (64, 256)).pool(3, 2, whole=True)
    return _fires(net, (64, 256)).convolution(1000, 1).average().layers


def squeezenet1_1(height, width):
    """SqueezeNet with its pools early."""
    net = Stack(3, height, width).convolution(64, 3, 2, pad=0).pool(3, 2, whole=True)
    _fires(net, (16, 64), (16, 64)).pool(3, 2, whole=True)
    _fires(net, (32, 128), (32, 128)).pool(3, 2, whole=True)
    _fires(net, (48, 192), (48, 192), (64, 256), (64, 256))
    return net.convolution(1000, 1).average().layers


def _residual(net, blocks, bottleneck):
    """The body of a ResNet: `blocks` of each of four widths."""
    net.convolution(64, 7, 2, pad=3).pool(3, 2, 1)
    for i, count in enumerate(blocks):
        for j in range(count):
            _block(net, 64 * 2 ** i, 2 if i and not j else 1, bottleneck)
    return net


def _block(net, width, stride, bottleneck):
    start, wanted = net.shape, width * (4 if bottleneck else 1)
    if stride > 1 or start[0] != wanted:
        net.convolution(wanted, 1, stride).at(*start)
    if bottleneck:
        net.convolution(width, 1).convolution(width, 3, stride)
        net.convolution(wanted, 1, shortcut=True)
    else:
        net.convolution(width, 3, stride).convolution(width, 3, shortcut=True)


def resnet(blocks, bottleneck):
    """torchvision's ResNet of so many blocks."""
    return lambda height, width: _residual(
        Stack(3, height, width), blocks, bottleneck).average().dense(1000).layers


def vgg(*counts):
    """VGG with so many convolutions before each pool."""
    def made(height, width):
        net = Stack(3, height, width)
        for i, count in enumerate(counts):
            for _ in range(count):
                net.convolution(min(512, 64 * 2 ** i), 3)
            net.pool(2, 2)
        return net.dense(4096).dense(4096).dense(1000).layers
    return made


def densenet(growth, first, *blocks):
    """DenseNet; the norm before each layer cannot be folded and moves all that came before."""
    def made(height, width):
        net = Stack(3, height, width).convolution(first, 7, 2, pad=3).pool(3, 2, 1)
        for i, count in enumerate(blocks):
            if i:
                net.move(2 * net.values, "norm").convolution(net.shape[0] // 2, 1).pool(2, 2)
            for _ in range(count):
                channels = net.shape[0]
                net.move(2 * net.values, "norm").convolution(4 * growth, 1)
                net.convolution(growth, 3).at(channels + growth)
        return net.move(2 * net.values, "norm").average().dense(1000).layers
    return made


def _inverted(net, channels, stride, shortcut):
    """MobileNetV2's block: six times as wide, each channel by itself, narrow again."""
    net.convolution(6 * net.shape[0], 1).depthwise(stride)
    net.convolution(channels, 1, shortcut=shortcut)


def mobilenet_v2(height, width):
    """MobileNetV2 of width 1."""
    net = Stack(3, height, width).convolution(32, 3, 2).depthwise().convolution(16, 1)
    for channels, count, stride in ((24, 2, 2), (32, 3, 2), (64, 4, 2), (96, 3, 1), (160, 3, 2),
                                    (320, 1, 1)):
        for j in range(count):
            _inverted(net, channels, 1 if j else stride, j > 0)
    return net.convolution(1280, 1).average().dense(1000).layers


def fast_scnn(height, width):
    """Fast-SCNN (Tramac's, 19 classes, scores at the picture's size): the 60 layers of the log."""
    net = Stack(3, height, width).convolution(32, 3, 2, pad=0)
    net.depthwise(2).convolution(48, 1).depthwise(2).convolution(64, 1)
    fine = net.shape[1:]
    for channels, stride in ((64, 2), (96, 2), (128, 1)):
        for j in range(3):
            _inverted(net, channels, 1 if j else stride, j > 0)
    _pyramid(net)
    net.move(128 * (net.shape[1] * net.shape[2] + fine[0] * fine[1]), "resize").at(128, *fine)
    net.depthwise().convolution(128, 1).at(64).convolution(128, 1, shortcut=True)
    net.depthwise().convolution(128, 1).depthwise().convolution(128, 1).convolution(19, 1)
    return net.move(net.values + 19 * height * width, "resize").layers


def _pyramid(net):
    """Four pools of the whole map, each narrowed, sized up again and laid beside it."""
    whole, (_, height, width) = net.values, net.shape
    for side in (1, 2, 3, 6):
        net.at(128, height, width).move(whole + 128 * side * side, "pool")
        net.at(128, side, side).convolution(32, 1)
        net.move(net.values + 32 * height * width, "resize")
    for values in (whole,) + 4 * (32 * height * width,):
        net.move(2 * values)
    net.at(256, height, width).convolution(128, 1)


def ultra_fast_lanes(height, width):
    """Ultra-Fast-Lane-Detection, CULane: a ResNet-18 and two dense layers, 26 layers in the log.
    """
    net = _residual(Stack(3, height, width), (2, 2, 2, 2), False).convolution(8, 1)
    return net.move(2 * net.values).dense(2048).dense(14472).move(2 * 14472).layers


def yolov3_tiny(height, width):
    """YOLOv3-tiny; its leaky activations are layers of their own."""
    net = Stack(3, height, width)
    for channels in (16, 32, 64, 128, 256):
        _leaky(net, channels, 3)
        fine = net.shape[1:]
        net.pool(2, 2)
    _leaky(net, 512, 3).move(2 * net.values, "pool")
    coarse = _leaky(_leaky(net, 1024, 3), 256, 1).shape
    _leaky(net, 512, 3).convolution(255, 1)
    _leaky(net.at(*coarse), 128, 1).move(5 * net.values, "resize").at(128, *fine)
    net.move(2 * net.values).move(2 * 2 * net.values)       # laid beside the finer map
    return _leaky(net.at(384), 256, 3).convolution(255, 1).layers


def _leaky(net, channels, kernel):
    net.convolution(channels, kernel)
    return net.move(2 * net.values, "leaky")


NETS = {
    "alexnet": alexnet, "squeezenet1_0": squeezenet1_0, "squeezenet1_1": squeezenet1_1,
    "resnet18": resnet((2, 2, 2, 2), False), "resnet34": resnet((3, 4, 6, 3), False),
    "resnet50": resnet((3, 4, 6, 3), True), "resnet101": resnet((3, 4, 23, 3), True),
    "resnet152": resnet((3, 8, 36, 3), True),
    "densenet121": densenet(32, 64, 6, 12, 24, 16), "densenet161": densenet(48, 96, 6, 12, 36, 24),
    "densenet169": densenet(32, 64, 6, 12, 32, 32), "densenet201": densenet(32, 64, 6, 12, 48, 32),
    "vgg11": vgg(1, 1, 2, 2, 2), "vgg13": vgg(2, 2, 2, 2, 2), "vgg16": vgg(2, 2, 3, 3, 3),
    "vgg19": vgg(2, 2, 4, 4, 4), "mobilenet_v2": mobilenet_v2, "fast_scnn": fast_scnn,
    "ultra_fast_lanes": ultra_fast_lanes, "yolov3_tiny": yolov3_tiny}
