"""The five networks as torch modules: luma crops in, the outputs of the manifest out.

All are plain stacks of 3x3 convolutions with batch norm, which `deploy` folds away: few, dense layers suit the Nano's
launch costs and a CPU's wide vectors alike. The luma is first folded to f*f channels at 1/f of the size; deployed,
fold and first convolution are one strided convolution on the picture as it is.
"""
import copy
import math

import torch
from torch import nn
from torch.nn import functional as F

from appliance.stages.closeup import VIEWS

SCALE = 1 / 128.0       # pixel values 0..255 to about 0..2; no offset, so that it folds into the first convolution


class Conv(nn.Module):
    """3x3 convolution, batch norm, ReLU."""

    def __init__(self, inputs, outputs, stride=1):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x):
        return F.relu(self.norm(self.conv(x)), inplace=True)

    def deploy(self):
        """Fold the batch norm into the convolution."""
        k = (self.norm.weight / torch.sqrt(self.norm.running_var + self.norm.eps)).detach()
        folded = nn.Conv2d(self.conv.in_channels, self.conv.out_channels, 3, self.conv.stride, 1)
        folded.weight.data = self.conv.weight.detach() * k[:, None, None, None]
        folded.bias.data = (self.norm.bias - self.norm.running_mean * k).detach()
        self.conv, self.norm = folded, nn.Identity()


class Stem(nn.Module):
    """NHWC luma 0..255 to `outputs` channels at 1/fold of the size."""

    def __init__(self, fold, outputs):
        super().__init__()
        self.fold, self.first, self.strided = fold, Conv(fold * fold, outputs), None

    def forward(self, image):
        n, h, w, _ = image.shape
        x = image.reshape(n, 1, h, w)
        if self.strided is not None:
            return F.relu(self.strided(x))
        return self.first(F.pixel_unshuffle(x * SCALE, self.fold))

    def deploy(self):
        """One convolution with kernel 3 fold and stride fold; call after the inner Conv was folded."""
        f, conv = self.fold, self.first.conv
        w = conv.weight.data.reshape(-1, f, f, 3, 3)            # (out, dy, dx, ky, kx) of the folded picture
        self.strided = nn.Conv2d(1, conv.out_channels, 3 * f, f, f)
        self.strided.weight.data = w.permute(0, 3, 1, 4, 2).reshape(-1, 1, 3 * f, 3 * f).contiguous() * SCALE
        self.strided.bias.data = conv.bias.data
        del self.first


def stack(last, *widths):
    """Conv layers from `last` channels through a list of widths; a width with a minus sign halves the picture."""
    layers = []
    for w in widths:
        layers.append(Conv(last, abs(w), 2 if w < 0 else 1))
        last = abs(w)
    return nn.Sequential(*layers)


class Landmarks(nn.Module):
    """(N, S, S, 1) with S = 32 fold -> points (N, 68, 2) px, log_sigma (N, 68), score (N, 1), rotation (N, 6).

    narrow: how many sums of the features are looked at, all of them for nothing.
    """

    def __init__(self, fold=2, widths=(32, -64, 48, 64, -96, 96, -128, 128), hidden=256, narrow=128):
        super().__init__()
        self.reach, self.middle, self.features = 8.0 * fold, (32 * fold - 1) / 2, abs(widths[-1]) * 16
        self.stem, self.body = Stem(fold, widths[0]), stack(*widths)
        self.narrow = nn.Linear(self.features, narrow) if narrow else nn.Identity()
        self.hidden = nn.Linear(narrow or self.features, hidden)
        self.points = nn.Linear(hidden, 136)
        self.rest = nn.Linear(hidden, 68 + 6)
        # A hidden layer of its own: what tells a face from none is not what places its points
        self.face = nn.Linear(self.hidden.in_features, 48)
        self.score = nn.Linear(48, 1)
        nn.init.normal_(self.points.weight, std=0.01)
        nn.init.normal_(self.rest.weight, std=0.01)
        nn.init.zeros_(self.rest.bias)

    def start_from(self, mean_points):
        """Begin at the mean face: (68, 2) crop pixels."""
        self.points.bias.data = ((mean_points - self.middle) / self.reach).reshape(-1).float()
        self.rest.bias.data[68:74] = torch.tensor([1.0, 0, 0, 0, 1.0, 0])

    def dense(self):
        """See `Answers`."""
        points = scaled(self.points, self.reach, self.middle)
        return stacked(self.hidden, self.face), apart((points, self.rest), (self.score,))

    def take(self, hidden, out):
        """Become what `dense` made these two layers of, for crops as large."""
        (weight, more), (last, shift), n = hidden, out, self.hidden.out_features
        if isinstance(self.narrow, nn.Linear):
            weight = narrowed(self.narrow, weight)
        put(self.hidden, weight[:n], more[:n])
        put(self.face, weight[n:], more[n:])
        put(self.points, last[:136, :n] / self.reach, (shift[:136] - self.middle) / self.reach)
        put(self.rest, last[136:210, :n], shift[136:210])
        put(self.score, last[210:, n:], shift[210:])

    def forward(self, image):
        features = self.body(self.stem(image)).reshape(-1, self.features).float()
        with torch.autocast(image.device.type, enabled=False):      # in bf16 a point would be half a pixel off
            features = self.narrow(features)
            x = F.relu(self.hidden(features))
            rest = self.rest(x)
            points = self.points(x).reshape(-1, 68, 2) * self.reach + self.middle
            score = torch.sigmoid(self.score(F.relu(self.face(features))))
        return {"points": points, "log_sigma": rest[:, :68], "score": score, "rotation": rest[:, 68:74]}


