"""Every option with its kind and bounds, once: a word comes in, a typed value goes out."""
import ipaddress
from collections import OrderedDict

from appliance.errors import nearest


class Number:
    """A number from `low` to `high`, whole or not, in `unit`."""

    def __init__(self, kind, low, high, unit=""):
        self.kind, self.low, self.high, self.unit = kind, low, high, unit
        self.bounds = ("%s to %s %s" % (low, high, unit)).strip()

    def parse(self, text):
        """The value; ValueError with the reason where `text` is none."""
        try:
            value = self.kind(text)
        except ValueError:
            why = "not a whole number" if self.kind is int else "not a number"
            raise ValueError(why) from None
        if not self.low <= value <= self.high:
            raise ValueError("out of bounds")
        return value


class Word:
    """One of a few words; whole numbers among them become int."""

    def __init__(self, *words):
        self.words = words
        named = [word or "nothing" for word in words]
        self.bounds = "%s or %s" % (", ".join(named[:-1]), named[-1])

    def parse(self, text):
        """The word as it is spelt here; ValueError where it is none of them."""
        lower = text.lower()
        if lower not in self.words:
            near = nearest(text, self.words)
            raise ValueError("not known" + (" (did you mean %s?)" % near if near else ""))
        return int(lower) if all(w.isdigit() for w in self.words) else lower


class Some:
    """Some of a few words, one at least."""

    def __init__(self, *words):
        self.words = words
        self.bounds = "some of %s" % ", ".join(words)

    def parse(self, text):
        """A tuple of them, in their own order; ValueError for others, or for none."""
        given = text.lower().replace(",", " ").split()
        for word in [word for word in given if word not in self.words]:
            near = nearest(word, self.words)
            raise ValueError("%s is not known%s" % (
                word, " (did you mean %s?)" % near if near else ""))
        if not given:
            raise ValueError("none of them")
        return tuple(word for word in self.words if word in given)


class Flag(Word):
    """yes or no, also spelt on/off, true/false, 1/0."""

    spelt = {"yes": True, "on": True, "true": True, "1": True,
             "no": False, "off": False, "false": False, "0": False}

    def __init__(self):
        super().__init__("yes", "no")

    def parse(self, text):
        """bool."""
        if text.lower() not in self.spelt:
            raise ValueError("neither yes nor no")
        return self.spelt[text.lower()]


class Text:
    """Words that somebody else understands (`bounds` says which)."""

    def __init__(self, bounds="any text"):
        self.bounds = bounds

    def parse(self, text):
        """The text as it is."""
        return text


class Networks:
    """Who on the network is meant: lan, addresses and networks; no larger ones than a /8."""

    bounds = "lan, addresses and networks like 192.168.1.0/24"

    def parse(self, text):
        """("lan" or ip_network, ...); ValueError where a word is neither."""
        return tuple(self._one(word) for word in text.lower().replace(",", " ").split())

    @staticmethod
    def _one(word):
        if word == "lan":
            return word
        try:
            network = ipaddress.ip_network(word, strict=False)
        except ValueError:
            raise ValueError("%s is no address" % word) from None
        if network.prefixlen < 8 or network.is_multicast:
            raise ValueError("%s is everybody" % word)
        return network


class Address:
    """An IPv4 address of this machine."""

    bounds = "an address of this machine, or 0.0.0.0 for all of them"

    def parse(self, text):
        """ipaddress.IPv4Address; ValueError where it is none."""
        try:
            return ipaddress.IPv4Address(text)
        except ValueError:
            raise ValueError("no IPv4 address") from None


class AutoOr:
    """The word auto, or what `other` takes."""

    def __init__(self, other):
        self.other, self.bounds = other, "auto, or " + other.bounds

    def parse(self, text):
        """"auto" or the other's value."""
        return "auto" if text.lower() == "auto" else self.other.parse(text)


