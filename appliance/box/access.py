"""The ssh keys of a kagami.txt open the box to their owners, and without one it stays shut: root,
by key alone, no password ever.
"""
import os

from appliance.box.blocks import replace

SSHD, KEYS = "etc/ssh/sshd_config", "root/.ssh/authorized_keys"
# The first word counts in this file, so that ours stand above all others. The old name of the last
# is what the Jetson's OpenSSH 7.6 knows.
RULES = ["PermitRootLogin prohibit-password", "PasswordAuthentication no",
         "ChallengeResponseAuthentication no"]
# Of the newest kind alone: one of the old ones takes the board seconds, and an emulator minutes.
HOST_KEY = "etc/ssh/ssh_host_ed25519_key"


def open_to(keys, root, run):
    """Let the holders of these keys in below the folder `root`, and nobody else that a kagami.txt
    named before; words of what cannot be done, [] where nothing. run: as of growing.grow."""
    there = os.path.exists(os.path.join(root, SSHD))
    path = os.path.join(root, KEYS)
    opened = os.path.exists(path) and replace(path, [], dry=True)
    if keys and not there:
        return ["ssh: no ssh server is on this card; install openssh-server over a screen"]
    if keys:
        os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
        replace(path, keys, 0o600)
        replace(os.path.join(root, SSHD), RULES)
        _make_host_key(root, run)
        run("systemctl", "enable", "ssh")
        run("systemctl", "restart", "--no-block", "ssh")
    elif opened:
        replace(path, [], 0o600)
        run("systemctl", "disable", "ssh")
        run("systemctl", "stop", "--no-block", "ssh")
    return []


def _make_host_key(root, run):
    """Make it where this box has none; a power cut may have left an empty one."""
    path = os.path.join(root, HOST_KEY)
    if os.path.exists(path) and os.path.getsize(path):
        return
    for old in (path, path + ".pub"):
        if os.path.exists(old):
            os.unlink(old)
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "kagami", "-f", path)
