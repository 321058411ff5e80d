"""Two machines on one cable: network namespaces, joined by a pair of virtual adapters."""
import itertools
import os
import shutil
import subprocess
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
HERE, THERE = "10.77.0.1", "10.77.0.2"
# A machine's own avahi, with whatever runs beside it until its standard input ends; all of it dies
# with it.
_AVAHI = ("mount -t tmpfs t /run; mkdir -p /run/dbus; mount -t tmpfs t /etc/avahi/services;"
          "dbus-daemon --system --fork; avahi-daemon --no-drop-root --no-chroot --no-rlimits -D;"
          "%s & read end; kill $!; sleep 1")


def missing():
    """Why there can be no namespaces here, or ""."""
    if os.geteuid() != 0 or not shutil.which("ip"):
        return "network namespaces need root and iproute2"
    name = "kagami-try-%d" % os.getpid()        # others may be trying too
    tried = subprocess.run(["ip", "netns", "add", name], stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
    subprocess.run(["ip", "netns", "del", name], stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    return "network namespaces are not allowed here" if tried.returncode else ""


class Lan:
    """While entered, the machines "a" at HERE and "b" at THERE."""

    _numbers = itertools.count()

    def __init__(self):
        number = next(self._numbers)        # there may be two at a time
        self._names = {name: "kagami-%d-%d%s" % (os.getpid(), number, name) for name in "ab"}
        self._programs = []

    def __enter__(self):
        for name in self._names.values():
            _ip("netns", "add", name)
        _ip("link", "add", "eth0", "netns", self._names["a"], "type", "veth", "peer", "name",
            "eth0", "netns", self._names["b"])
        for name, address in (("a", HERE), ("b", THERE)):
            self.at(name, "ip", "link", "set", "lo", "up")
            self.at(name, "ip", "link", "set", "eth0", "up")
            self.move(name, address)
        return self

    def __exit__(self, *_):
        for program in self._programs:
            if program.poll() is None:
                program.kill()
            program.wait()
            for pipe in filter(None, (program.stdin, program.stdout)):
                pipe.close()
        for name in self._names.values():
            _ip("netns", "del", name)

    def name(self, name):
        """What the namespace of a machine is called on this one."""
        return self._names[name]

    def at(self, name, *words):
        """Run a program on a machine and wait for it; what it wrote."""
        done = subprocess.run(["ip", "netns", "exec", self._names[name]] + list(words), check=True,
                              stdout=subprocess.PIPE, universal_newlines=True, cwd=ROOT)
        return done.stdout

    def move(self, name, address):
        """Give a machine this address in place of the one it has."""
        self.at(name, "ip", "addr", "flush", "dev", "eth0")
        self.at(name, "ip", "addr", "add", address + "/24", "brd", "+", "dev", "eth0")
        self.at(name, "ip", "route", "replace", "default", "dev", "eth0")

    def start(self, name, *words):
        """Start a Python module on a machine; a Popen with its lines."""
        return self.launch(name, sys.executable, "-u", "-m", *words)

    def avahi(self, name, command, called="box"):
        """Start a shell's command on a machine that has an avahi and is called `called`; a Popen
        with its lines. It is ended, with goodbyes, when its `stdin` is closed.
        """
        # The D-Bus of Ubuntu 18.04 looks for itself in /proc by its number.
        return self.launch(name, "unshare", "-m", "-p", "-u", "-f", "--mount-proc", "sh", "-c",
                           "hostname %s; %s" % (called, _AVAHI % command), stdin=subprocess.PIPE)

    def launch(self, name, *words, **pipes):
        """Start any program on a machine; a Popen, with its lines unless `pipes` says other."""
        pipes = dict(dict(stdout=subprocess.PIPE, stderr=subprocess.STDOUT), **pipes)
        program = subprocess.Popen(["ip", "netns", "exec", self._names[name]] + list(words),
                                   universal_newlines=True, cwd=ROOT, **pipes)
        self._programs.append(program)
        return program


def _ip(*words):
    subprocess.run(("ip",) + words, check=True)
