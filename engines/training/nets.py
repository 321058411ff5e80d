"""The three networks as torch modules: luma crops in, the outputs of the manifest out.

All are plain stacks of 3x3 convolutions. In training each layer is a sum of a 3x3, a 1x1 and, where shapes agree, an
identity branch, each batch-normalised; `deploy` folds them into one convolution with bias and ReLU (RepVGG,
arXiv 2101.03697), which is what runs: few, dense layers suit the Nano's launch costs and a CPU's wide vectors alike.
The luma is folded to four channels at half size first: a strided stem for free.
"""
import math

import torch
from torch import nn
from torch.nn import functional as F


class Conv(nn.Module):
    """3x3 convolution, batch norm, ReLU; three branches in training, one after `deploy`."""

    def __init__(self, inputs, outputs, stride=1):
        super().__init__()
        self.stride = stride
        self.wide = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.wide_norm = nn.BatchNorm2d(outputs)
        self.point = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
        self.point_norm = nn.BatchNorm2d(outputs)
        self.skip_norm = nn.BatchNorm2d(inputs) if inputs == outputs and stride == 1 else None
        self.folded = None

    def forward(self, x):
        if self.folded is not None:
            return F.relu(self.folded(x))
        y = self.wide_norm(self.wide(x)) + self.point_norm(self.point(x))
        if self.skip_norm is not None:
            y = y + self.skip_norm(x)
        return F.relu(y)

    def deploy(self):
        """Replace the branches by the one convolution that equals their sum."""
        weight, bias = _fold(self.wide.weight, self.wide_norm)
        w, b = _fold(self.point.weight, self.point_norm)
        weight, bias = weight + F.pad(w, (1, 1, 1, 1)), bias + b
        if self.skip_norm is not None:
            eye = torch.eye(weight.shape[0])[:, :, None, None]
            w, b = _fold(F.pad(eye, (1, 1, 1, 1)), self.skip_norm)
            weight, bias = weight + w, bias + b
        self.folded = nn.Conv2d(weight.shape[1], weight.shape[0], 3, self.stride, 1)
        self.folded.weight.data, self.folded.bias.data = weight.detach(), bias.detach()
        del self.wide, self.wide_norm, self.point, self.point_norm, self.skip_norm


def _fold(weight, norm):
    k = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    return weight * k[:, None, None, None], norm.bias - norm.running_mean * k


class Folded(nn.Module):
    """What every network begins with: NHWC luma 0..255 to four channels at half size, about -1..1."""

    def forward(self, image):
        x = F.pixel_unshuffle(image.permute(0, 3, 1, 2) * (1 / 64.0) - 2.0, 2)
        return x.contiguous(memory_format=torch.channels_last)


def stack(*widths):
    """Conv layers from a list of widths; a width with a minus sign halves the picture."""
    layers, last = [], 4
    for w in widths:
        layers.append(Conv(last, abs(w), 2 if w < 0 else 1))
        last = abs(w)
    return nn.Sequential(*layers)


class Landmarks(nn.Module):
    """(N, 128, 128, 1) -> points (N, 68, 2) px, log_sigma (N, 68), score (N, 1), rotation (N, 6), blendshapes (N, 52)."""

    def __init__(self, widths=(24, -32, -64, 64, 64, -96, 96, 96, -128, 128), hidden=256):
        super().__init__()
        self.fold, self.body = Folded(), stack(*widths)
        self.hidden = nn.Linear(abs(widths[-1]) * 16, hidden)
        self.points = nn.Linear(hidden, 136)
        self.rest = nn.Linear(hidden, 68 + 1 + 6 + 52)
        nn.init.normal_(self.points.weight, std=0.01)
        nn.init.normal_(self.rest.weight, std=0.01)
        nn.init.zeros_(self.rest.bias)

    def start_from(self, mean_points):
        """Begin at the mean face: (68, 2) crop pixels."""
        self.points.bias.data = ((mean_points - 63.5) / 32.0).reshape(-1).float()
        self.rest.bias.data[69:75] = torch.tensor([1.0, 0, 0, 0, 1.0, 0])

    def forward(self, image):
        x = self.body(self.fold(image))
        x = F.relu(self.hidden(x.permute(0, 2, 3, 1).reshape(-1, self.hidden.in_features)))
        rest = self.rest(x)
        return {"points": self.points(x).reshape(-1, 68, 2) * 32.0 + 63.5, "log_sigma": rest[:, :68],
                "score": torch.sigmoid(rest[:, 68:69]), "rotation": rest[:, 69:75],
                "blendshapes": torch.sigmoid(rest[:, 75:] * 4.0 - 3.0)}


