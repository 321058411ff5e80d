"""The landmarks network's last step: expression and score fitted anew on the features of the finished body.

The body costs nearly everything; with its features kept, the two heads see each crop many times for almost nothing.
"""
import numpy as np
import torch
from torch.nn import functional as F


def collect(net, faces, batches, say=print):
    """Features (N, 2048) float16 and labels of `batches` of a faces.Faces."""
    features, labels = [], {k: [] for k in ("blendshapes", "blend_weight", "score")}
    for k in range(batches):
        batch = faces.batch()
        with torch.no_grad():
            features.append(net.features(torch.from_numpy(batch["image"])[..., None].float()).half())
        for name in labels:
            labels[name].append(torch.from_numpy(batch[name]))
        if k % 200 == 199:
            say("features of %d crops" % sum(map(len, features)))
    return torch.cat(features), {k: torch.cat(v) for k, v in labels.items()}


def fit(net, features, labels, epochs=15, rate=1e-3, validate=None, say=print):
    """Train net.face, net.blendshapes and net.score in place."""
    heads = [p for m in (net.face, net.blendshapes, net.score) for p in m.parameters()]
    steps, size = epochs * (len(features) // 512), 512
    optimiser = torch.optim.AdamW(heads, rate, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps + 1, pct_start=0.1)
    rng = np.random.RandomState(0)
    for epoch in range(epochs):
        order = torch.from_numpy(rng.permutation(len(features)))
        for start in range(0, len(order) - size + 1, size):
            i = order[start:start + size]
            loss = _loss(net.judge(F.dropout(features[i].float(), 0.1)), {k: v[i] for k, v in labels.items()})
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
        say("heads, turn %d of %d: loss %.4f%s" % (epoch + 1, epochs, float(loss), " | " + validate(net) if validate else ""))


def _loss(logits, y):
    blendshapes, score = logits
    d = F.binary_cross_entropy_with_logits(blendshapes, y["blendshapes"], y["blend_weight"], reduction="sum")
    sure = F.binary_cross_entropy_with_logits(score[:, 0], y["score"])
    return 8 * d / y["blend_weight"].sum().clamp(min=1) + sure
