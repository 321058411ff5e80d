"""A user's words about a person become a request to the program that runs, or a change of what is
kept where none runs; text for the user comes back."""
import os
import time

from appliance import geometry, keeping
from appliance.calibration import WHAT, Calibration
from appliance.errors import InputMissing, OutputError, UsageError, nearest
from appliance.known import named, understood
from appliance.mailbox import Mailbox
from appliance.person import CALIBRATION, EXPRESSIONS
from appliance.teach import STEP, Taught, checked, examples, prompt

ANSWER = 12.0       # seconds that a running program takes at most: it waits for a face, then looks
LEARNING = 60.0     # the same for a lesson, after its end
NOBODY = "start kagami run first, as the same user or with the same calibration.folder"


class Errands:
    """What can be asked; setting: calibration.folder of the configuration."""

    def __init__(self, setting=""):
        self._folder = keeping.folder(setting)
        self._path = os.path.join(self._folder, CALIBRATION)
        self._mailbox = Mailbox(self._folder)

    def calibrate(self, what, values):
        """One of the words of `kagami calibrate` with those behind it; UsageError for others."""
        if what == "show" and not values:
            return self.show()
        if what in ("export", "import") and len(values) == 1:
            return (self.export if what == "export" else self.take)(values[0])
        if what == "reset" and len(values) < 2:
            return self.clear((values or ["all"])[0])
        return self.measure(request(what, values))

    def show(self):
        """What is known, in lines."""
        known = understood(self._read())
        turned = geometry.angles_from_matrix(geometry.matrix_from_quaternion(known.rotation))
        turned = tuple(angle + 0.0 for angle in turned)       # no -0.0
        lines = ["straight ahead   yaw %+.1f  pitch %+.1f  roll %+.1f degrees" % turned,
                 "resting face     " + _listed(known.rest, 0.0)]
        for side, by_hand, learned, gaze in zip(("left", "right"), known.hand, known.lids,
                                                known.gaze):
            lines.append("%-16s %s, gaze %+.1f %+.1f degrees" % (
                side + " eye", _lid(by_hand, learned), gaze[0], gaze[1]))
        lines.append("limits learned   " + _listed(known.tops, 1.0))
        lines.append("taught           " + (", ".join(self._taught().names) or "nothing"))
        return "\n".join(lines + ["kept in          " + self._folder])

    def export(self, path):
        """Write it to a file."""
        keeping.write(path, self._read())
        return "written to " + path

    def take(self, path):
        """Take over a file that was exported."""
        try:
            document = keeping.read(path, lambda d: understood(d) and d)
        except FileNotFoundError:
            raise InputMissing(path, "no such file", "name one that export wrote") from None
        except OSError as e:
            raise InputMissing(path, e.strerror, "name one that can be read") from e
        return self._either({"do": "import", "document": document}, lambda: document)

    def clear(self, what):
        """Forget all, neutral, eyes or gaze."""
        if what not in WHAT:
            raise UsageError("calibrate reset " + what, "not known", "give " + ", ".join(WHAT))

        def cleared():
            calibration = Calibration(self._read())
            calibration.clear(what)
            return calibration.document()
        return self._either({"do": "clear", "what": what}, cleared)

    def measure(self, request):
        """Something for which a face must be seen; UsageError where no program runs."""
        answer = self._asked(request)
        if answer is None:
            raise UsageError("kagami calibrate " + request["do"], "no running program took it",
                             NOBODY)
        return answer

    def teach(self, name, rounds, say):
        """Teach through a running program, each prompt and the answer to say(text); False where
        none runs."""
        checked(name)
        if not self._taken({"do": "teach", "name": name, "rounds": rounds}):
            return False
        began, before = time.monotonic(), ""
        while prompt(name, time.monotonic() - began, rounds):
            now = prompt(name, time.monotonic() - began, rounds)
            if now and now != before:
                say(now)
            before = now
            time.sleep(STEP / 20)
        say(self._mailbox.answered(LEARNING) or "no answer came")
        return True

    def forget(self, name):
        """Forget a taught expression."""
        answer = self._asked({"do": "forget", "name": name})
        if answer is None:
            taught = self._taught()
            taught.forget(name)
            taught.wait()
            self._write(EXPRESSIONS, taught.document())
            answer = "%s: forgotten" % name
        return answer

    def taught(self):
        """A line for each taught expression."""
        taught = self._taught()
        return "\n".join("%-20s %.0f %% of it told rightly" % (name, 100 * taught.told(name))
                         for name in taught.names) or "nothing is taught yet: kagami teach NAME"

    def _taught(self):
        return Taught(self._document(EXPRESSIONS, examples), learn=False)

    def _read(self):
        return self._document(CALIBRATION, understood)

    def _document(self, name, understand):
        try:
            return keeping.read(os.path.join(self._folder, name), lambda d: understand(d) and d)
        except FileNotFoundError:
            return {}
        except OSError as e:
            raise InputMissing(os.path.join(self._folder, name), e.strerror,
                               "ask as the user whose it is") from e

    def _either(self, request, offline):
        answer = self._asked(request)
        if answer is None:
            self._write(CALIBRATION, offline())
            answer = "done; it counts from the next start"
        return answer

    def _write(self, name, document):
        self._make()
        keeping.write(os.path.join(self._folder, name), document)

    def _make(self):
        try:
            os.makedirs(self._folder, 0o700, exist_ok=True)
        except OSError as e:
            raise OutputError(self._folder, e.strerror, "set calibration.folder") from e

    def _taken(self, request):
        if not os.path.isdir(self._folder):
            self._make()
        return self._mailbox.ask(request)

    def _asked(self, request):
        """The answer of a running program, None where none runs."""
        if not self._taken(request):
            return None
        return self._mailbox.answered(ANSWER) or "no answer came"


def request(what, values):
    """The request for one of recenter, neutral, eyes or gaze with the words behind it; UsageError
    where they are not what it takes."""
    forms = {"recenter": "", "neutral": "[SECONDS]", "eyes": "open|shut", "gaze": "YAW PITCH"}
    try:
        if what == "recenter" and not values:
            return {"do": what}
        if what == "neutral" and len(values) < 2:
            return {"do": what, "seconds": float((values or ["2"])[0])}
        if what == "eyes" and values in (["open"], ["shut"]):
            return {"do": what, "which": values[0]}
        if what == "gaze" and len(values) == 2:
            return {"do": what, "yaw": float(values[0]), "pitch": float(values[1])}
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
