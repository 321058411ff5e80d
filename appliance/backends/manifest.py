"""engines/manifest.ini in, a Network record a section out: what a file must be before it runs."""
import collections
import configparser
import hashlib
import os
from typing import NamedTuple

from appliance.errors import DataError, InputMissing, nearest
from appliance.face import ARKIT
from engines.graph import Graph

_ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, os.pardir)
MANIFEST = os.path.join(os.path.normpath(_ROOT), "engines", "manifest.ini")
FETCH = "fetch the networks again"


class Network(NamedTuple):
    """One network of the manifest.

    path: the ONNX file. sha256: its hash, lower-case hex. inputs, outputs: ordered dict, name ->
    shape. score: between 0 and 1, the raw score that means "as likely as not". tolerance: largest
    difference between backends. channels: 1, luma. driven: names of the shapes that proved right
    often enough to be sent (expression). fading: those of them that are told of a face seen from
    the front alone. fp32: names of the nodes that stay in FP32 where the rest
    runs in FP16. parts: of a network whose outputs are (N, K) or (N, K, h, w), ordered {name:
    shape} of what lies side by side in them, along K; where there are none, the outputs.
    tolerances: {part: largest difference} of an engine to ONNX Runtime on the recorded inputs.
    faces: how many it takes at once; the first size of every shape is that many times the file's.
    sided: {pair of shapes, without its side: (difference of the two up to which they are alike, by
    how much what is beyond it is too little)}.
    """

    name: str
    path: str
    sha256: str
    inputs: dict
    outputs: dict
    score: float
    tolerance: float
    channels: int
    driven: tuple = ()
    fading: tuple = ()
    fp32: tuple = ()
    tolerances: dict = {}
    parts: dict = {}
    faces: int = 1
    sided: dict = {}

    def of(self, faces):
        """The record of the same network that takes so many faces at once: `iris-x2`."""
        if faces == 1:
            return self
        return self._replace(name="%s-x%d" % (self.name, faces), faces=faces,
                             inputs=_times(faces, self.inputs),
                             outputs=_times(faces, self.outputs),
                             parts=_times(faces, self.parts))

    @property
    def section(self):
        """The name in the manifest."""
        return self.name if self.faces == 1 else self.name.rpartition("-x")[0]

    def apart(self, outputs):
        """{part: view} of {output: array}."""
        if not self.parts:
            return outputs
        return collections.OrderedDict(
            (name, outputs[whole][:, start:end].reshape(self.parts[name]))
            for name, whole, start, end in _places(self.outputs, self.parts))

    def content(self):
        """The bytes of the file, for so many faces; InputMissing where there is none, DataError
        where another is."""
        try:
            with open(self.path, "rb") as f:
                content = f.read()
        except OSError as why:
            raise InputMissing(self.path, why.strerror or "cannot be read", FETCH) from why
        if hashlib.sha256(content).hexdigest() != self.sha256:
            raise DataError(self.path, "not the file that the manifest means (SHA-256 differs)",
                            FETCH + ", or record it anew after training")
        return content if self.faces == 1 else Graph(content, self.path).times(self.faces)

    def compare(self, kind, have):
        """DataError where tensors of this record are not those of its file.

        kind: "input" or "output". have: {name: shape} of the float32 tensors that were found.
        """
        for name, shape in getattr(self, kind + "s").items():
            if have.get(name) != shape:
                why = "%s %s is %s, the manifest says float %s"
                raise DataError(self.path, why % (kind, name, have.get(name, "absent"), shape),
                                "record the network anew")


def _places(outputs, parts):
    """[(part, output, start, end)] of where the parts lie, which fill the outputs in turn along
    their second size; ValueError where they do not."""
    left, found = list(parts.items()), []
    for output, whole in outputs.items():
        end = 0
        while left and len(whole) > 1 and end < whole[1]:
            name, shape = left.pop(0)
            start, end = end, end + _count(shape[1:]) // _count(whole[2:])
            fits = shape[:1] + (end - start,) + whole[2:]
            if shape[0] != whole[0] or len(whole) > 2 and shape != fits:
                break
            found.append((name, output, start, end))
        if end != (whole + (0, 0))[1] or len(found) + len(left) != len(parts):
            raise ValueError("parts: they do not fill output %s" % spelt({output: whole}))
    if left:
        raise ValueError("parts: there is no room for %s" % left[0][0])
    return found


def _count(sizes):
    """How many numbers there are."""
    count = 1
    for size in sizes:
        count *= size
    return count


def _times(faces, tensors):
    return collections.OrderedDict((name, (faces * shape[0],) + shape[1:])
                                   for name, shape in tensors.items())