class Fine(Landmarks):
    """The same with more channels and a layer more, for three times the products. It begins as the landmarks network that
    is exported (`transfer.take`)."""

    LANDMARKS = (None, 0, 1, 2, 3, 4, 5, 6)      # the layer of that one's body that each of these grows from

    def __init__(self):
        super().__init__(2, (64, 64, -96, 96, 96, -112, 112, -128, 128))


class Iris(nn.Module):
    """(N, 64, 64, 1) and the head's turn (N, 2) -> points (N, 5, 2) px, openness (N, 1), gaze (N, 2) degrees, score (N, 1);
    left eyes."""

    def __init__(self, widths=(16, -32, 32, -48, 48, -80), hidden=96):
        super().__init__()
        self.stem, self.body = Stem(2, widths[0]), stack(*widths)
        self.hidden = nn.Linear(abs(widths[-1]) * 16 + 2, hidden)
        self.out = nn.Linear(hidden, 14)
        nn.init.normal_(self.out.weight, std=0.01)
        nn.init.zeros_(self.out.bias)

    def dense(self):
        """See `Answers`."""
        return self.hidden, scaled(self.out, *self._units())

    def take(self, hidden, out):
        """Become what `dense` made these two layers of."""
        scale, shift = self._units()
        put(self.hidden, *hidden)
        put(self.out, out[0] / scale[:, None], (out[1] - shift) / scale)

    @staticmethod
    def _units():
        scale, shift = torch.ones(14), torch.zeros(14)
        scale[:10], shift[:10] = 16.0, 31.5
        shift[10], scale[11:13] = 0.7, 20.0
        return scale, shift

    def forward(self, image, turn):
        features = self.body(self.stem(image)).reshape(image.shape[0], -1).float()
        with torch.autocast(image.device.type, enabled=False):      # as the landmarks' points
            y = self.out(F.relu(self.hidden(torch.cat([features, turn], 1))))
        return {"points": y[:, :10].reshape(-1, 5, 2) * 16.0 + 31.5, "openness": torch.clamp(y[:, 10:11] + 0.7, 0, 1.3),
                "gaze": y[:, 11:13] * 20.0, "score": torch.sigmoid(y[:, 13:14])}


