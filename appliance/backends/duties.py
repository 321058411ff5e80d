"""What the tracker shows each network and asks of it: a record of the manifest in, one line where
that network cannot do the work out.

Sides of pictures are free (S: both the same; H, W: of the detector in multiples of 32): the crops
are made as large as the network wants them.
"""
from appliance.errors import DataError

MULTIPLE = 32       # what halving and doubling in the detector leave whole
_POINTS = ("image:1xSxSx1", "points:1x68x2 log_sigma:1x68 rotation:1x6 score:1x1")
DUTIES = {
    "detector": ("image:1xHxWx1", "score8:1x1xhxw box8:1x4xhxw points8:1x10xhxw "
                 "score16:1x1xIxJ box16:1x4xIxJ points16:1x10xIxJ"),
    "landmarks": _POINTS,
    "fine": _POINTS,
    "iris": ("image:2xSxSx1 turn:2x2", "points:2x5x2 openness:2x1 gaze:2x2 score:2x1"),
    "expression": ("image:1xHxWx1 turn:1x2", "shapes:1x29"),
    "brows": ("image:1xHxWx1 turn:1x2", "shapes:1x13")}
MORE = {"expression": "vowels:1x5"}      # what a network may answer besides
HELP = "see docs/own_data.md for what it must take and answer"


def check(network):
    """DataError where a network of the tracker's (a manifest.Network for one face) takes or
    answers something else; networks of other names are nobody's."""
    if network.section not in DUTIES:
        return
    (taken, answered), sides = DUTIES[network.section], {}
    _all_there(network, "input", taken, network.inputs, sides)
    if network.section == "detector":
        sides.update(_cells(network, sides["H"], sides["W"]))
    answers = network.parts or network.outputs
    _all_there(network, "output", answered, answers, sides)
    more = [word for word in MORE.get(network.section, "").split()
            if word.split(":")[0] in answers]
    _all_there(network, "output", " ".join(more), answers, sides)
    foreign = sorted(set(network.inputs) - {word.split(":")[0] for word in taken.split()})
    if foreign:
        raise DataError(network.path, "the tracker has nothing for its input %s" % foreign[0],
                        HELP)


def _all_there(network, kind, wanted, have, sides):
    """Compare tensors with their duty; a letter stands for the size that is met first, in `sides`.
    """
    for word in wanted.split():
        name, _, text = word.partition(":")
        sizes, shape = text.split("x"), have.get(name, ())
        for letter, size in zip(sizes, shape):
            if not letter.isdigit():
                sides.setdefault(letter, size)
        asked = "x".join(str(sides.get(letter, letter)) for letter in sizes)
        found = "x".join(str(size) for size in shape)
        if asked != found:
            raise DataError(network.path, "%s %s is %s, the tracker wants %s" % (
                kind, name, found or "absent", asked), HELP)


def _cells(network, height, width):
    """The sides of the detector's answers for a picture."""
    if height % MULTIPLE or width % MULTIPLE or not height * width:
        raise DataError(network.path, "its picture is %dx%d, no multiples of %d" % (
            width, height, MULTIPLE), HELP)
    return {"h": height // 8, "w": width // 8, "I": height // 16, "J": width // 16}
