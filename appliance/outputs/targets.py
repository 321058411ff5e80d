"""What a user writes of a target, DIALECT@HOST[:PORT] and options, becomes a checked Target."""
import ipaddress
import re
from typing import NamedTuple, Tuple

from appliance.errors import UsageError, nearest
from appliance.outputs.dialects import DIALECTS, speaks
from appliance.outputs.parts import PARTS

MOST = 12           # targets at once: every dialect, and one more
WIDEST = 8          # bits that the addresses of a network which may ask have in common
_FORM = "write DIALECT@HOST:PORT, for example vmc@127.0.0.1:39539"
_SHAPE = re.compile(r"(?P<dialect>[^@]*)@(?P<host>.*?)(?::(?P<port>[^:\]]*))?", re.S)
_HOST = re.compile(r"[^\s@/:?#\[\]\x00-\x20\x7f]{1,253}")
_SUBJECT = re.compile("[A-Za-z0-9_-][A-Za-z0-9 _-]{0,31}")
_PART = r"[^\s#*,?\[\]{}/\x00-\x20\x7f]+"
_PREFIX = re.compile("(/%s)*" % _PART)
_PARAMETER_PREFIX = re.compile("(%s/)*" % _PART)
# Option, its form, what is wrong with another one, and what would do.
_FORMS = (
    ("prefix", _PREFIX, "not the beginning of an OSC address",
     "write it like /one, without spaces, a last slash or # * , ? [ ] { }"),
    ("parameter_prefix", _PARAMETER_PREFIX, "not the middle of an OSC address",
     "write it like FT/, without spaces, a first slash or # * , ? [ ] { }"),
    ("livelink_subject", _SUBJECT, "not a subject's name",
     "give 1 to 32 letters, digits, blanks, - or _"))


class Target(NamedTuple):
    """Who is sent what.

    to: "dialect@host:port" or "dialect@host". port: 0 where it was left out (`checked` puts the
    dialect's own in its place). rate: frames per second at most, 0 for every frame. mirror: send
    what a mirror would show. bundle: False sends each message by itself. prefix: put before every
    address. parts: those of parts.PARTS that are told. case, blendshapes, role, eyes, ok_args,
    positions: see dialects.vmc.Vmc. form: see dialects.kagami.Kagami. parameter_prefix,
    parameters, bits, native, vergence, changed_only: see dialects.vrchat.Vrchat. babble_set: see
    dialects.babble.Babble. etvr_set: see dialects.etvr.Etvr. faceosc_sides: see
    dialects.faceosc.FaceOsc. livelink_subject, livelink_swap: see dialects.livelink.LiveLink.
    ifm_version: see dialects.ifacialmocap.IFacialMocap.
    """

    to: str
    dialect: str = ""
    host: str = ""
    port: int = 0
    enabled: bool = True
    rate: float = 0.0
    mirror: bool = False
    bundle: bool = True
    prefix: str = ""
    parts: Tuple[str, ...] = PARTS
    case: str = "pascal"
    blendshapes: str = "arkit"
    role: str = "performer"
    eyes: str = ""
    ok_args: int = 4
    form: str = "compact"
    parameter_prefix: str = "FT/"
    parameters: str = "float"
    bits: int = 4
    native: str = "auto"
    vergence: bool = False
    changed_only: bool = True
    positions: str = "rest"
    babble_set: str = "babble"
    etvr_set: str = "v2"
    faceosc_sides: str = "image"
    livelink_subject: str = "Kagami"
    livelink_swap: bool = False
    ifm_version: int = 1


def parse_target(text):
    """A Target from "dialect@host:port", where ":port" may be left out; IPv6 addresses in
    brackets. UsageError says what is wrong with it.

    A dialect that answers may have a network as its host, "192.168.1.0/24": who may ask.
    """
    shape = _SHAPE.fullmatch(text)
    if not shape:
        raise UsageError("target %r" % text, "not a target", _FORM)
    dialect, host = _dialect(text, shape.group("dialect")), shape.group("host")
    port = _port(text, shape.group("port"))
    make = speaks(dialect, port)
    if hasattr(make, "question") and ("/" in host or make.asked_only):
        host = _network(text, host)
    else:
        host = _host(text, host)
    return Target(text, dialect, host, port)


