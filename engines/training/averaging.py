"""Several runs of one network in, one of their mean weights out: broader minima, steadier answers, for nothing at run time.

It helps where the runs share their beginning (one run's folder copied and trained on, `--start RUN`); the means of networks
that began apart say nothing. The table printed tells which it was.
"""
import torch

from appliance.errors import UsageError
from engines.training import face_gaze, gaze_scores, head_crops, head_scores
from engines.training.collection import Collection
from engines.training.own import apart
from engines.training.runs import Run, asked

BATCHES = 30            # of crops from which batch norm takes its statistics anew
SOURCES = {"head": head_crops.Heads, "gaze": face_gaze.Gazes}
CHECKS = {"head": head_scores.Check, "gaze": gaze_scores.Check}


def write(folders, out, say=print):
    """Write the run `out`; says how each and their mean do on the rows that the first kept out."""
    runs = [Run.read(folder) for folder in folders]
    first = runs[0]
    for run in runs[1:]:
        if (run.name, run.options) != (first.name, first.options):
            raise UsageError(run.folder, "another network than %s" % first.folder, "average runs of the same options")
    kind, about = SOURCES[first.name], first.about
    everything = kind(Collection(about["files"], about["field_of_view"]))
    rows, held, kept = apart(everything, about["held_out"], about["field_of_view"])
    check, states, net = CHECKS[first.name](held, kept), [run.state() for run in runs], first.net()
    net.load_state_dict(mean([state["average"] for state in states]))
    settle(net, kind(everything.collection, rows))
    licences = sorted({licence for run in runs for licence in run.about["licences"]})
    new = Run.make(out, first.name, first.options, dict(about, averaged=folders, licences=licences))
    new.keep(dict(states[0], net=net.state_dict(), average=net.state_dict()))
    new.export()
    for run in runs + [new]:
        say("%s  %s" % (run.folder, check(run.trained())))


def mean(states):
    """The mean of state dicts; counters are those of the first."""
    return {key: torch.stack([s[key] for s in states]).mean(0) if value.is_floating_point() else value
            for key, value in states[0].items()}


def settle(net, source):
    """Batch norm's statistics anew, for they are not those of any of the runs; in place, on crops as they are learned from."""
    norms = [m for m in net.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None        # a plain mean over all batches
    net.train()
    with torch.no_grad():
        for _ in range(BATCHES):
            net(torch.from_numpy(source.batch()["image"])[..., None].float())
    for norm in norms:
        norm.momentum = 0.1
    return net.eval()
