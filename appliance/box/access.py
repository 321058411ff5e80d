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
        _host_keys(root, run)
        run("systemctl", "enable", "ssh")
        run("systemctl", "restart", "--no-block", "ssh")
    elif opened:
        replace(path, [], 0o600)
        run("systemctl", "disable", "ssh")
        run("systemctl", "stop", "--no-block", "ssh")
    return []


def _host_keys(root, run):
    """Make those that this box has not; a cut may have left an empty one."""
    folder = os.path.join(root, os.path.dirname(SSHD))
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        if name.startswith("ssh_host_") and not os.path.getsize(path):
            os.unlink(path)
    run("ssh-keygen", "-A")
