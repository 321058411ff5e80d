"""On a small disk (the folder that is named first) a bundle is installed that does not fit; what
came of it is printed. For test_update.py, in a mount namespace."""
import os
import sys

from appliance.box.update import Updates
from appliance.errors import KagamiError
from tests.box.workshop import Played, installed

box = installed(os.path.join(sys.argv[1], "opt"), "0.1.0")
box.room_for = lambda size: None        # somebody else takes the room meanwhile
try:
    print(Updates(box, Played(box), print).update(sys.argv[2]))
except KagamiError as e:
    print(e.status, e.why)
print(box.current, sorted(os.listdir(box.folder(""))))
