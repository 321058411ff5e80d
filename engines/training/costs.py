"""`python -m engines.training.costs FILE.h5`: what a step of the trainers for one's own data costs on this machine, in seconds of
the processor, for docs/own_networks.md. Seconds of the clock would tell what else the machine does."""
import sys
import time

import torch

from engines.training import runs
from engines.training.averaging import SOURCES
from engines.training.collection import Collection

BATCH, TIMES, WIDTHS = 64, 3, (1.0, 0.25)


def seconds(function):
    """Of the processor, for one call of several; the first is not counted."""
    function()
    began = time.process_time()
    for _ in range(TIMES):
        function()
    return (time.process_time() - began) / TIMES


def taken(name, width, batch):
    """Seconds of a step of a network on a batch."""
    net = runs.NETS[name](width=width)
    optimiser = torch.optim.AdamW(net.parameters(), runs.RATE)
    given = {key: torch.from_numpy(value) for key, value in batch.items()}

    def step():
        loss, _ = runs.LOSSES[name](net, given)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return seconds(step)


def main():
    """Print the table."""
    torch.set_num_threads(1)
    for name, kind in SOURCES.items():
        source = kind(Collection(sys.argv[1:]), batch=BATCH)
        print("%s: %d crops %.2f s" % (name, BATCH, seconds(source.batch)), flush=True)
        for width in WIDTHS:
            step = taken(name, width, source.batch())
            print("%s: width %g, a step %.2f s, %d an hour" % (name, width, step, 3600 / step), flush=True)


if __name__ == "__main__":
    main()
