"""The wires: each dialect turns a Moment into datagrams and knows no clock, socket, configuration
or log.

A dialect is called with a Moment and returns its datagrams, valid until the next call.
`farewell(moment, reason)` are its last ones, `announce(status, everything)` its slow ones.
`top_rate` is the most frames per second that its receivers bear; `lost` says how often (Hz, 0:
every frame) and how long (seconds) the neutral state is repeated while nobody is there.
"""
from appliance.outputs.dialects.ifacialmocap import IFacialMocap
from appliance.outputs.dialects.kagami import Kagami
from appliance.outputs.dialects.livelink import LiveLink
from appliance.outputs.dialects.openseeface import OpenSeeFace
from appliance.outputs.dialects.opentrack import OpenTrack
from appliance.outputs.dialects.vmc import Vmc
from appliance.outputs.dialects.vts import Vts

DIALECTS = {"vmc": Vmc, "kagami": Kagami}
# Those that are not OSC and so know no bundle, prefix or limit.
WIRES = {"openseeface": OpenSeeFace, "opentrack": OpenTrack, "livelink": LiveLink,
         "ifacialmocap": IFacialMocap, "vts": Vts}
# Those that can wait to be asked (they have `question(datagram)`), and those that always do.
ASKED, ASKED_ONLY = ("ifacialmocap", "vts"), ("vts",)
DIALECTS.update(WIRES)
