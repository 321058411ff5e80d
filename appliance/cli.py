"""Words on the command line become calls: one function per command, arguments only. Here are the
commands that track; commands.py has the others.

Each command imports what it runs, so that `--help` is quick and the settings of numeric libraries
are made before they load.
"""
import os
import platform
import signal
import sys
from collections import OrderedDict

from appliance import __version__, commands, terminal
from appliance.arguments import Parser, configured
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
  kagami panel                      a page to see oneself, aim, connect and calibrate
  kagami doctor                     how every part is, camera to clock, and what to do
  kagami config                     the options in force, and where each comes from
  kagami settings export me.json    settings, calibration, taught expressions: one file, and back
  kagami calibrate neutral          my resting face, straight ahead, of the kagami that runs
  kagami teach smirk                show a face a few times, and it becomes a value
  kagami update BUNDLE              on a box: install a version, which stays if it tracks
  kagami rollback                   on a box: go back to the version before

`kagami COMMAND --help` tells each command's options. --debug shows the trace of an error,
--version the version."""


def demo(words):
    """Track the clip that comes with Kagami and send what it shows, in real time."""
    parser = Parser(demo, "  kagami demo\n"
                    "  kagami demo --to vmc@192.168.1.20:39539 --to kagami@127.0.0.1:39600")
    _to(parser)
    _timing(parser)
    args = parser.read(words)
    from appliance import config
    shown = config.aim(config.defaults(), args.to, "file:" + DEMO_CLIP)
    _run(["demo"] + words, shown, args.timing)


def run(words):
    """Track a face in what a camera or a file shows and send it, until stopped with Ctrl-C."""
    parser = Parser(run, "  kagami run --source usb --to vmc@192.168.1.20:39539\n"
                    "  kagami run --source file:clip.mp4 --every-frame --timing ms.json\n"
                    "  kagami run --set camera.width=1280 --set camera.height=720")
    from appliance.sources import FORMS
    parser.add_argument("--source", metavar="URL", help="%s (default: as configured)"
                        % ", ".join(FORMS))
    _to(parser)
    parser.add_argument("--every-frame", action="store_true",
                        help="drop no frame of a file, as fast as it goes")
    parser.add_argument("--show", action="store_true", help="show what is seen, in a window "
                        "where there is a display, else on the terminal")
    _timing(parser)
    configured(parser)
    args = parser.read(words)
    from appliance import config, settings
    from appliance.fallback import Fallback
    from appliance.service import managed

    def read(kept, path):
        found = config.load(path, args.set, kept, settings.check)
        return config.aim(found, args.to, args.source)
    again = Fallback(read, args.config, settings.check)
    line = terminal.log() if managed() else None        # for what is wrong with the configuration
    _run(["run"] + words, again.start(), args.timing, args.every_frame, line, again=again,
         known=True, show=args.show)


def track(words):
    """Measure every frame of a file: JSON lines, a table, a video to look at."""
    parser = Parser(track, "  kagami track clip.mp4 --json out.jsonl --csv out.csv\n"
                    "  kagami track clip.mp4 --overlay seen.mp4 --only landmarks")
    parser.add_argument("file", metavar="FILE", help="a video, a picture or a folder of pictures")
    parser.add_argument("--json", metavar="OUT", help="a line of JSON for every frame")
    parser.add_argument("--csv", metavar="OUT", help="a row for every frame, with every value")
    parser.add_argument("--overlay", metavar="OUT", help="a video with the measurements drawn")
    parser.add_argument("--only", metavar="STAGE", help="draw one stage alone: detector, "
                        "landmarks, pose, iris or expression")
    configured(parser)
    args = parser.read(words)
    from appliance import config, offline, settings
    outcome, line = offline.Outcome(args.json, args.csv, args.overlay, args.only), _start()
    found = config.load(args.config, args.set, check=settings.check)
    settings.check(found)
    frames = offline.track(args.file, outcome, found, line)
    line.write("%d frames, %d with a face" % frames)


def teach(words):
    """Show a face a few times, give it a name, and it becomes a value from 0 to 1 on the wires."""
    parser = Parser(teach, "  kagami teach smirk\n  kagami teach smirk --times 5\n"
                    "  kagami teach --list\n  kagami teach --forget smirk")
    parser.add_argument("name", metavar="NAME", nargs="?", help="letters, digits and _")
    parser.add_argument("--times", metavar="N", type=int, default=3, choices=range(2, 6),
                        help="how often it is shown, 2 to 5 (default 3)")
    parser.add_argument("--source", metavar="URL", help="where no kagami runs: see `kagami run`")
    parser.add_argument("--list", action="store_true", help="what is taught")
    parser.add_argument("--forget", metavar="NAME", help="forget one")
    configured(parser)
    args = parser.read(words)
    from appliance import config, errands
    settings = config.load(args.config, args.set)
    with errands.Errands(settings.calibration.folder) as errand:
        if args.forget or args.list or not args.name:
            print(errand.forget(args.forget) if args.forget else errand.taught())
            return
        alone = args.source is not None or not errand.teach(args.name, args.times, print)
    if alone:
        line = _start()
        from appliance.run import lesson
        url = settings.camera.source if args.source is None else args.source
        lesson(url, settings, args.name, args.times, line)


_ALL = (run, demo, track, commands.cameras, commands.discover, commands.monitor, commands.targets,
        commands.panel, commands.doctor, commands.config, commands.settings, commands.calibrate,
        teach, commands.update, commands.rollback)
COMMANDS = OrderedDict((command.__name__, command) for command in _ALL)


def main(words=None):
    """The program: `words` (else the command line's) in, exit status out."""
    words = list(sys.argv[1:] if words is None else words)
    debug = "--debug" in words
    # One thread each: workers that spin between frames cost more processor time than they save.
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    if platform.machine() == "aarch64" and sys.version_info < (3, 7):
        # numpy's last wheel for it dies on a Nano's processor as it looks which one that is.
        os.environ.setdefault("OPENBLAS_CORETYPE", "ARMV8")
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
                        help="send there instead (repeatable); docs/connect has the applications")


def _timing(parser):
    parser.add_argument("--timing", metavar="OUT", help="write the timing as JSON at the end")


def _start(line=None):
    """What a program sets and a library must not: OpenCV's threads, signals, the log's place."""
    for number in (signal.SIGUSR1, signal.SIGUSR2):     # by default they kill
        signal.signal(number, signal.SIG_IGN)
    import cv2
    cv2.setNumThreads(1)
    # As an exception, so that half-written files are taken away.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    return line or terminal.log()


def _run(words, settings, timing_path, every_frame=False, line=None, **more):
    line = _start(line)
    from appliance.run import session
    from appliance.service import managed
    from appliance.settings import AGAIN
    if session(settings, timing_path, every_frame, line, **more):
        if managed():
            sys.exit(AGAIN)
        _become(words)


def _become(words):
    """Be the program anew, in the same process."""
    sys.stdout.flush()
    # The same Kagami, wherever we stand.
    paths = [os.path.dirname(HERE)] + os.environ.get("PYTHONPATH", "").split(os.pathsep)
    os.environ["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    os.execv(sys.executable, [sys.executable, "-m", "appliance"] + words)