class Iris(nn.Module):
    """(N, 64, 64, 1) -> points (N, 5, 2) px, openness (N, 1), gaze (N, 2) degrees, score (N, 1); left eyes."""

    def __init__(self, widths=(16, -24, 24, -48, 48, -64, 64), hidden=96):
        super().__init__()
        self.fold, self.body = Folded(), stack(*widths)
        self.hidden = nn.Linear(abs(widths[-1]) * 16, hidden)
        self.out = nn.Linear(hidden, 14)
        nn.init.normal_(self.out.weight, std=0.01)
        nn.init.zeros_(self.out.bias)

    def forward(self, image):
        x = self.body(self.fold(image))
        x = F.relu(self.hidden(x.permute(0, 2, 3, 1).reshape(-1, self.hidden.in_features)))
        y = self.out(x)
        return {"points": y[:, :10].reshape(-1, 5, 2) * 16.0 + 31.5, "openness": torch.clamp(y[:, 10:11] + 0.7, 0, 1.3),
                "gaze": y[:, 11:13] * 20.0, "score": torch.sigmoid(y[:, 13:14])}


class Detector(nn.Module):
    """(N, H, W, 1) -> per stride s in (8, 16): score<s> (N, h, w, 1), box<s> (N, h, w, 4), points<s> (N, h, w, 10), in
    units of the stride from the cell's centre; H and W multiples of 32."""

    def __init__(self, widths8=(16, -24, -32, 32, 48), widths16=(-64, 64, 64), widths32=(-96, 96)):
        super().__init__()
        self.fold, self.body8 = Folded(), stack(*widths8)
        self.body16 = _more(widths8[-1], widths16)
        self.body32 = _more(widths16[-1], widths32)
        self.up32 = nn.Conv2d(widths32[-1], widths16[-1], 1)
        self.up16 = nn.Conv2d(widths16[-1], widths8[-1], 1)
        self.head8 = nn.Sequential(Conv(widths8[-1], 48), nn.Conv2d(48, 15, 1))
        self.head16 = nn.Sequential(Conv(widths16[-1], 64), nn.Conv2d(64, 15, 1))
        for head in (self.head8, self.head16):
            nn.init.normal_(head[-1].weight, std=0.01)
            head[-1].bias.data = torch.tensor([-math.log(200.0)] + [1.0] * 4 + [0.0] * 10)

    def forward(self, image):
        a = self.body8(self.fold(image))
        b = self.body16(a)
        b = b + F.interpolate(self.up32(self.body32(b)), scale_factor=2.0, mode="nearest")
        a = a + F.interpolate(self.up16(b), scale_factor=2.0, mode="nearest")
        out = {}
        for stride, y in ((8, self.head8(a)), (16, self.head16(b))):
            y = y.permute(0, 2, 3, 1)
            out["score%d" % stride] = torch.sigmoid(y[..., :1])
            out["box%d" % stride] = F.relu(y[..., 1:5]) * 2.0
            out["points%d" % stride] = y[..., 5:] * 2.0
        return out


def _more(inputs, widths):
    layers = stack(*widths)
    layers[0] = Conv(inputs, abs(widths[0]), 2 if widths[0] < 0 else 1)
    return layers


NETS = {"landmarks": Landmarks, "iris": Iris, "detector": Detector}


def deploy(net):
    """The network with every Conv folded, in evaluation mode, in place."""
    for module in list(net.modules()):
        if isinstance(module, Conv):
            module.deploy()
    return net.eval()
