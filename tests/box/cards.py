"""What stands on a card, and a system's folder that it is applied to."""
import os

KEY = "ssh-ed25519 " + "AAAAC3NzaC1lZDI1NTE5AAAAI" + "B" * 43 + " me@pc"
WHOLE = """\
name = Desk
wifi-name = My network
wifi-password = open sesame
wifi-country = de
address = 192.168.1.50/24
gateway = 192.168.1.1
dns = 192.168.1.1, 9.9.9.9
ssh-key = %s
target = vmc@192.168.1.20
target = vrchat@my-pc.local
camera = test
[tracker]
max_faces = 2
""" % KEY


class Commands:
    """In place of the system's commands; `run`: [their words]."""

    def __init__(self, **answers):
        self.run, self._answers = [], answers

    def __call__(self, *words):
        """Note one; gives what is told for it."""
        self.run.append(" ".join(words))
        return self._answers.get(words[0], "")


def system(folder, *programs):
    """A root folder with these programs and the usual files of ssh."""
    folders = tuple(os.path.dirname(program) for program in programs)
    for name in ("etc/ssh", "root", "opt/kagami") + folders:
        os.makedirs(os.path.join(folder, name), exist_ok=True)
    for program in programs:
        put(folder, program, "")
    put(folder, "etc/ssh/sshd_config", "PasswordAuthentication yes\n")
    put(folder, "etc/hostname", "kagami\n")
    return str(folder)


def put(folder, name, text):
    """Write a file below a folder, as text or as bytes."""
    data = text if isinstance(text, bytes) else text.encode("utf-8")
    with open(os.path.join(folder, name), "wb") as f:
        f.write(data)


def got(folder, name):
    """A file's text; None where there is none."""
    try:
        with open(os.path.join(folder, name), encoding="utf-8") as f:
            return f.read()
    except FileNotFoundError:
        return None


def below(folder):
    """{path below a folder: (text, mode)} of every file."""
    found = {}
    for place, _, names in os.walk(str(folder)):
        for name in names:
            path = os.path.join(place, name)
            short = os.path.relpath(path, str(folder))
            found[short] = got(str(folder), short), os.stat(path).st_mode & 0o777
    return found
