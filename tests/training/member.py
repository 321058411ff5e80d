"""One of several processes that torchrun starts: `-m tests.training.member MATERIAL FOLDER
MINUTES`.

It trains with the others, then writes what it ended with (FOLDER/member_RANK.pt) and what a mean
of ranks came to.
"""
import os
import sys

import torch

from engines.training import together, trainers


def mean_of_ranks():
    """A weight's gradient after the mean over all processes, each of which had its rank for it."""
    crew, net = together.Together(), torch.nn.Linear(1, 1)
    for weight in net.parameters():
        weight.grad = torch.full_like(weight, float(crew.rank))
    crew.mean(net)
    return float(net.weight.grad)


def main(material, folder, minutes):
    """Train the smallest network together."""
    together.quiet()
    average = trainers.iris(material, os.path.join(folder, "run"), float(minutes), batch=16)
    path = os.path.join(folder, "member_%s.pt" % os.environ["RANK"])
    torch.save({"average": average.state_dict(), "mean": mean_of_ranks()}, path)
    together.end()


if __name__ == "__main__":
    main(*sys.argv[1:])
