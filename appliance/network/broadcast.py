"""VTube Studio says every two seconds that it is there; what is heard of it becomes Hosts.

It is no more than a hint: the address is that of the datagram, and nobody is sent to for it.
"""
import asyncio
import json
import socket

from appliance.errors import PartMissing
from appliance.network import addresses
from appliance.network.hosts import VTUBE_STUDIO, Host, plain

PORT = 47779
LONGEST = 2048          # bytes of a datagram that is looked at
GONE = 7.0              # seconds of silence: three words were not heard


def read(datagram):
    """(port, window title) that a VTube Studio announces, or None; port 0: its plugins are off."""
    if len(datagram) > LONGEST:
        return None
    try:
        said = json.loads(datagram.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    data = said.get("data") if isinstance(said, dict) else None
    if not isinstance(data, dict) or said.get("messageType") != "VTubeStudioAPIStateBroadcast":
        return None
    port = data.get("port")
    if type(port) is not int or not 0 < port <= 65535:
        return None
    return port if data.get("active") is True else 0, plain(data.get("windowTitle", ""))


class Broadcast(asyncio.DatagramProtocol):
    """Call it for the coroutine that listens until it is cancelled.

    hosts: hosts.Hosts to keep. own: addresses.Own or its like.
    """

    def __init__(self, hosts, own, port=PORT):
        self._hosts, self._own, self._port = hosts, own, port
        self._seen = {}

    async def __call__(self):
        loop = asyncio.get_event_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: self, sock=_bound(self._port))
        try:
            while True:
                await asyncio.sleep(1.0)
                gone = [k for k, when in self._seen.items() if loop.time() - when >= GONE]
                self._hosts.clear(gone)
                self._seen = {k: when for k, when in self._seen.items() if k not in gone}
        finally:
            transport.close()

    def datagram_received(self, data, addr):
        """One word, perhaps VTube Studio's."""
        said = read(data)
        if said is None:
            return
        address = addresses.trusted((), addr[0], [at for _, at in self._own()])
        if address:
            key = VTUBE_STUDIO, address, said[1]
            if self._hosts.put(key, Host(VTUBE_STUDIO, said[1] or VTUBE_STUDIO, address, said[0])):
                self._seen[key] = asyncio.get_event_loop().time()


def _bound(port):
    """A socket on a port that other programs may listen at too."""
    ears = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
            ears.setsockopt(socket.SOL_SOCKET, option, 1)
        ears.setblocking(False)
        ears.bind(("", port))
    except OSError as e:
        ears.close()
        raise PartMissing("port %d" % port, e.strerror or str(e),
                          "VTube Studio is not found; name it with --to vts@HOST:8001") from e
    return ears