class Expression(nn.Module):
    """(N, 64, 64, 1) and the head's turn (N, 2), (yaw, pitch) / 45 degrees -> shapes (N, K), 0 to 1.

    It regresses standardised values, `start_from` sets their mean and deviation: the shapes are seldom shown, and
    a squashed value that starts near 0 hardly moves. narrow: how many sums of the features are looked at: half the
    weights to fetch for each picture, and nothing lost.
    """

    def __init__(self, shapes=len(VIEWS["expression"].shapes), fold=2, widths=(24, 32, -32, 48, -64, 64, -96), cells=16, hidden=160,
                 dropped=0.0, narrow=64):
        super().__init__()
        self.dropped = dropped
        self.stem, self.body = Stem(fold, widths[0]), stack(*widths)
        self.narrow = nn.Linear(abs(widths[-1]) * cells, narrow)
        self.hidden = nn.Linear(narrow + 2, hidden)
        self.out = nn.Linear(hidden, shapes)
        nn.init.normal_(self.out.weight, std=0.01)
        nn.init.zeros_(self.out.bias)
        self.register_buffer("mean", torch.zeros(shapes))
        self.register_buffer("deviation", torch.ones(shapes))

    def start_from(self, mean, deviation):
        """Mean and deviation (K,) of each shape over what is shown."""
        self.mean.copy_(mean)
        self.deviation.copy_(deviation)

    def dense(self):
        """See `Answers`."""
        return self.hidden, scaled(self.out, self.deviation, self.mean)

    def take(self, hidden, out):
        """Become what `dense` made these two layers of, without what `readout` put behind the shapes; mean and deviation
        stay."""
        weight, bias = (values[:len(self.mean)] for values in out)
        features, turn = hidden[0][:, :-2], hidden[0][:, -2:]
        put(self.hidden, torch.cat([narrowed(self.narrow, features), turn], 1), hidden[1])
        put(self.out, weight / self.deviation[:, None], (bias - self.mean) / self.deviation)

    def standard(self, image, turn):
        """(N, K) in deviations from the mean."""
        x = F.dropout(self.body(self.stem(image)).reshape(image.shape[0], -1), self.dropped, self.training)
        x = self.narrow(x)
        return self.out(F.dropout(F.relu(self.hidden(torch.cat([x, turn], 1))), self.dropped, self.training))

    def forward(self, image, turn):
        return {"shapes": torch.clamp(self.standard(image, turn) * self.deviation + self.mean, 0, 1)}


class Brows(Expression):
    """The same for the upper face, (N, 72, 112, 1): all but its last layers are the landmarks network's to begin with."""

    LANDMARKS = (0, 1, 3)       # which of its body's layers

    def __init__(self):
        super().__init__(len(VIEWS["brows"].shapes), 4, (32, -64, 64, -96, 48), 35, 128, 0.25)


class Detector(nn.Module):
    """(N, H, W, 1) -> per stride s in (8, 16): score<s> (N, h, w, 1), box<s> (N, h, w, 4), points<s> (N, h, w, 10), in
    units of the stride from the cell's centre; H and W multiples of 32."""

    def __init__(self, widths8=(16, -32, 32, 32), widths16=(-48, 48, 48), widths32=(-64, 64),
                 heads=(24, 32)):
        super().__init__()
        self.stem, self.body8 = Stem(4, widths8[0]), stack(*widths8)
        self.body16 = stack(widths8[-1], *widths16)
        self.body32 = stack(widths16[-1], *widths32)
        self.up32 = nn.Conv2d(widths32[-1], widths16[-1], 1)
        self.up16 = nn.Conv2d(widths16[-1], widths8[-1], 1)
        self.head8, self.head16 = (nn.Sequential(Conv(widths[-1], n), nn.Conv2d(n, 15, 1))
                                   for widths, n in zip((widths8, widths16), heads))
        for head in (self.head8, self.head16):
            nn.init.normal_(head[-1].weight, std=0.01)
            head[-1].bias.data = torch.tensor([-math.log(200.0)] + [1.0] * 4 + [0.0] * 10)

    def cells(self, image):
        """{stride: (N, 15, h, w)}: log odds of a face, box and points in twice the units."""
        a = self.body8(self.stem(image))
        b = self.body16(a)
        b = b + F.interpolate(self.up32(self.body32(b)), scale_factor=2.0, mode="nearest")
        a = a + F.interpolate(self.up16(b), scale_factor=2.0, mode="nearest")
        return {8: self.head8(a), 16: self.head16(b)}

    def forward(self, image):
        out = {}
        for stride, y in self.cells(image).items():
            y = y.permute(0, 2, 3, 1).float()
            out["score%d" % stride] = torch.sigmoid(y[..., :1])
            out["box%d" % stride] = F.relu(y[..., 1:5]) * 2.0
            out["points%d" % stride] = y[..., 5:] * 2.0
        return out


    @staticmethod
    def units():
        """What the last layers' answers are multiplied by."""
        return torch.tensor([1.0] + [2.0] * 14)


class Cells(nn.Module):
    """A deployed detector that answers one tensor a stride, cells8 and cells16 (N, 15, h, w), as they leave the last
    convolution: log odds of a face, box, points, whose factor lies in the weights. A box may have a side below 0: bounding
    the few that are believed is less work for whoever reads them."""

    def __init__(self, net):
        super().__init__()
        for name, part in net.named_children():
            self.add_module(name, part)
        self.head8, self.head16 = (nn.Sequential(head[0], self._doubled(head[1])) for head in (net.head8, net.head16))

    @staticmethod
    def _doubled(layer):
        wide, factor = copy.deepcopy(layer), Detector.units()
        wide.weight.data *= factor[:, None, None, None]
        wide.bias.data *= factor
        return wide

    def forward(self, image):
        return {"cells%d" % stride: y for stride, y in Detector.cells(self, image).items()}


