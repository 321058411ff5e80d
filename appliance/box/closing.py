"""A kagami.txt's wish for a system that is read-only becomes the file that deploy/read_only.sh
looks for at later starts, and goes with it.
"""
import os

from appliance import files

FLAG = "opt/kagami/read-only"
_OURS = "kagami.txt\n"      # what it says where a card wanted it, by which read_only.sh knows too


def settle(wanted, root):
    """Have the system below the folder `root` read-only from the next start on: wanted, or not.
    None takes back what a kagami.txt wanted before, and leaves what was done by hand."""
    path = os.path.join(root, FLAG)
    before = _text(path)
    if wanted and before is None:
        files.write(path, _OURS, 0o644)
    elif before is not None and (wanted is False or wanted is None and before == _OURS):
        os.unlink(path)


def _text(path):
    """What a file says, None where there is none."""
    try:
        with open(path, errors="replace") as f:
            return f.read()
    except FileNotFoundError:
        return None
