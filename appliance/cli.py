"""Words on the command line become calls: one function per command, arguments only.

Each command imports what it runs, so that `--help` is quick and the settings of numeric libraries
are made before they load.
"""
import argparse
import logging
import os
import signal
import sys
from collections import OrderedDict

from appliance import __version__, terminal
from appliance.errors import KagamiError, UsageError, nearest

HERE = os.path.dirname(os.path.abspath(__file__))
DEMO_CLIP = os.path.join(HERE, "demo.mp4")

ABOUT = """kagami: head, eyes and face from a camera to every avatar application, as OSC

  kagami demo                       track the clip that comes with it, send VMC to this machine
  kagami run --source usb           the first camera, to vmc@127.0.0.1:39539
  kagami run --to vmc@192.168.1.20:39539 --to kagami@192.168.1.20:39600
  kagami track clip.mp4 --json out.jsonl --overlay seen.mp4
                                    every frame of a file, offline
  kagami cameras                    which cameras are there, and what they can do
  kagami discover                   who is on the network, and what to write after --to
  kagami monitor 39539              show what arrives on a port
  kagami targets                    who is sent what, and whether anybody answers; add, drop
  kagami config                     the options in force, and where each comes from

`kagami COMMAND --help` tells each command's options. --debug shows the trace of an error,
--version the version."""


class Parser(argparse.ArgumentParser):
    """argparse whose complaints are ours: one line, with the nearest right name."""

    def __init__(self, command, examples):
        super().__init__(prog="kagami " + command, allow_abbrev=False,
                         description=COMMANDS[command].__doc__,
                         epilog="for instance:\n" + examples,
                         formatter_class=argparse.RawDescriptionHelpFormatter)
        self._more = "`%s --help` lists what it takes" % self.prog

    def error(self, message):
        """argparse's own complaint as a UsageError."""
        raise UsageError(self.prog, message, self._more)

    def read(self, words):
        """The arguments in `words`; UsageError names the first that is not known."""
        args, unknown = self.parse_known_args(words)
        for action in self._actions:        # argparse gives up on words behind an option
            if not action.option_strings and getattr(args, action.dest) is None:
                if unknown and unknown[0][:1] != "-":
                    setattr(args, action.dest, unknown.pop(0))
        if unknown:
            self._unknown(unknown[0].split("=")[0])
        return args

    def _unknown(self, word):
        if not word.startswith("-"):
            raise UsageError(word, "one word too many for `%s`" % self.prog, self._more)
        options = [o for action in self._actions for o in action.option_strings if o[:2] == "--"]
        near = nearest(word, options)
        raise UsageError(word, "`%s` has no such option" % self.prog,
                         "did you mean %s?" % near if near else self._more)


def demo(words):
    """Track the clip that comes with Kagami and send what it shows, in real time."""
    parser = Parser("demo", "  kagami demo\n"
                    "  kagami demo --to vmc@192.168.1.20:39539 --to kagami@127.0.0.1:39600")
    _to(parser)
    _timing(parser)
    args = parser.read(words)
    from appliance import config
    _run("file:" + DEMO_CLIP, config.aim(config.defaults(), args.to), args.timing)


def run(words):
    """Track a face in what a camera or a file shows and send it, until stopped with Ctrl-C."""
    parser = Parser("run", "  kagami run --source usb --to vmc@192.168.1.20:39539\n"
                    "  kagami run --source file:clip.mp4 --every-frame --timing ms.json\n"
                    "  kagami run --set camera.width=1280 --set camera.height=720")
    parser.add_argument("--source", metavar="URL", help="usb, usb:DEVICE, file:PATH, stills:DIR, "
                        "stdin:WIDTHxHEIGHT@RATE:FORMAT or test (default: as configured)")
    _to(parser)
    parser.add_argument("--every-frame", action="store_true",
                        help="drop no frame of a file, as fast as it goes")
    _timing(parser)
    _configured(parser)
    args = parser.read(words)
    from appliance import config

    def read():
        return config.aim(config.load(args.config, args.set), args.to)
    settings = read()
    url = settings.camera.source if args.source is None else args.source
    _run(url, settings, args.timing, args.every_frame, read)


def track(words):
    """Measure every frame of a file: JSON lines, a table, a video to look at."""
    parser = Parser("track", "  kagami track clip.mp4 --json out.jsonl --csv out.csv\n"
                    "  kagami track clip.mp4 --overlay seen.mp4 --only landmarks")
    parser.add_argument("file", metavar="FILE", help="a video, a picture or a folder of pictures")
    parser.add_argument("--json", metavar="OUT", help="a line of JSON for every frame")
    parser.add_argument("--csv", metavar="OUT", help="a row for every frame, with every value")
    parser.add_argument("--overlay", metavar="OUT", help="a video with the measurements drawn")
    parser.add_argument("--only", metavar="STAGE", help="draw one stage alone: detector, "
                        "landmarks, pose, iris or expression")
    _configured(parser)
    args = parser.read(words)
    from appliance import config, offline, settings
    outcome, line = offline.Outcome(args.json, args.csv, args.overlay, args.only), _start()
    found = config.load(args.config, args.set)
    settings.check(found)
    frames = offline.track(args.file, outcome, found, line)
    line.write("%d frames, %d with a face" % frames)


