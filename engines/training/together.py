"""What torchrun says of this process in, one training shared by all of them out: the same weights, the mean of their
gradients, one clock. Alone where torchrun started nothing.

    torchrun --nproc_per_node 4 -m engines.training landmarks --material MATERIAL

The first process validates, prints and writes; only it needs the folder of the run. Each draws crops of its own.
"""
import os
import sys

import torch
import torch.distributed as dist


class Together:
    """rank: which of `count` processes this is. device: "cuda" (a GPU for each of a machine's processes) or "cpu"."""

    def __init__(self):
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.count, self.rank = (int(os.environ.get(name, usual)) for name, usual in (("WORLD_SIZE", 1), ("RANK", 0)))

    def meet(self):
        """Wait for the others. Processes of one's own are forked before: none may be, later, beside the threads of this."""
        if self.count == 1 or dist.is_initialized():
            return
        if self.device == "cuda":
            torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", 0)))
        dist.init_process_group("nccl" if self.device == "cuda" else "gloo")

    def share(self, value):
        """The first process's value (anything that can be pickled) for everybody."""
        if self.count == 1:
            return value
        held = [value if self.rank == 0 else None]
        dist.broadcast_object_list(held, 0)
        return held[0]

    def clock(self, seconds):
        """The first process's seconds, so that all take the same steps."""
        if self.count == 1:
            return seconds
        held = torch.tensor([seconds], dtype=torch.float64, device=self.device)
        dist.broadcast(held, 0)
        return float(held)

    def same(self, net):
        """Give everybody the first process's weights; small differences between kinds of processors do not grow so."""
        if self.count > 1:
            for values in net.state_dict().values():
                dist.broadcast(values, 0)

    def mean(self, net):
        """Gradients and what batch norms have seen become the mean over all processes."""
        if self.count == 1:
            return
        parts = [p.grad for p in net.parameters() if p.grad is not None]
        parts += [b for b in net.buffers() if b.dtype.is_floating_point]
        flat = torch.cat([part.reshape(-1).float() for part in parts])
        dist.all_reduce(flat)
        at = 0
        for part in parts:
            part.copy_((flat[at:at + part.numel()] / self.count).view_as(part))
            at += part.numel()


def quiet():
    """Nothing is printed by any but the first process."""
    if int(os.environ.get("RANK", 0)):
        sys.stdout = open(os.devnull, "w", encoding="utf-8")


def end():
    """Part."""
    if dist.is_available() and dist.is_initialized():
        dist.destroy_process_group()
