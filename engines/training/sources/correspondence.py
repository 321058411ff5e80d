"""mesh478.csv in, what is known of MediaPipe's 478 points out: vertices of the face model under them, partners."""
import os

import numpy as np

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "mesh478.csv")


def mesh478():
    """mp478_to_ict (478,) int32, -1 where none is known; mp478_spread_cm (478,) float16, how far the answers for it lay
    apart (NaN where none)."""
    table = _table()
    return dict(mp478_to_ict=table[:, 1].astype(np.int32), mp478_spread_cm=table[:, 2].astype(np.float16))


def partners():
    """(478,) int16: each point's partner under mirroring."""
    return _table()[:, 3].astype(np.int16)


def _table():
    return np.genfromtxt(PATH, delimiter=",", skip_header=1)
