"""The commands that track nothing: they look around, ask the program that runs, or show and change
what is kept.

As in cli.py each imports what it runs.
"""
import signal
import sys

from appliance import terminal
from appliance.arguments import Parser, configured


def cameras(words):
    """List the cameras that are there, each with its stable name and what it can do."""
    Parser(cameras, "  kagami cameras").read(words)
    from appliance.sources import cameras as found
    print("\n".join(found.lines()))


def discover(words):
    """List who is on the network for some seconds, with what to write after --to for each."""
    parser = Parser(discover, "  kagami discover\n  kagami discover --seconds 10")
    parser.add_argument("--seconds", metavar="N", type=float, default=5.0,
                        help="how long to listen, 1 to 3600 (default 5)")
    args = parser.read(words)
    if not 1 <= args.seconds <= 3600:
        parser.error("--seconds %g is not from 1 to 3600" % args.seconds)
    from appliance.network import listing
    print("\n".join(listing.lines(args.seconds)))


def monitor(words):
    """Show the OSC values that arrive on a port as bars."""
    parser = Parser(monitor, "  kagami monitor\n  kagami monitor 39600")
    parser.add_argument("port", metavar="PORT", nargs="?", type=int, default=39539,
                        help="UDP port (default 39539)")
    args = parser.read(words)
    from appliance import monitor as watching
    watching.monitor(args.port)


def targets(words):
    """List who is sent what and whether anybody answers; add a target, or drop one."""
    parser = Parser(targets, "  kagami targets\n  kagami targets add vmc@192.168.1.20\n"
                    "  kagami targets add vmc --listen 60\n  kagami targets drop vmc@192.168.1.20")
    parser.add_argument("action", metavar="ACTION", nargs="?", help="list (default), add or drop")
    parser.add_argument("to", metavar="TO", nargs="?", help="DIALECT@HOST or DIALECT@HOST:PORT; "
                        "with --listen DIALECT or DIALECT:PORT (default vmc)")
    parser.add_argument("--listen", metavar="SECONDS", type=int, help="wait for a word from a "
                        "computer at the control port, and send there; of ifacialmocap and vts "
                        "for an application that asks, 60 at most")
    configured(parser)
    args = parser.read(words)
    from appliance import config
    from appliance.network import console
    settings = config.load(args.config, args.set)
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
    print(getattr(console, action)(settings, args.to))


def panel(words):
    """Serve the page on which one sees oneself, aims, connects and calibrates, until stopped with
    Ctrl-C."""
    parser = Parser(panel, "  kagami panel\n  kagami panel --set panel.address=0.0.0.0\n"
                    "  kagami panel --password")
    parser.add_argument("--password", action="store_true", help="set the page's password, or with "
                        "an empty line none, and end")
    configured(parser)
    args = parser.read(words)
    for number in (signal.SIGUSR1, signal.SIGUSR2):     # meant for the tracker, of the same name
        signal.signal(number, signal.SIG_IGN)
    from appliance import config
    from appliance.fallback import Fallback
    from appliance.network.query import library
    terminal.log()
    settings = Fallback(lambda kept, path: config.load(path, args.set, kept), args.config).start()
    if args.password:
        from appliance.panel import password
        print(password.ask(settings.calibration.folder))
        return
    library()
    from appliance.panel import server
    server.run(settings)


def doctor(words):
    """Look at every part, camera to configuration, and say in a line how it is and what to do."""
    parser = Parser(doctor, "  kagami doctor\n  sudo kagami doctor\n  kagami doctor --json")
    parser.add_argument("--json", action="store_true", help="for a program: a list of objects")
    configured(parser)
    args = parser.read(words)
    from appliance.box import doctor as parts
    found = parts.examine(args.config, args.set)
    print(parts.document(found) if args.json else "\n".join(parts.lines(found)))
    if parts.fell_short(found):
        sys.exit(1)


def config(words):
    """Print every option in force, and where it comes from."""
    parser = Parser(config, "  kagami config\n"
                    "  kagami config --config mine.conf --set camera.rate=60")
    configured(parser)
    args = parser.read(words)
    from appliance import config as options, settings
    found = options.load(args.config, args.set, check=settings.check)
    settings.check(found)
    print(options.listing(found))


def calibrate(words):
    """Make this person's straight ahead, resting face, lids and gaze known, or show what is known.

    show, export FILE, import FILE, reset; of a kagami that runs: recenter (I look straight ahead),
    neutral [SECONDS] (my resting face), eyes open|shut (now), gaze YAW PITCH (I look there)."""
    parser = Parser(calibrate, "  kagami calibrate neutral 2\n  kagami calibrate eyes shut\n"
                    "  kagami calibrate show\n  kagami calibrate export me.json\n"
                    "  kagami calibrate reset eyes")
    parser.add_argument("what", metavar="WHAT", help="see above")
    parser.add_argument("values", metavar="VALUE", nargs="*", help="a file, seconds, degrees ...")
    configured(parser)
    args = parser.read(words)
    from appliance import config, errands
    with errands.Errands(config.load(args.config, args.set).calibration.folder) as errand:
        print(errand.calibrate(args.what, args.values))


def update(words):
    """Install a version from a bundle, as root; it has a minute to track, or the one before runs
    again.

    Without a bundle: which versions are there."""
    parser = Parser(update, "  kagami update kagami-0.2.0-cp36-aarch64.tar\n  kagami update")
    parser.add_argument("bundle", metavar="BUNDLE", nargs="?", help="a kagami-*.tar, signed with "
                        "the key of this box's releases")
    parser.add_argument("--older", action="store_true", help="it may be older than what runs")
    args = parser.read(words)
    from appliance.box.update import Updates
    updates = Updates()
    if args.bundle is None:
        print("\n".join(updates.listing()))
    else:
        print(updates.update(args.bundle, args.older))


def rollback(words):
    """Go back, as root, to the version that ran before the last update."""
    Parser(rollback, "  kagami rollback").read(words)
    from appliance.box.update import Updates
    print(Updates().rollback())


def settings(words):
    """Write what was changed, the calibration and the taught expressions to one file, or take such
    a file over in place of them."""
    parser = Parser(settings, "  kagami settings export kagami.json\n"
                    "  kagami settings import kagami.json")
    parser.add_argument("action", metavar="ACTION", choices=("export", "import"),
                        help="export or import")
    parser.add_argument("file", metavar="FILE", help="the one to write or read")
    configured(parser)
    args = parser.read(words)
    from appliance import belongings, config, settings as checking

    def read(kept=None):
        found = config.load(args.config, args.set, kept, checking.check)
        checking.check(found)
        return found
    print({"export": belongings.export, "import": belongings.take}[args.action](read, args.file))
