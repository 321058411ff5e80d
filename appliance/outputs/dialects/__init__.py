"""The wires: each dialect turns a Moment into datagrams and knows no clock, socket, configuration
or log.

A dialect is called with a Moment and returns its datagrams, valid until the next call.
`farewell(moment, reason)` are its last ones, `announce(status, everything)` its slow ones.
`top_rate` is the most frames per second that its receivers bear; `lost` says how often (Hz, 0:
every frame) and how long (seconds) the neutral state is repeated while nobody is there, once
`slows_after` seconds are over in which it is told like a face. `options` are the names of what
it is made with: options of a target, and limit, neck_share, keepalive. `port(target)` is where
its receivers listen if nobody changed that, `carries(target)` what of a face goes there. With the
option `parts` it leaves out what others tell; without it they are told at rest.
`posted`: whether its datagrams are left in a Mailbox for another thread, because the receiver
answers each.
Those that programs may ask for frames have `question(datagram)`, a Question or None, and
`asked_only`: whether they send nothing unasked.
"""
from appliance.outputs.dialects.babble import Babble
from appliance.outputs.dialects.etvr import Etvr
from appliance.outputs.dialects.faceosc import FaceOsc
from appliance.outputs.dialects.ifacialmocap import IFacialMocap
from appliance.outputs.dialects.kagami import Kagami
from appliance.outputs.dialects.livelink import LiveLink
from appliance.outputs.dialects.openseeface import OpenSeeFace
from appliance.outputs.dialects.opentrack import OpenTrack
from appliance.outputs.dialects.vmc import Vmc
from appliance.outputs.dialects.vrchat import Vrchat
from appliance.outputs.dialects.vts import Vts
from appliance.outputs.dialects.vts_plugin import PORTS, VtsPlugin

DIALECTS = {"vmc": Vmc, "kagami": Kagami, "vrchat": Vrchat, "babble": Babble, "etvr": Etvr,
            "faceosc": FaceOsc, "openseeface": OpenSeeFace, "opentrack": OpenTrack,
            "livelink": LiveLink, "ifacialmocap": IFacialMocap, "vts": Vts}


def speaks(name, port=0):
    """The dialect `name` at a port, 0 where none is said: VTube Studio has a wire of its own at
    those of its plugin API."""
    return VtsPlugin if name == "vts" and port in PORTS else DIALECTS[name]
