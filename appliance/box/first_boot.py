"""A card in a board that starts becomes a box: what its kagami.txt wants is applied, and beside it
kagami-says.txt tells what was understood.

It runs as root at every start, before the network and the tracker, and waits for neither. Where
nothing has changed it only reads one small file. A part that fails is told, and the others go on.
"""
import glob
import hashlib
import logging
import os
import sys
from contextlib import contextmanager

from appliance import __version__, files, terminal
from appliance.arguments import Parser
from appliance.box import access, card, closing, connections, drive, marks, naming, system
from appliance.errors import KagamiError

LOG = logging.getLogger("kagami.box")
MOUNTED = "run/kagami-card"
MOST = 50           # lines of a kind that are told
TEMPLATE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../deploy", card.FILE)


def main(words=None):
    """Do what a start asks for; 1 where a part failed."""
    parser = Parser(main, "  kagami-first-boot\n  kagami-first-boot --card folder",
                    "kagami-first-boot")
    parser.add_argument("--card", metavar="FOLDER", help="take kagami.txt from here, not from the "
                        "partition %s" % drive.LABEL)
    parser.add_argument("--root", metavar="FOLDER", default="/", help="of the system (default /)")
    args = parser.read(sys.argv[1:] if words is None else words)
    terminal.log()
    # Another system's files, but not another system: its commands would change this one.
    start = Start(args.root) if args.root == "/" else Start(args.root, _noted)
    try:
        return int(not (start.apply(args.card) if args.card else start.whole()))
    except (KagamiError, OSError) as e:
        LOG.error("%s", e)
        return 1


class Start:
    """One start of the machine whose files lie below `root`; run: as of growing.grow."""

    def __init__(self, root="/", run=system.run):
        self.root, self._run, self._fine, self._told = root, run, True, []
        self._locked = False        # the card is mounted and must not be written to yet

    def whole(self):
        """Apply the card's kagami.txt; whether all of it went well."""
        device = drive.device(self.root, self._run)
        if not device:
            LOG.info("no partition %s on the disk started from: nothing to apply", drive.LABEL)
            return True
        with self._mounted(device) as folder:
            return self.apply(folder)

    def apply(self, folder):
        """Apply the kagami.txt in a folder if it has changed; whether all of it went well."""
        data = self._wishes(folder)
        mark = hashlib.sha256(__version__.encode() + b"\0" + data).hexdigest()
        if mark == marks.read("applied", self.root):
            return self._fine
        wanted = card.read(data)
        self._told = []
        self._part("name", lambda: naming.settle(wanted.name, self.root, self._run))
        self._part("network", lambda: connections.connect(wanted, self.root, self._run))
        self._part("ssh", lambda: access.open_to(wanted.keys, self.root, self._run))
        wanted = self._part("kagami.conf", lambda: self._configured(wanted)) or wanted
        if self._fine:              # what is tried again has to last
            self._part("read-only", lambda: closing.settle(wanted.read_only, self.root))
        self._part(card.ANSWER, lambda: self._answer(folder, wanted))
        if self._fine:
            marks.keep("applied", mark, self.root)
        return self._fine

    def _part(self, name, work):
        """One part, of which the failure is not that of the others."""
        try:
            told = work()
        except Exception as e:      # also a fault of ours: the others have to go on
            LOG.error("%s: %s", name, e, exc_info=not isinstance(e, (KagamiError, OSError)))
            self._told.append("%s: %s" % (name, e))
            self._fine = False
            return None
        if isinstance(told, list):
            self._told += told
        return told

    @contextmanager
    def _mounted(self, device):
        folder = os.path.join(self.root, MOUNTED)
        os.makedirs(folder, 0o700, exist_ok=True)
        # Whatever is cut off while it is read leaves nothing for a PC to mend.
        self._run("mount", "-t", "vfat", "-o", "ro,umask=0077,quiet,noatime,utf8", device, folder)
        self._locked = True
        try:
            yield folder
        finally:
            self._run("umount", folder)

    def _unlock(self, folder):
        """Have the card written to from now on."""
        if self._locked:
            self._run("mount", "-o", "remount,rw", folder)
            self._locked = False
        for left in glob.glob(os.path.join(folder, files.TEMPORARY + "*")):
            os.unlink(left)         # of a write that was cut off

    def _wishes(self, folder):
        """The bytes of kagami.txt; where it has gone, those of a fresh one that is laid there."""
        path = os.path.join(folder, card.FILE)
        if not os.path.exists(path):
            self._unlock(folder)
            with open(TEMPLATE, "rb") as fresh:
                files.write(path, fresh.read())
        return _bytes(path)

    def _configured(self, wanted):
        from appliance.box import configuration
        wanted = configuration.fit(wanted)
        told = configuration.write(wanted.lines, os.path.join(self.root, "etc/kagami.conf"))
        self._told += [told] if told else configuration.overruled(
            wanted.lines, os.path.join(self.root, "var/lib/kagami/settings.conf"))
        return wanted

    def _answer(self, folder, wanted):
        rows = self._rows(wanted)
        for row in rows:
            LOG.info("%s", row)
        path = os.path.join(folder, card.ANSWER)
        # As Windows' own editor has liked it from the first version on.
        data = "\r\n".join(rows + [""]).encode("utf-8-sig")
        if _bytes(path) != data:
            self._unlock(folder)
            files.write(path, data)

    def _rows(self, wanted):
        name = naming.current(self.root)
        rows = ["Kagami %s has read kagami.txt." % __version__,
                "The box is called %s; its page is http://%s.local/ or, with the USB cable, "
                "http://192.168.55.1/" % (name, name), "", "Understood:"]
        rows += _numbered(wanted.said) or ["  nothing, for every line has a # before it"]
        if wanted.mistakes:
            rows += ["", "Not understood; the rest applies:"] + _numbered(wanted.mistakes)
        if self._told:
            rows += ["", "Could not be done:"] + ["  " + words for words in self._told]
        return rows


def _noted(*words):
    LOG.info("not run for another root: %s", " ".join(words))
    return ""


def _bytes(path):
    try:
        with open(path, "rb") as f:
            return f.read(card.LARGEST + 1)
    except FileNotFoundError:
        return b""


def _numbered(rows):
    told = ["  line %d: %s" % row if row[0] else "  " + row[1] for row in sorted(rows)[:MOST]]
    return told + ["  and %d more" % (len(rows) - MOST)] * (len(rows) > MOST)


if __name__ == "__main__":
    sys.exit(main())