_PIXELS = Number(int, 16, 8192, "px")
_TIME = Number(int, 0, 10000, "ms")
_CUTOFF = Number(float, 0, 100, "Hz")
_BETA = Number(float, 0, 100)
_SHARE = Number(float, 0, 1)
SCHEMA = OrderedDict([
    ("camera", OrderedDict([
        ("source", Text()),
        ("width", _PIXELS),
        ("height", _PIXELS),
        ("rate", Number(float, 1, 240, "Hz")),
        ("flip", Word("none", "horizontal", "vertical", "both")),
        ("rotation", Word("0", "90", "180", "270")),
        ("fov", Number(float, 10, 170, "degrees")),
        ("exposure", AutoOr(Number(int, 1, 1000000, "us"))),
        ("gain", AutoOr(Number(float, 1, 48))),
        ("power_line", Word("auto", "50", "60", "off"))])),
    ("tracker", OrderedDict([
        ("max_faces", Number(int, 1, 4)),
        ("detector_every", Number(int, 1, 1000, "frames")),
        ("score", _SHARE),
        ("lost_after", Number(int, 1, 100, "frames")),
        ("eye_distance", Number(float, 40, 80, "mm")),
        ("quality", Word("standard", "fine"))])),
    ("smoothing", OrderedDict(
        (group + part, kind) for group in ("head", "points", "eyes", "expression")
        for part, kind in (("_cutoff", _CUTOFF), ("_beta", _BETA)))),
    ("calibration", OrderedDict([
        ("folder", Text()),
        ("ranges", Flag()),
        ("link", _SHARE),
        ("drift", Number(float, 0, 1440, "minutes"))])),
    ("loss", OrderedDict([
        ("hold_ms", _TIME),
        ("return_ms", _TIME),
        ("blend_ms", _TIME),
        ("lost_keepalive_hz", Number(float, 0, 60, "Hz"))])),
    ("output", OrderedDict([
        ("neck_share", _SHARE),
        ("limit", Number(int, 512, 1472, "bytes"))])),
    ("target", OrderedDict([
        ("to", Text("DIALECT@HOST or DIALECT@HOST:PORT")),
        ("enabled", Flag()),
        ("rate", Number(float, 0, 240, "Hz")),
        ("mirror", Flag()),
        ("bundle", Flag()),
        ("prefix", Text()),
        ("parts", Some("head", "eyes", "mouth")),
        ("case", Word("pascal", "camel", "both")),
        ("blendshapes", Word("arkit", "vrm0", "vrm1", "both")),
        ("role", Word("performer", "assistant")),
        ("eyes", Word("", "bones", "blend", "both")),
        ("ok_args", Word("1", "3", "4")),
        ("form", Word("compact", "human")),
        ("parameter_prefix", Text()),
        ("parameters", Word("float", "binary", "both", "none")),
        ("bits", Number(int, 1, 8)),
        ("native", Word("auto", "yes", "no")),
        ("vergence", Flag()),
        ("changed_only", Flag()),
        ("positions", Word("rest", "zero")),
        ("babble_set", Word("babble", "arkit")),
        ("etvr_set", Word("v2", "v1", "native")),
        ("faceosc_sides", Word("image", "subject")),
        ("livelink_subject", Text("1 to 32 letters, digits, blanks, - or _")),
        ("livelink_swap", Flag()),
        ("ifm_version", Word("1", "2"))])),
    ("control", OrderedDict([
        ("enabled", Flag()),
        ("port", Number(int, 1024, 65535)),
        ("allow", Networks()),
        ("write", Word("loopback", "lan", "off")),
        ("token", Text())])),
    ("network", OrderedDict([
        ("discovery", Flag()),
        ("oscquery", Flag()),
        ("name", Text("at most 60 letters"))])),
    ("panel", OrderedDict([
        ("address", Address()),
        ("port", Number(int, 1, 65535)),
        ("names", Text()),
        ("origins", Text()),
        ("preview", Flag())])),
    ("backend", OrderedDict([
        ("name", Word("auto", "tensorrt", "openvino", "onnxruntime")),
        ("device", Word("cpu", "gpu", "npu", "auto")),
        ("precision", Word("auto", "f32", "bf16"))])),
])
