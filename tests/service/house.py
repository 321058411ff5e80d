"""A machine of our own: a Debian in a container with its own systemd and a cable to us; what is
done to it leaves no trace on this one."""
import ctypes
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from contextlib import ExitStack, contextmanager

from tests.fakes import lan
from tests.fakes.receiver import Receiver

ROOT = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
HERE, THERE = lan.HERE, lan.THERE           # our end of the cable, and the machine's
BOOT, STOP = 60, 40                         # seconds at most
_NET = 0x40000000                           # CLONE_NEWNET
_CLEAN = ("env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
          "LANG=C.UTF-8", "HOME=/root")
# Holds the mounts: they go with this process, and it goes when its standard input ends.
_HOLD = ('mount -t overlay kagami "$1/root" -o "lowerdir=$2,upperdir=$1/upper,workdir=$1/work" &&'
         ' touch "$1/netns" && mount --bind "/run/netns/$3" "$1/netns" && echo ready && read end')
# Whatever ends this ends all that runs in it.
_ALONE = ("setpriv", "--pdeathsig", "KILL", "unshare", "-m", "-p", "-f", "--kill-child",
          "--mount-proc")
# Over /run, for nspawn takes what it finds there for the state of a systemd of its own.
_BOOT = ('mount -t tmpfs run /run && mkdir -p /run/systemd/system &&'
         ' exec systemd-nspawn -D "$1/root" --register=no --keep-unit'
         ' --link-journal=no --network-namespace-path="$1/netns" --console=pipe -b')


def missing(*tools):
    """Why there can be no such machine here, or ""."""
    for tool in tools + ("systemd-nspawn", "debootstrap", "nsenter", "setpriv"):
        if not shutil.which(tool):
            return "%s is not here; `make test-service` installs it" % tool
    return lan.missing()


def root(*words):
    """The lower folders of a root, made where it is not there yet: () a bare Debian, ("kagami",)
    with Kagami's environment in it; see deploy/root.sh."""
    made = subprocess.run(["deploy/root.sh"] + list(words), cwd=ROOT, check=True,
                          stdout=subprocess.PIPE, universal_newlines=True)
    return made.stdout.splitlines()[-1]


