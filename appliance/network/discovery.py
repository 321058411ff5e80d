"""Our services are told to the network by multicast DNS, and who else is there becomes Hosts.

Nothing but names, ports and what the TXT records say goes out; frames never do.
"""
import asyncio
import ipaddress
import logging
import socket
from collections import OrderedDict

from appliance import __version__
from appliance.errors import PartMissing
from appliance.network import addresses, query
from appliance.network.hosts import OSC, OSCQUERY, VRCHAT, Host, kind_of, plain

LOG = logging.getLogger("kagami.network")
KINDS = ("_oscjson._tcp.local.", "_osc._udp.local.", "_kagami._udp.local.")
GROUP, PORT = "224.0.0.251", 5353
LOOK_EVERY = 5.0            # seconds between looks at this machine's addresses
ASK_EVERY = 30.0            # seconds between looks at hosts that said no goodbye
ANSWER_WITHIN = 2.0         # seconds
MOST = 64                   # names that are followed
_A, _PTR, _SRV = 1, 12, 33


def services(serial, ports, dialects=(), faces=1, token=False, name="", model="pc",
             engines=""):
    """[(type, instance, port, TXT)] to be announced.

    serial: six hex digits. ports: {"control": ..., "oscquery": ..., "web": ...}, 0 or absent where
    nobody listens. engines: how far a build of them is, "1/4". The TXT never tells who is sent to,
    nor any secret.
    """
    text = [("txtvers", "1"), ("api", "1"), ("fw", __version__), ("model", model),
            ("faces", str(faces)), ("dialects", ",".join(dialects)[:180]),
            ("auth", "token" if token else "none"), ("name", name[:60])]
    text += [("engines", engines)] * bool(engines)
    places = (("_kagami._udp.local.", "control", text), ("_osc._udp.local.", "control", text[:1]),
              ("_oscjson._tcp.local.", "oscquery", text[:1]),
              ("_http._tcp.local.", "web", text[:1]))
    return [(kind, "%s.%s" % (instance(serial), kind), ports[what], dict(txt))
            for kind, what, txt in places if ports.get(what)]


def instance(serial):
    """What this machine is called among the services."""
    return "Kagami-" + serial