def read(path=MANIFEST):
    """{name: Network} of a manifest; InputMissing or DataError, one line each."""
    parser = configparser.ConfigParser(interpolation=None)
    try:
        with open(path) as f:
            parser.read_file(f)
    except OSError as why:
        raise InputMissing(path, why.strerror or "cannot be read", FETCH) from why
    except (configparser.Error, UnicodeDecodeError) as why:
        raise DataError(path, str(why).splitlines()[0], FETCH) from why
    return {name: _network(path, name, parser[name]) for name in parser.sections()}


def _network(path, name, section):
    try:
        return _checked(Network(
            name, os.path.join(os.path.dirname(os.path.abspath(path)), section["file"]),
            section["sha256"].lower(), shapes(section["inputs"]), shapes(section["outputs"]),
            float(section.get("score", "0.5")), float(section.get("tolerance", "0.01")),
            int(section.get("channels", "1")), tuple(section.get("driven", "").split()),
            tuple(section.get("fading", "").split()), tuple(section.get("fp32", "").split()),
            _tolerances(section), shapes(section.get("parts", "")), sided=_sided(section)))
    except KeyError as why:
        raise DataError(path, "[%s] has no line %s" % (name, why), "add it") from why
    except ValueError as why:
        raise DataError(path, "[%s] %s" % (name, why), "correct it") from why


def _sided(section):
    """{pair: (still, factor)} of a section."""
    words = [word.split(":") for word in section.get("sided", "").split()]
    foreign = [name for name, _, _ in words if name + "Left" not in ARKIT]
    if foreign:
        raise ValueError("sided: %s is no pair of shapes" % foreign[0])
    return {name: (float(still), float(factor)) for name, still, factor in words}


def _tolerances(section):
    """{part: number} of a section; one number for all parts where they have none of their own."""
    parts = shapes(section.get("parts", section["outputs"]))
    own = [word.rpartition(":") for word in section.get("tolerances", "").split()]
    foreign = [name for name, _, _ in own if name not in parts]
    if foreign:
        raise ValueError("tolerances: no part %s" % foreign[0])
    found = dict.fromkeys(parts, float(section.get("tolerance", "0.01")))
    found.update((name, float(number)) for name, _, number in own)
    return found


def _checked(network):
    """The network; ValueError for what would be passed over in silence, or divide by nothing."""
    if network.channels != 1:
        raise ValueError("channels = %d: networks see luma alone, 1" % network.channels)
    if not 0 < network.score < 1:
        raise ValueError("score = %g is not between 0 and 1" % network.score)
    if network.parts:
        _places(network.outputs, network.parts)
    for name in network.driven:
        if name not in ARKIT:
            near = nearest(name, ARKIT)
            raise ValueError("driven: no shape %s" % name + (" (%s?)" % near if near else ""))
    for name in network.fading:
        if name not in network.driven:
            raise ValueError("fading: %s is not driven" % name)
    return network


def shapes(text):
    """Ordered {name: shape} from "image:1x128x128x1 other:1x6"."""
    found = collections.OrderedDict()
    for word in text.split():
        name, _, sizes = word.rpartition(":")
        found[name] = tuple(int(n) for n in sizes.split("x"))
    return found


def record(name, file, inputs, outputs, path=MANIFEST, anew=False, **notes):
    """Write or renew the section `name` of the manifest: for the trainer, after each export.

    file: the ONNX file, in the manifest's folder. inputs, outputs: {name: shape}. notes: further
    lines (score, tolerance, channels, driven, fading, normalisation, trained_with, licence); those
    not named stay as they were, unless the section is written anew; but of other parts no
    tolerance is left of one that is gone.
    """
    parser = configparser.ConfigParser(interpolation=None)
    parser.read([path])
    if anew:
        parser.remove_section(name)
    if not parser.has_section(name):
        parser.add_section(name)
    with open(os.path.join(os.path.dirname(os.path.abspath(path)), file), "rb") as f:
        digest = hashlib.sha256(f.read()).hexdigest()
    if "parts" in notes and "tolerances" not in notes and parser.has_option(name, "tolerances"):
        notes["tolerances"] = " ".join(
            word for word in parser.get(name, "tolerances").split()
            if word.rpartition(":")[0] in shapes(notes["parts"]))
    lines = dict(notes, file=file, sha256=digest, inputs=spelt(inputs), outputs=spelt(outputs))
    for key in ("file", "sha256", "inputs", "outputs") + tuple(sorted(notes)):
        parser.set(name, key, str(lines[key]))
    with open(path + ".new", "w") as f:
        parser.write(f)
        f.flush()
        os.fsync(f.fileno())
    os.replace(path + ".new", path)


def spelt(tensors):
    """What `shapes` reads."""
    return " ".join("%s:%s" % (name, "x".join(str(n) for n in shape))
                    for name, shape in tensors.items())
