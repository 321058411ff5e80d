"""Trains one network: batches from a process of their own in, averaged weights in checkpoint.pt out.

Resumes where it stopped; every minute a line with the losses and pictures per second and a checkpoint. The learning
rate follows a cosine over the minutes given, so that a run fits the time there is whatever the machine. Several processes
that torchrun starts train one network (see `together`).
"""
import copy
import math
import multiprocessing
import os
import time

import torch

from engines.training.losses import LOSSES
from engines.training.nets import NETS
from engines.training.together import Together

# Trained in bf16 where the processor computes in it: twice the pictures a second.
HALVES = ("brows", "detector", "expression", "fine", "iris", "landmarks")


class Training:
    """name: one of NETS, or of a network that is given with its loss. make: a function of a seed that gives an object with
    batch()."""

    def __init__(self, name, make, folder, minutes, rate=2e-3, threads=1, start=None, workers=1, net=None, loss=None):
        torch.set_num_threads(threads)
        torch.manual_seed(0)
        self.name, self.folder, self.minutes, self.rate = name, folder, minutes, rate
        self.path = os.path.join(folder, "checkpoint.pt")
        self.crew = Together()
        self.device = self.crew.device
        self.halves = name in HALVES and (self.device == "cuda" or torch.cpu._is_avx512_bf16_supported())
        os.makedirs(folder, exist_ok=True)
        self.queue = multiprocessing.get_context("fork").Queue(4)
        seeds = range(1000 * self.crew.rank, 1000 * self.crew.rank + workers)
        self.workers = [multiprocessing.get_context("fork").Process(target=_feed, args=(self.queue, make, seed), daemon=True)
                        for seed in seeds]
        for w in self.workers:
            w.start()
        self.crew.meet()
        self.net, self.loss = (net or NETS[name]()).to(self.device), loss or LOSSES[name]
        if start is not None:
            start(self.net)
        self.crew.same(self.net)
        torch.manual_seed(self.crew.rank)
        decay = [p for p in self.net.parameters() if p.ndim > 1]
        rest = [p for p in self.net.parameters() if p.ndim <= 1]
        self.optimiser = torch.optim.AdamW([{"params": decay, "weight_decay": 0.02}, {"params": rest, "weight_decay": 0}], rate)
        self.average = copy.deepcopy(self.net)
        self.steps, self.spent, self.seen = 0, 0.0, 0
        self._resume()

    def _resume(self):
        first = self.crew.rank == 0 and os.path.exists(self.path)
        c = self.crew.share(torch.load(self.path, weights_only=True, map_location="cpu") if first else None)
        if c is not None:
            self.net.load_state_dict(c["net"])
            self.average.load_state_dict(c["average"])
            self.optimiser.load_state_dict(c["optimiser"])
            self.steps, self.spent, self.seen = c["steps"], c["spent"], c["seen"]

    def run(self, validate=None):
        """Train until the minutes are spent; validate(net) gives a line of text for the log."""
        last, said, sums = time.time(), self.spent, {}
        while self.spent < self.minutes * 60:
            self._set_rate()
            batch = {k: torch.from_numpy(v).to(self.device) for k, v in self.queue.get().items()}
            parts = self._step(batch)
            for k, v in parts.items():
                sums[k] = sums.get(k, 0.0) + float(v)
            sums["n"] = sums.get("n", 0) + 1
            self.seen += len(batch["image"]) * self.crew.count
            self.spent = self.crew.clock(self.spent + time.time() - last)
            last = time.time()
            if self.spent - said > 60 or self.spent >= self.minutes * 60:
                for net in (self.net, self.average):
                    self.crew.same(net)
                if self.crew.rank == 0:
                    self._say(sums, said, validate)
                    self.save()
                said, sums, last = self.spent, {}, time.time()
        for w in self.workers:
            w.terminate()
        return self.average

    def _set_rate(self):
        done = self.spent / (self.minutes * 60)
        warm = min(1.0, (self.steps + 1) / 200)
        for g in self.optimiser.param_groups:
            g["lr"] = self.rate * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, done))))

    def _step(self, batch):
        with torch.autocast(self.device, torch.bfloat16, enabled=self.halves):
            loss, parts = self.loss(self.net, batch)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.crew.mean(self.net)
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        self.optimiser.step()
        self.steps += 1
        self._follow(min(0.999, self.steps / (self.steps + 20.0)))
        return {k: v.detach() for k, v in parts.items()}

    def _follow(self, keep):
        with torch.no_grad():
            for a, b in zip(self.average.state_dict().values(), self.net.state_dict().values()):
                if a.dtype.is_floating_point:
                    a.lerp_(b, 1 - keep)
                else:
                    a.copy_(b)

    def _say(self, sums, said, validate):
        n = sums.pop("n")
        text = "%s %5.1f of %g min, step %d, %d pictures: %s" % (
            self.name, self.spent / 60, self.minutes, self.steps, self.seen,
            ", ".join("%s %.4f" % (k, v / n) for k, v in sums.items()))
        if validate is not None:
            net = copy.deepcopy(self.average).eval()
            with torch.no_grad():
                text += " | " + validate(net)
        print(text, flush=True)

    def save(self):
        """Write the checkpoint under a temporary name and rename it."""
        torch.save({"net": self.net.state_dict(), "average": self.average.state_dict(), "steps": self.steps,
                    "optimiser": self.optimiser.state_dict(), "spent": self.spent, "seen": self.seen}, self.path + ".part")
        os.replace(self.path + ".part", self.path)


def _feed(queue, make, seed):
    import cv2
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    source = make(seed + int(time.time()))      # a resumed run sees new crops
    while True:
        queue.put(source.batch())
