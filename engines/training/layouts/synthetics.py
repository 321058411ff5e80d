"""Face Synthetics: drawn heads with 70 points each.

NNNNNN.png, NNNNNN_seg.png (not needed here) and NNNNNN_ldmks.txt, 70 lines x y: the 68 of iBUG,
then the pupils. Sources: microsoft/FaceSynthetics, its README; the reader in
opentrack/neuralnet-tracker-traincode.
"""
import glob
import os
import re

import numpy as np

from appliance.errors import InputMissing
from engines.training.layouts.pictures import Unfit, numbers, stored


def find(folder, _part=None):
    """[picture]"""
    found = sorted(path for path in glob.glob(os.path.join(folder, "*.png"))
                   if re.fullmatch(r"\d+\.png", os.path.basename(path)))
    if not found:
        raise InputMissing(folder, "no 000000.png and so on in it", "name the unpacked folder")
    return found


def read(path):
    """Points of a head."""
    image, _ = stored(path)
    label = os.path.splitext(path)[0] + "_ldmks.txt"
    try:
        with open(label, encoding="ascii", errors="replace") as f:
            values = numbers(f.read().split(), label)
    except OSError as why:
        raise Unfit("%s: %s" % (label, why.strerror)) from why
    if len(values) != 140 or not np.isfinite(values).all():
        raise Unfit("%s: %d numbers, not 140" % (label, len(values)))
    return image, {"points": values.reshape(70, 2)[:68]}