def cameras(words):
    """List the cameras that are there, each with its stable name and what it can do."""
    Parser("cameras", "  kagami cameras").read(words)
    from appliance.sources import cameras as found
    print("\n".join(found.lines()))


def discover(words):
    """List who is on the network for some seconds, with what to write after --to for each."""
    parser = Parser("discover", "  kagami discover\n  kagami discover --seconds 10")
    parser.add_argument("--seconds", metavar="N", type=float, default=5.0,
                        help="how long to listen, 1 to 3600 (default 5)")
    args = parser.read(words)
    if not 1 <= args.seconds <= 3600:
        parser.error("--seconds %g is not from 1 to 3600" % args.seconds)
    from appliance.network import listing
    print("\n".join(listing.lines(args.seconds)))


def monitor(words):
    """Show the OSC values that arrive on a port as bars."""
    parser = Parser("monitor", "  kagami monitor\n  kagami monitor 39600")
    parser.add_argument("port", metavar="PORT", nargs="?", type=int, default=39539,
                        help="UDP port (default 39539)")
    args = parser.read(words)
    from appliance import monitor as watching
    watching.monitor(args.port)


def config(words):
    """Print every option in force, and where it comes from."""
    parser = Parser("config", "  kagami config\n"
                    "  kagami config --config mine.conf --set camera.rate=60")
    _configured(parser)
    args = parser.read(words)
    from appliance import config as options, settings
    found = options.load(args.config, args.set)
    settings.check(found)
    print(options.listing(found))


def targets(words):
    """List who is sent what and whether anybody answers; add a target, or drop one."""
    parser = Parser("targets", "  kagami targets\n  kagami targets add vmc@192.168.1.20\n"
                    "  kagami targets add vmc --listen 60\n  kagami targets drop vmc@192.168.1.20")
    parser.add_argument("action", metavar="ACTION", nargs="?", help="list (default), add or drop")
    parser.add_argument("to", metavar="TO", nargs="?", help="DIALECT@HOST or DIALECT@HOST:PORT; "
                        "with --listen DIALECT or DIALECT:PORT (default vmc)")
    parser.add_argument("--listen", metavar="SECONDS", type=int, help="wait for a word from a "
                        "computer at the control port, and send there")
    _configured(parser)
    args = parser.read(words)
    from appliance import config
    from appliance.network import console
    settings, path = config.load(args.config, args.set), config.added_path(args.config)
    action = args.action or "list"
    if action not in ("list", "add", "drop"):
        parser.error("%s is neither list, add nor drop" % action)
    if action == "list":
        print("\n".join(console.listing(settings)))
        return
    if action == "add" and args.listen is not None:
        args.to = console.listen(settings, args.to or "vmc", args.listen, terminal.write)
    if args.to is None:
        parser.error("name the target to %s" % action)
    print(getattr(console, action)(settings, path, args.to))


COMMANDS = OrderedDict((f.__name__, f) for f in (run, demo, track, cameras, discover, monitor,
                                                 targets, config))


def main(words=None):
    """The program: `words` (else the command line's) in, exit status out."""
    words = list(sys.argv[1:] if words is None else words)
    debug = "--debug" in words
    # One thread each: workers that spin between frames cost more processor time than they save.
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    try:
        _command([w for w in words if w != "--debug"])
        sys.stdout.flush()
    except KagamiError as e:
        if debug:
            raise
        for mistake in str(e).splitlines():
            terminal.write("kagami: error: " + mistake)
        return e.status
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)      # whoever read our output has gone
        return 128 + signal.SIGPIPE
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    return 0


def _command(words):
    if not words or words[0] in ("-h", "--help", "help"):
        print(ABOUT)
    elif words[0] == "--version":
        print("kagami " + __version__)
    elif words[0] in COMMANDS:
        COMMANDS[words[0]](words[1:])
    else:
        near = nearest(words[0], list(COMMANDS) + ["--debug", "--help", "--version"])
        raise UsageError(words[0], "no such command", "did you mean `kagami %s`?" % near if near
                         else "`kagami --help` lists them")


def _to(parser):
    parser.add_argument("--to", action="append", default=[], metavar="DIALECT@HOST:PORT",
                        help="send there instead (repeatable); docs/osc.md, docs/apps.md")


def _timing(parser):
    parser.add_argument("--timing", metavar="OUT", help="write the timing as JSON at the end")


def _configured(parser):
    parser.add_argument("--config", metavar="FILE", help="read this instead of /etc/kagami.conf")
    parser.add_argument("--set", action="append", default=[], metavar="SECTION.KEY=VALUE",
                        help="set one option (repeatable); `kagami config` lists them")


def _start():
    """What a program sets and a library must not: OpenCV's threads, signals, the log's place."""
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)       # by default it kills; no table yet
    import cv2
    cv2.setNumThreads(1)
    # As an exception, so that half-written files are taken away.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    line = terminal.LiveLine()
    log = logging.getLogger("kagami")
    log.handlers[:] = [terminal.LogLines(line)]
    log.setLevel(logging.INFO)
    return line


def _run(url, settings, timing_path, every_frame=False, again=None):
    line = _start()
    from appliance.run import session
    session(url, settings, timing_path, every_frame, line, again)
