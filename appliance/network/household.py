"""What a page asks of the program that runs becomes what it asks for: how things are, other
options, pictures, a sign of life to a target, a new start.

Beside deeds.py, which is for everybody; here only programs of this machine are obeyed.
"""
import json
from collections import OrderedDict
from threading import Thread

from appliance import __version__, amendments
from appliance.config import kept_path
from appliance.errors import KagamiError, PartMissing, UsageError
from appliance.examples import examples
from appliance.face import ARKIT_NAMES
from appliance.keeping import BROKEN
from appliance.known import understood
from appliance.network.deeds import Aside
from appliance.network.hosts import plain
from appliance.network.orders import LATER
from appliance.outputs.wave import SECONDS
from appliance.terminal import last_lines

FORM = 1                        # of what is exported
SECRET = "control", "token"     # what no page is told


class Household:
    """One method for each command of orders.COMMANDS that Deeds has not.

    settings: settings.Settings. outputs: outputs.Outputs. status: status.Status. person:
    person.Person or None. tracker: tracker.Tracker or None. hosts: hosts.Hosts. pictures:
    pictures.Pictures. ways: ways.Ways. source: what has cameras(), or None. ignored: () -> how
    many commands of the network were not obeyed.
    """

    def __init__(self, settings, outputs, status, person, tracker, hosts, pictures, ways, source,
                 ignored):
        self._settings, self._outputs, self._status = settings, outputs, status
        self._person, self._tracker, self._hosts = person, tracker, hosts
        self._pictures, self._writing, self._log = pictures, [], last_lines()
        self._listing, self._source, self._ways, self._ignored = None, source, ways, ignored

    def turn(self):
        """Tell what is written, or found."""
        if self._listing is not None and not self._listing.is_alive():
            listing, self._listing = self._listing, None
            listing.order.done(listing.outcome)
        while self._writing and not self._writing[0].is_alive():
            writing = self._writing.pop(0)
            writing.order.done(writing.outcome)

    def close(self):
        """Wait until all is written, and tell."""
        for writing in self._writing:
            writing.join()
        self.turn()

    def about(self, _):
        """How things are."""
        config, status = self._settings.config, self._status
        known = self._person.knowledge() if self._person is not None else {}
        driven = [] if self._tracker is None else self._tracker.driven
        return json.dumps(OrderedDict([
            ("version", __version__), ("state", status.state), ("text", status.text),
            ("fps", round(status.fps, 1)), ("uptime", round(status.uptime, 1)),
            ("temperature", status.temperature),
            ("source", config.camera.source), ("camera", config.camera._asdict()),
            ("backend", getattr(self._tracker, "backend", "")),
            ("driven", [name for name, on in zip(ARKIT_NAMES, driven) if on]),
            ("taught", sorted(known.get("taught", ()))),
            ("calibration", known.get("calibration", {})),
            ("targets", [self._target(channel) for channel in self._outputs.channels]),
            ("engines", status.engines.get("engines", [])), ("ignored", self._ignored()),
            ("config", _sections(config.lines)), ("changed", _sections(config.kept)),
            ("log", self._log.lines)]))

    def found(self, _):
        """Who is on the network."""
        there = sorted({host[:3]: host for host in self._hosts}.values())
        return json.dumps([OrderedDict([
            ("kind", host.kind), ("name", plain(host.name)), ("address", host.address),
            ("port", host.port), ("to", host.target)]) for host in there])

    def cameras(self, order):
        """Which cameras are there, and what they can do."""
        if self._listing is not None:
            raise UsageError("cameras", "they are being asked already", "ask again")
        there = self._source.cameras if self._source is not None else list
        self._listing = Aside(order, lambda: json.dumps(there()))
        return LATER

    def change(self, order, text):
        """Other options, for good."""
        return self._change(order, amendments.document(text))

    def preview(self, order, seconds):
        """Pictures to whoever asks."""
        self._pictures.lease(order.peer, seconds, order.now)

    def wave(self, _, to):
        """A head that turns and nods, to one target."""
        if not self._outputs.wave(to):
            raise UsageError(to[:60], "is not sent to", "`kagami targets` lists who is")
        return "a head turns and nods there for %g seconds" % SECONDS

    def restart(self, _):
        """The program ends, and starts anew."""
        return self._settings.start_anew()

    def export(self, _):
        """What was changed, and what is known of the person."""
        known = self._person.document() if self._person is not None else {}
        return json.dumps(OrderedDict([
            ("kagami", FORM), ("settings", _sections(self._settings.config.kept))], **known))

    def take(self, order, text):
        """Take over what was exported, in place of what is."""
        given = amendments.document(text)
        if given.get("kagami") != str(FORM):
            raise UsageError("import", "nothing that was exported", "give what export gave")
        settings = given.get("settings") or {}
        if not isinstance(settings, dict):
            raise UsageError("import", "its settings are no object", "give what export gave")
        if self._person is None:
            raise PartMissing("calibration", "none applies here", "start `kagami run`")
        known = self._known(json.loads(text))
        outcome = self._change(order, _in_place(self._settings.config.kept, settings))
        self._person.restore(**known)
        return outcome

    def _known(self, document):
        """{"calibration", "expressions"} of what was exported, those that are in it."""
        known = {name: document[name] for name in ("calibration", "expressions")
                 if document.get(name) is not None}
        try:
            understood(known.get("calibration", {}))
            examples(known.get("expressions", {}))
        except BROKEN as e:
            raise UsageError("import", "what is known of the person is not understood (%s)"
                             % str(e)[:80], "give what export gave") from e
        if "expressions" in known and self._person.taught.busy:
            raise UsageError("import", "expressions are being learned", "ask again in a moment")
        return known

    def _change(self, order, document):
        lines, waiting = self._settings.amend(document)
        path = kept_path(self._settings.config.calibration.folder)
        before = self._writing[-1] if self._writing else None
        self._writing.append(_Writing(order, path, lines, waiting, before))
        return LATER

    def _target(self, channel):
        way, to = self._ways(channel), channel.target.to
        names = [target.name for target in self._settings.config.targets if target.to == to]
        added = any(line.section == "target " + names[0] for line in self._settings.config.kept) \
            if names else False
        return OrderedDict([
            ("to", to), ("name", names[0] if names else ""), ("why", way.why),
            ("rate", round(way.rate, 1)), ("failed", way.failed), ("refused", way.refused),
            ("ignored", way.ignored), ("answer", way.answer), ("added", added),
            ("sent", way.sent), ("address", way.address), ("seen", way.seen), ("has", way.has),
            ("ours", way.ours), ("advice", way.advice)])


class _Writing(Thread):
    """Writes lines, after what was to be written before, for a card may take a second; `outcome`
    when it is no longer alive."""

    def __init__(self, order, path, lines, waiting, before):
        super().__init__(daemon=True)
        self.order, self._path, self._lines, self._before = order, path, lines, before
        self.outcome = "kept, and in force" + ("; " + waiting if waiting else "")
        self.start()

    def run(self):
        """What a thread does."""
        try:
            if self._before is not None:
                self._before.join()
            amendments.write(self._path, self._lines)
        except KagamiError as e:
            self.outcome = e


def _sections(lines):
    """{section: {option: text}}."""
    out = OrderedDict()
    for line in lines:
        if (line.section, line.key) != SECRET:
            out.setdefault(line.section, OrderedDict())[line.key] = line.text
    return out


def _in_place(kept, settings):
    """The document of changes after which only `settings` are kept."""
    out = {line.section: None for line in kept}
    for section, options in settings.items():
        out[section] = options
        if isinstance(options, dict):
            gone = {line.key: None for line in kept if line.section == section}
            out[section] = dict(gone, **options)
    return out