class House:
    """While entered, a machine with these lower folders that is not running yet.

    `console`: path of what it says while it boots. `cable`: the lan.Lan, whose machine "a" is
    ours.
    """

    def __init__(self, lower):
        self._lower, self._machine, self._init = lower, None, None

    def __enter__(self):
        with ExitStack() as stack:
            self._folder = tempfile.mkdtemp(prefix="kagami-house-")
            stack.callback(shutil.rmtree, self._folder)
            self.console = os.path.join(self._folder, "console")
            for name in ("root", "upper", "work"):
                os.mkdir(os.path.join(self._folder, name))
            self.cable = stack.enter_context(lan.Lan())
            self._holder = subprocess.Popen(
                ["unshare", "-m", "sh", "-c", _HOLD, "sh", self._folder, self._lower,
                 self.cable.name("b")], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            stack.callback(self._holder.wait)
            stack.enter_context(self._holder.stdout)
            stack.enter_context(self._holder.stdin)
            assert self._holder.stdout.readline() == b"ready\n", "no root could be mounted"
            stack.callback(self.cut)
            self._closing = stack.pop_all()
        return self

    def __exit__(self, *_):
        self._closing.close()

    def path(self, inside):
        """Where a file of the machine lies for us; not what lies on a tmpfs there."""
        return "/proc/%d/root%s/root%s" % (self._holder.pid, self._folder, inside)

    def boot(self):
        """Switch it on and wait until all is started."""
        with open(self.console, "ab") as console:
            self._machine = subprocess.Popen(
                self._within(*_ALONE + ("sh", "-c", _BOOT, "sh", self._folder)),
                stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT)
        until(self._started, BOOT, lambda: "it does not boot:\n" + self.said()[-2000:])

    def _started(self):
        assert self._machine.poll() is None, self.said()[-2000:]
        self._init = self._init or _first(self._machine.pid)
        # Without --wait, which systemd 237 does not know.
        return self._init and self.shell("sleep 0.1; systemctl is-system-running 2>&1",
                                         check=False).strip() in ("running", "degraded")

    def said(self):
        """What the console showed."""
        with open(self.console, errors="replace") as f:
            return f.read()

    def run(self, *words, **options):
        """Run a program on the machine that runs, as root; what it wrote. check=False: whatever
        its exit status."""
        return self._done(["nsenter", "-t", str(self._init), "-a", "-r", "-w"], words, **options)

    def at_rest(self, *words, **options):
        """The same in its root while it is switched off."""
        return self._done(self._within("chroot", self._folder + "/root"), words, **options)

    def shell(self, text, **options):
        """Run a line of a shell: at rest, or on the machine that runs."""
        run = self.at_rest if self._init is None else self.run
        return run("sh", "-c", text, **options)

    def _done(self, before, words, check=True, stdin=None, timeout=120):
        done = subprocess.run(list(before) + list(_CLEAN) + list(words), timeout=timeout,
                              input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said = done.stdout.decode(errors="replace")
        assert not check or done.returncode == 0, "%s: %d\n%s" % (words, done.returncode, said)
        return said

    def _within(self, *words):
        return ["nsenter", "-t", str(self._holder.pid), "-m"] + list(words)

    def write(self, path, text):
        """Write a file on the machine."""
        self.shell("mkdir -p '%s' && cat > '%s'" % (os.path.dirname(path), path),
                   stdin=text.encode())

    def read(self, path):
        """The text of a file on the machine."""
        return self.shell("cat '%s'" % path)

    def property(self, unit, name):
        """What systemd knows of a unit, as text."""
        return self.run("systemctl", "show", "--value", "-p", name, unit).strip()

    def journal(self, unit, *words):
        """What a unit logged since the boot."""
        return self.run("journalctl", "-b", "-q", "--no-pager", "-u", unit, *words)

    @contextmanager
    def listen(self, port):
        """A receiver.Receiver at our end of the cable."""
        with self.outside(lambda: Receiver("", port)) as receiver:
            yield receiver

    def outside(self, make):
        """What make() makes at our end of the cable: a socket keeps to where it was made."""
        made = []

        def there():
            with open("/run/netns/" + self.cable.name("a")) as place:
                assert ctypes.CDLL(None).setns(place.fileno(), _NET) == 0
            made.append(make())
        thread = threading.Thread(target=there)
        thread.start()
        thread.join()
        return made[0]

    def power_off(self):
        """Switch it off as a user does; what it takes longer than allowed is an error."""
        self.run("systemctl", "poweroff", check=False)
        self._machine.wait(STOP)
        self._machine = self._init = None

    def cut(self):
        """Take its power away, where it has any."""
        if self._machine is not None:
            for nspawn in _children(self._machine.pid):     # all that it has goes with it
                os.kill(nspawn, signal.SIGKILL)
            self._machine.wait(STOP)
        self._machine = self._init = None


def until(condition, seconds, told=lambda: "in vain"):
    """Wait for a condition; what it gave. AssertionError with told() after so long."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < end, told()
        time.sleep(0.02)


def tag(house):
    """What a bundle for the machine's own Python is for: "cp36-x86_64"."""
    return house.shell("/usr/bin/python3 -c \"import os, sys; print('cp%d%d-' % "
                       "sys.version_info[:2] + os.uname().machine)\"").strip()


def wheels(house):
    """Paths of what a bundle for the machine's own Python carries, fetched once."""
    from deploy import bundle
    target = bundle.Target(tag(house))
    return [os.path.join(target.folder, name) for name in bundle.wheels(target)]


def files():
    """Names of the tracked files, and of new ones, that are there now."""
    said = subprocess.run(["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=ROOT,
                          check=True, stdout=subprocess.PIPE).stdout.decode()
    return [name for name in said.split("\0") if os.path.isfile(os.path.join(ROOT, name))]


def copy(folder):
    """Put these files into a folder."""
    packed = subprocess.run(["tar", "-c", "--null", "-T", "-"], cwd=ROOT, check=True,
                            input="\0".join(files()).encode(), stdout=subprocess.PIPE).stdout
    subprocess.run(["tar", "-x", "--no-same-owner", "-C", folder], input=packed, check=True)


def install(house):
    """Put the tracked files as they are now where a version lies, over those that were there when
    its environment was made."""
    place = house.path("/opt/kagami/versions")
    version, = os.listdir(place)
    tree = os.path.join(place, version)
    for name in os.listdir(tree):
        if name not in (".venv", "kagami.egg-info", ".complete"):
            _remove(os.path.join(tree, name))
    copy(tree)
    inside = "/opt/kagami/versions/" + version
    house.at_rest(inside + "/.venv/bin/python", "-m", "compileall", "-q", inside + "/appliance",
                  inside + "/engines", inside + "/build_engines.py")
    return version


def _remove(path):
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    else:
        os.unlink(path)


def _first(pid):
    """The process below `pid` that is the first two namespaces down, None where there is none
    yet: the first down is nspawn."""
    try:
        for child in _children(pid):
            numbers = _numbers(child)
            if len(numbers) > len(_numbers("self")) + 1 and numbers[-1] == "1":
                return child
            found = _first(child)
            if found:
                return found
    except OSError:
        pass
    return None


def _children(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
        return [int(word) for word in f.read().split()]


def _numbers(pid):
    """What a process is called in every namespace that it is in, ours first."""
    with open("/proc/%s/status" % pid) as f:
        return [line.split()[1:] for line in f if line.startswith("NSpid:")][0]
