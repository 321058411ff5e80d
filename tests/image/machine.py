"""A computer with the card in it: QEMU plays an arm64 board whose U-Boot starts from the disk."""
import os
import shutil
import signal
import subprocess
import threading
import time

from tests.fakes.receiver import free_tcp_port

U_BOOT = "/usr/lib/u-boot/qemu_arm64/u-boot.bin"
HOST = "10.0.2.2"               # by which the machine knows us
KERNEL = "Starting kernel"          # U-Boot's last words


def missing():
    """Why there can be no such computer here, or ""."""
    if not shutil.which("qemu-system-aarch64") or not os.path.exists(U_BOOT):
        return "qemu-system-aarch64 or its U-Boot is not here; `make test-image` installs them"
    return ""


class Machine:
    """A board with a card; `folder` holds what is kept beside it: a key for ssh, its console.

    What the board has written reaches the card's file as it is done (cache=writethrough); what
    its kernel still has in memory is lost with a cut.
    """

    def __init__(self, card, folder):
        self._card, self._folder, self._board = card, folder, None
        self._key, self._port = os.path.join(folder, "key"), free_tcp_port()
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "tester", "-f",
                        self._key], check=True)
        self.console, self.started = [], None

    @property
    def key(self):
        """The public key, as kagami.txt takes it."""
        with open(self._key + ".pub") as f:
            return f.read().strip()

    def start(self):
        """Power on; `started` is when its kernel starts, once it has."""
        self.started = None
        self._board = subprocess.Popen(
            ["qemu-system-aarch64", "-M", "virt", "-cpu", "cortex-a57", "-smp", "2", "-m", "1536",
             "-accel", "tcg,thread=multi", "-bios", U_BOOT, "-nographic", "-monitor", "none",
             "-serial", "stdio", "-no-reboot", "-device", "virtio-rng-pci",
             "-drive", "file=%s,if=none,id=card,format=raw,cache=writethrough" % self._card,
             "-device", "virtio-blk-pci,drive=card", "-device",
             "virtio-net-pci,netdev=net,romfile=", "-netdev",
             "user,id=net,hostfwd=tcp:127.0.0.1:%d-:22" % self._port],
            # Of an input that has ended QEMU never stops reading, on a whole processor.
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self._reader = threading.Thread(target=self._read, args=(self._board.stdout,), daemon=True)
        self._reader.start()

    def _read(self, stream):
        with open(os.path.join(self._folder, "console.txt"), "ab") as log:
            for line in stream:
                log.write(line)
                log.flush()
                self.console.append(line.decode(errors="replace").rstrip())
                if KERNEL in self.console[-1]:
                    self.started = time.monotonic()

    def cut(self):
        """Power off, in the middle of whatever it does."""
        if self._board is not None:
            self._board.send_signal(signal.SIGKILL)
            self._board.wait()
            self._board.stdin.close()
            self._reader.join()
            self._board = None

    def ssh(self, command, within=60, check=True):
        """What a command prints there; RuntimeError where it fails."""
        done = self._ssh(command, within)
        if check and done.returncode:
            raise RuntimeError("%s: %s" % (command, done.stderr or done.stdout))
        return done.stdout

    def reached(self, within):
        """Whether ssh lets us in, in time."""
        end = time.monotonic() + within
        while time.monotonic() < end and self._board.poll() is None:
            try:
                if self._ssh("true", 20).returncode == 0:
                    return True
            except subprocess.TimeoutExpired:
                pass
            time.sleep(1.0)
        return False

    def _ssh(self, command, within):
        words = ["ssh", "-i", self._key, "-p", str(self._port)]
        for option in ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null",
                       "LogLevel=ERROR", "ConnectTimeout=15", "BatchMode=yes"):
            words += ["-o", option]
        return subprocess.run(words + ["root@127.0.0.1", command], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              universal_newlines=True, timeout=within)