class Answers(nn.Module):
    """A deployed network whose answers are one tensor (N, K): what a row of the manifest calls its parts, side by side,
    as they leave the last dense layer. Scales lie in its weights; scores are log odds and nothing is bounded, for that is
    less work for whoever reads them than a layer is to launch.

    `net.dense()` gives the two layers: all that reads the features, and all that reads those.
    """

    def __init__(self, net):
        super().__init__()
        self.stem, self.body = net.stem, net.body
        self.hidden, self.out = net.dense()
        self.narrow = getattr(net, "narrow", nn.Identity())

    def forward(self, image, *turn):
        x = self.narrow(self.body(self.stem(image)).reshape(image.shape[0], -1))
        return self.out(F.relu(self.hidden(torch.cat((x,) + turn, 1) if turn else x)))


def put(layer, weight, bias):
    """Set a Linear's weight and bias."""
    layer.weight.copy_(weight)
    layer.bias.copy_(bias)


def narrowed(narrow, weight):
    """Make a Linear the strongest directions of what a dense layer of `weight` reads; that layer's weight behind it. What is
    lost is won back in a minute."""
    left, strength, right = torch.linalg.svd(weight, full_matrices=False)
    root = strength[:len(narrow.weight)].sqrt()
    put(narrow, root[:, None] * right[:len(root)], torch.zeros(len(root)))
    return left[:, :len(root)] * root


def dense(weight, bias):
    """The Linear of a weight (outputs, inputs) and a bias."""
    layer = nn.Linear(*reversed(weight.shape))
    layer.weight.data, layer.bias.data = weight.detach().clone(), bias.detach().clone()
    return layer


def scaled(layer, scale, shift):
    """A Linear that answers scale times what another does, and shift more: numbers, or one for each output."""
    return dense(layer.weight * torch.as_tensor(scale).reshape(-1, 1), layer.bias * scale + shift)


def stacked(*layers):
    """A Linear with the answers of several that read the same."""
    return dense(torch.cat([layer.weight for layer in layers]), torch.cat([layer.bias for layer in layers]))


def apart(*groups):
    """A Linear over the stacked answers of several, each of which a group of Linears reads alone."""
    readers = [stacked(*layers) for layers in groups]
    return dense(torch.block_diag(*[layer.weight for layer in readers]), torch.cat([layer.bias for layer in readers]))


NETS = {"landmarks": Landmarks, "fine": Fine, "iris": Iris, "detector": Detector,
        "expression": Expression, "brows": Brows}
# As deployed: the shape of each input.
INPUTS = {"landmarks": {"image": (1, 64, 64, 1)}, "fine": {"image": (1, 64, 64, 1)}, "iris": {"image": (2, 64, 64, 1), "turn": (2, 2)},
          "detector": {"image": (1, 192, 320, 1)},
          "expression": {"image": (1, 64, 64, 1), "turn": (1, 2)},
          "brows": {"image": (1, 72, 112, 1), "turn": (1, 2)}}

# What lies side by side, in this order, in the one tensor that `Answers` gives, of one face or eye, and in the two of `Cells`.
PARTS = {"landmarks": {"points": (68, 2), "log_sigma": (68,), "rotation": (6,), "score": (1,)},
         "iris": {"points": (5, 2), "openness": (1,), "gaze": (2,), "score": (1,)},
         "expression": {"shapes": (len(VIEWS["expression"].shapes),)},
         "brows": {"shapes": (len(VIEWS["brows"].shapes),)}}
PARTS["fine"] = PARTS["landmarks"]
PARTS["detector"] = {name + str(s): (count, 192 // s, 320 // s)
                     for s in (8, 16) for name, count in (("score", 1), ("box", 4), ("points", 10))}


def exported(net):
    """A deployed network with answers as the manifest's parts tell them."""
    return Cells(net) if isinstance(net, Detector) else Answers(net)


def deploy(net):
    """The network with every Conv folded, in evaluation mode, in place."""
    for kind in (Conv, Stem):
        for module in list(net.modules()):
            if isinstance(module, kind):
                module.deploy()
    return net.eval()
