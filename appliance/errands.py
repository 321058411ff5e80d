"""A user's words about a person become a question to the program that runs, or a change of what is
kept where none runs; text for the user comes back."""
import json
import os

from appliance import geometry, keeping
from appliance.calibration import WHAT, Calibration
from appliance.errors import InputMissing, OutputError, UsageError, nearest
from appliance.examples import examples
from appliance.known import named, understood
from appliance.network.local import program
from appliance.person import CALIBRATION, EXPRESSIONS
from appliance.teach import Taught, checked

ANSWER = 12.0       # seconds that a running program takes at most: it waits for a face, then looks
LEARNING = 60.0     # the same of a lesson, from one prompt to the next, and after its end
NOBODY = "start kagami run first, as the same user or with the same calibration.folder"


class Errands:
    """What can be asked; setting: calibration.folder of the configuration."""

    def __init__(self, setting=""):
        self._folder, self._program = keeping.folder(setting), program(setting)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._program is not None:
            self._program.__exit__()

    def calibrate(self, what, values):
        """One of the words of `kagami calibrate` with those behind it; UsageError for others."""
        if what == "show" and not values:
            return self.show()
        if what in ("export", "import") and len(values) == 1:
            return (self.export if what == "export" else self.take)(values[0])
        if what == "reset" and len(values) < 2:
            return self.clear((values or ["all"])[0])
        return self.measure(what, request(what, values))

    def show(self):
        """What is known, in lines."""
        person = self._person()
        known = understood(person["calibration"])
        turned = geometry.angles_from_matrix(geometry.matrix_from_quaternion(known.rotation))
        turned = tuple(angle + 0.0 for angle in turned)       # no -0.0
        lines = ["straight ahead   yaw %+.1f  pitch %+.1f  roll %+.1f degrees" % turned,
                 "resting face     " + _listed(known.rest, 0.0)]
        for side, by_hand, learned, gaze in zip(("left", "right"), known.hand, known.lids,
                                                known.gaze):
            lines.append("%-16s %s, gaze %+.1f %+.1f degrees" % (
                side + " eye", _lid(by_hand, learned), gaze[0], gaze[1]))
        lines.append("limits learned   " + _listed(known.tops, 1.0))
        lines.append("taught           " + (", ".join(sorted(person["taught"])) or "nothing"))
        return "\n".join(lines + ["kept in          " + person["folder"]])

    def export(self, path):
        """Write it to a file."""
        keeping.write(path, self._person()["calibration"])
        return "written to " + path

    def take(self, path):
        """Take over a file that was exported."""
        try:
            document = keeping.read(path, lambda d: understood(d) and d)
        except FileNotFoundError:
            raise InputMissing(path, "no such file", "name one that export wrote") from None
        except OSError as e:
            raise InputMissing(path, e.strerror, "name one that can be read") from e
        if self._program is not None:
            return self._program.text("/kagami/calibrate/import", json.dumps(document))
        return self._kept(document)

    def clear(self, what):
        """Forget all of it, or what one word of calibration.WHAT names."""
        if what not in WHAT:
            raise UsageError("calibrate reset " + what, "not known", "give " + ", ".join(WHAT))
        if self._program is not None:
            return self.measure("clear", ["", what])
        calibration = Calibration(self._document(CALIBRATION, understood))
        calibration.clear(what)
        return self._kept(calibration.document())

    def measure(self, what, arguments):
        """Something for which a face must be seen; UsageError where no program runs."""
        if self._program is None:
            raise UsageError("kagami calibrate " + what, "no program runs", NOBODY)
        return self._program.text("/kagami/calibrate/" + what, *arguments, wait=ANSWER)

    def teach(self, name, rounds, say):
        """Teach through a running program, each prompt and the answer to say(text); False where
        none runs."""
        checked(name)
        if self._program is None:
            return False
        self._program.text("/kagami/teach", name, rounds, wait=LEARNING, say=say)
        return True

    def forget(self, name):
        """Forget a taught expression."""
        if self._program is not None:
            return self._program.text("/kagami/forget", name)
        taught = self._taught()
        taught.forget(name)
        taught.wait()
        self._write(EXPRESSIONS, taught.document())
        return "%s: forgotten" % name

    def taught(self):
        """A line for each taught expression."""
        told = self._person()["taught"]
        return "\n".join("%-20s %.0f %% of it told rightly" % (name, 100 * told[name])
                         for name in sorted(told)) or "nothing is taught yet: kagami teach NAME"

    def _person(self):
        """What is known, as person.Person.knowledge() tells it."""
        if self._program is not None:
            return json.loads(self._program.text("/kagami/person"))
        taught = self._taught()
        return {"folder": self._folder, "calibration": self._document(CALIBRATION, understood),
                "taught": {name: taught.told(name) for name in taught.names}}

    def _taught(self):
        return Taught(self._document(EXPRESSIONS, examples), learn=False)

    def _document(self, name, understand):
        try:
            return keeping.read(os.path.join(self._folder, name), lambda d: understand(d) and d)
        except FileNotFoundError:
            return {}
        except OSError as e:
            raise InputMissing(os.path.join(self._folder, name), e.strerror,
                               "ask as the user whose it is") from e

    def _kept(self, document):
        self._write(CALIBRATION, document)
        return "done; it counts from the next start"

    def _write(self, name, document):
        try:
            os.makedirs(self._folder, 0o700, exist_ok=True)
        except OSError as e:
            raise OutputError(self._folder, e.strerror, "set calibration.folder") from e
        keeping.write(os.path.join(self._folder, name), document)


def request(what, values):
    """The arguments of the message for one of recenter, neutral, eyes or gaze, from the words
    behind it; UsageError where they are not what it takes."""
    forms = {"recenter": "", "neutral": "[SECONDS]", "eyes": "open|shut", "gaze": "YAW PITCH"}
    try:
        if what == "recenter" and not values:
            return [""]         # where others give the token
        if what == "neutral" and len(values) < 2:
            return ["", float((values or ["2"])[0])]
        if what == "eyes" and values in (["open"], ["shut"]):
            return ["", values[0]]
        if what == "gaze" and len(values) == 2:
            return ["", float(values[0]), float(values[1])]
    except ValueError:
        pass
    if what in forms:
        raise UsageError("calibrate " + " ".join([what] + values), "not what it takes",
                         "write: kagami calibrate %s %s" % (what, forms[what]))
    known = list(forms) + ["show", "export", "import", "reset"]
    near = nearest(what, known)
    raise UsageError("calibrate " + what, "not known",
                     "did you mean %s?" % near if near else "give one of " + ", ".join(known))


def _lid(by_hand, learned):
    return "  ".join("%s %.2f%s" % (word, value if value is not None else known,
                                    "" if value is not None else " (learned)")
                     for word, value, known in zip(("shut", "open"), by_hand, learned))


def _listed(weights, usual):
    some = ["%s %.2f" % pair for pair in sorted(named(weights, usual).items())]
    return ", ".join(some) or "as at first"