class Discovery:
    """Call it for the coroutine that announces and looks until it is cancelled.

    hosts: hosts.Hosts to keep. offer: serial -> services(...), or None to announce nothing. own:
    addresses.Own or its like. PartMissing where zeroconf is.
    """

    def __init__(self, hosts, offer=None, own=addresses.adapters):
        self._hosts, self._offer, self._own = hosts, offer, own
        self._sources, self._known, self._here = OrderedDict(), {}, []
        self._told, self._mine = [], {}         # what is announced; {type: its AsyncServiceInfo}

    async def __call__(self):
        _library()
        while True:
            here = self._own()
            if here:
                await self._at(here)
            else:
                await asyncio.sleep(LOOK_EVERY)

    async def _at(self, here):
        """Announce and look at these addresses, until they are other ones."""
        from zeroconf import IPVersion
        from zeroconf.asyncio import AsyncZeroconf
        self._here = [at for _, at in here]
        try:
            zeroconf = AsyncZeroconf([str(at.ip) for at in self._here],
                                     ip_version=IPVersion.V4Only)
        except OSError as e:
            LOG.warning("discovery: %s; trying again", e.strerror or e)
            await asyncio.sleep(LOOK_EVERY)
            return
        ears = _ears(self._here)
        try:
            await self._work(zeroconf, here, ears)
        finally:
            ears.close()
            self._hosts.clear(self._known)
            self._known.clear()
            self._told, self._mine = [], {}
            await zeroconf.async_close()        # says goodbye

    async def _work(self, zeroconf, here, ears):
        from zeroconf import DNSQuestionType
        from zeroconf.asyncio import AsyncServiceBrowser
        loop = asyncio.get_event_loop()
        serial = addresses.serial([name for name, _ in here])
        await self._announce(zeroconf, serial)
        loop.add_reader(ears, self._overhear, ears, zeroconf.zeroconf)
        browser = AsyncServiceBrowser(zeroconf.zeroconf, list(KINDS), handlers=[self._changed],
                                      question_type=DNSQuestionType.QM)
        try:
            turn = 0
            while self._own() == here:
                await asyncio.sleep(LOOK_EVERY)
                await self._announce(zeroconf, serial)
                turn += 1
                if turn % (ASK_EVERY // LOOK_EVERY) == 0:
                    await asyncio.gather(*[self._ask(zeroconf.zeroconf, *key)
                                           for key in list(self._known)])
        finally:
            loop.remove_reader(ears)
            await browser.async_cancel()

    async def _announce(self, zeroconf, serial):
        """Have announced what is offered now; what was, and is no more, says goodbye."""
        offered = self._offer(serial) if self._offer is not None else []
        if offered == self._told:
            return
        before, told = self._mine, {}
        for kind, name, port, text in offered:
            name = before[kind].name if kind in before else name
            told[kind] = self._info(kind, name, port, text, serial)
        self._mine = dict(before, **told)       # already seen while it is being announced
        await asyncio.gather(*(
            [zeroconf.async_update_service(told[kind]) if kind in before else
             zeroconf.async_register_service(told[kind], allow_name_change=True) for kind in told]
            + [zeroconf.async_unregister_service(before[kind]) for kind in set(before) - set(told)]
        ))
        self._told, self._mine = offered, told

    def _info(self, kind, name, port, text, serial):
        from zeroconf.asyncio import AsyncServiceInfo
        return AsyncServiceInfo(kind, name, port, addresses=[at.ip.packed for at in self._here],
                                properties=text, server="kagami-%s.local." % serial)

    def _is_mine(self, name):
        """Whether a service is ours; another machine may have had the first name."""
        return any(info.name == name for info in self._mine.values())

    def _changed(self, zeroconf, service_type, name, state_change):
        if self._is_mine(name):
            return
        if state_change.name == "Removed":
            self._known.pop((service_type, name), None)
            self._hosts.drop((service_type, name))
        elif len(self._known) < MOST:
            asyncio.ensure_future(self._ask(zeroconf, service_type, name))

    async def _ask(self, zeroconf, kind, name):
        """Look one service up; it is dropped where nobody answers any more."""
        from zeroconf.asyncio import AsyncServiceInfo
        info, key = AsyncServiceInfo(kind, name), (kind, name)
        there = await info.async_request(zeroconf, ANSWER_WITHIN * 1000)
        if there and name not in self._sources:
            await self._locate(zeroconf, name)
        host = self._host(kind, name, info) if there else None
        if host is not None and host.kind in (VRCHAT, OSCQUERY):
            host = host._replace(hears=await query.hears(host))
        if host is None or self._is_mine(name):
            self._known.pop(key, None)
            self._hosts.drop(key)
        elif self._hosts.put(key, host):
            self._known[key] = host

    async def _locate(self, zeroconf, name):
        """Have a name said aloud, for _overhear(): what answered us alone told no address."""
        from zeroconf import DNSOutgoing, DNSQuestion
        for _ in range(3):
            question = DNSOutgoing(0)
            question.add_question(DNSQuestion(name, _SRV, 1))
            zeroconf.async_send(question)
            for _ in range(10):
                await asyncio.sleep(0.1)
                if name in self._sources:
                    return

    def _host(self, kind, name, info):
        """The Host that a service is, or None where no address of it is to be believed."""
        address = addresses.trusted(info.parsed_addresses(), self._sources.get(name, ""),
                                    self._here)
        if not address or not info.port:
            return None
        words = plain(name[:-len(kind) - 1])
        what = kind_of(kind, words)
        return Host(what, words, address, info.port, info.port if what == OSC else 0)

    def _overhear(self, ears, zeroconf):
        """Note from which address each name is announced: zeroconf does not tell."""
        from zeroconf import DNSIncoming
        try:
            packet, peer = ears.recvfrom(9000)
        except OSError:
            return
        message = DNSIncoming(packet)
        answers = message.answers() if callable(message.answers) else message.answers
        for record in answers if message.is_response() else ():
            name = {_PTR: getattr(record, "alias", ""), _SRV: record.name}.get(record.type, "")
            if name.endswith(KINDS):
                before = self._sources.pop(name, peer[0])
                self._sources[name] = peer[0]
                for key in [key for key in self._known if key[1] == name and before != peer[0]]:
                    asyncio.ensure_future(self._ask(zeroconf, *key))
        while len(self._sources) > MOST:
            self._sources.popitem(False)


async def holders(name, own, seconds=3):
    """[address] of the machines that answer to a name like "kagami.local." on these networks.

    own: [address] of this machine, from which it is asked once a second. PartMissing where
    zeroconf is; OSError where no address of them is ours any more.
    """
    _library()
    from zeroconf import DNSOutgoing, DNSQuestion, IPVersion
    from zeroconf.asyncio import AsyncZeroconf
    asking = AsyncZeroconf(own, ip_version=IPVersion.V4Only)
    try:
        for _ in range(seconds):
            question = DNSOutgoing(0)
            question.add_question(DNSQuestion(name, _A, 1))
            asking.zeroconf.async_send(question)
            await asyncio.sleep(1)
        found = [ipaddress.IPv4Address(record.address) for record in
                 asking.zeroconf.cache.entries_with_name(name) if record.type == _A]
        return [str(address) for address in found if not address.is_loopback]
    finally:
        await asking.async_close()


def _ears(here):
    """A socket that hears what is said to the group, on these addresses."""
    ears = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    ears.setblocking(False)
    for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
        ears.setsockopt(socket.SOL_SOCKET, option, 1)
    ears.bind((GROUP, PORT))            # the group alone: what is said to us is zeroconf's
    for at in here:
        try:
            ears.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                            ipaddress.IPv4Address(GROUP).packed + at.ip.packed)
        except OSError:                 # two addresses of one adapter
            pass
    return ears


def _library():
    try:
        import zeroconf
    except ImportError:
        raise PartMissing("zeroconf", "not installed, so nobody on the network is found",
                          "pip install zeroconf") from None
    if hasattr(zeroconf.QuietLogger, "_seen_logs"):
        _hush(zeroconf.QuietLogger)


def _hush(logger):
    """Those for Python before 3.10 keep whatever is wrong with a packet, and the packet, for good;
    those for 3.6 print all of it at each besides: any neighbour could fill memory and log."""
    from zeroconf._protocol import incoming
    logger.log_exception_debug = staticmethod(lambda *_: None)
    incoming._seen_logs = _Nothing()


class _Nothing(dict):
    def __setitem__(self, *_):
        pass