def checked(record):
    """A Target from a record with `to` and any of Target's options (the configuration's)."""
    for _, mistake in mistakes(record):
        raise mistake
    options = {name: getattr(record, name) for name in Target._fields[4:] if hasattr(record, name)}
    target = parse_target(record.to)._replace(**options)
    return target._replace(port=target.port or speaks(target.dialect).port(target))


def mistakes(record):
    """(option, UsageError) of each option of such a record that means nothing."""
    for name, form, why, do in _FORMS:
        text = getattr(record, name, None)
        if text is not None and not form.fullmatch(text):
            yield name, UsageError("%s %r of %s" % (name, text, record.to), why, do)
    try:
        target, parts = parse_target(record.to), getattr(record, "parts", PARTS)
    except UsageError as e:
        yield "to", e
        return
    carried = speaks(target.dialect, target.port).carries(record)
    if not set(parts) & set(carried):
        yield "parts", UsageError("parts %s of %s" % (" ".join(parts), record.to),
                                  "nothing of that goes there", "give " + " or ".join(carried))


def _dialect(text, name):
    if name in DIALECTS:
        return name
    near = nearest(name, DIALECTS)
    known = "dialects are " + ", ".join(sorted(DIALECTS))
    raise UsageError("target %r" % text,
                     "unknown dialect %r" % name if name else "no dialect before the @",
                     "did you mean %s?" % near if near else known)


def _port(text, digits):
    if digits is None:
        return 0
    if re.fullmatch("[0-9]{1,5}", digits) and 1 <= int(digits) <= 65535:
        return int(digits)
    why = "port %r is not a number from 1 to 65535" % digits if digits else "no port"
    raise UsageError("target %r" % text, why, _FORM)


def _host(text, host):
    bracketed = host[:1] == "[" and host[-1:] == "]"
    name = host[1:-1] if bracketed else host
    if not name:
        raise UsageError("target %r" % text, "no host", _FORM)
    address = numeric(name)
    if bracketed != (":" in name):
        raise UsageError("target %r" % text, "brackets belong around IPv6 addresses, only there",
                         "write vmc@[::1]:39539 or vmc@127.0.0.1:39539")
    if address is None and not _is_name(name):
        raise UsageError("target %r" % text,
                         "%r is neither an address nor a host's name" % name, _FORM)
    if address is not None and _is_crowd(address):
        raise UsageError("target %r" % text, "%s is no single receiver" % address,
                         "name the one computer to send to; 127.0.0.1 is this one")
    return name


def _network(text, host):
    """The addresses that may ask, as "192.168.1.0/24"; one address is a network of one."""
    name = host.replace("[", "").replace("]", "")
    try:
        network = ipaddress.ip_network(name, strict=False)
    except ValueError:
        raise UsageError("target %r" % text, "%r is no address" % host,
                         "name who may ask, like 192.168.1.20 or 192.168.1.0/24") from None
    if network.prefixlen < WIDEST or _is_crowd(network.network_address):
        raise UsageError("target %r" % text, "%s is everybody" % network,
                         "name who may ask, like 192.168.1.20 or 192.168.1.0/24")
    return str(network)


def numeric(host):
    """An ipaddress object, or None where `host` is a name."""
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


def _is_crowd(address):
    """Whether it means several receivers, or none in particular."""
    return address.is_multicast or address.is_unspecified or str(address) == "255.255.255.255"


def _is_name(name):
    """Whether a resolver could know it: labels of 1 to 63 bytes, more than digits and dots."""
    try:
        name.encode("idna")
    except UnicodeError:
        return False
    return bool(_HOST.fullmatch(name)) and not re.fullmatch(r"[0-9.]+", name)
