"""What a page asks of the program that runs becomes what it asks for: how things are, other
options, pictures, a sign of life to a target, a new start.

Beside deeds.py, which is for everybody; here only programs of this machine are obeyed.
"""
import json
from collections import OrderedDict
from threading import Thread

from appliance import __version__, amendments, belongings
from appliance.config import kept_path
from appliance.errors import KagamiError, PartMissing, UsageError
from appliance.face import ARKIT_NAMES
from appliance.network.deeds import Aside
from appliance.network.hosts import plain
from appliance.network.orders import LATER
from appliance.outputs.wave import SECONDS
from appliance.terminal import last_lines


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
            ("config", belongings.sections(config.lines)),
            ("changed", belongings.sections(config.kept)),
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
        return json.dumps(belongings.document(self._settings.config.kept, known))

    def take(self, order, text):
        """Take over what was exported, in place of what is."""
        changed, known = belongings.parted(text)
        if self._person is None:
            raise PartMissing("calibration", "none applies here", "start `kagami run`")
        if belongings.EXPRESSIONS in known and self._person.taught.busy:
            raise UsageError("import", "expressions are being learned", "ask again in a moment")
        outcome = self._change(order, belongings.in_place(self._settings.config.kept, changed))
        self._person.restore(**known)
        return outcome

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
