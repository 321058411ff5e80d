"""Where real clips, pictures and recorded wires lie: beside the project, else nowhere."""
import os

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.environ.get("KAGAMI_DATA") or os.path.join(HERE, "../../shared/data")
CLIPS = os.path.join(DATA, "clips")
needs_clips = pytest.mark.skipif(not os.path.isdir(CLIPS), reason="no real clips here")
