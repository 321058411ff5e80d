"""What was done on this box is remembered by a word, in a folder that only root may write."""
import os

from appliance import files

FOLDER = "var/lib/kagami-first-boot"


def read(name, root="/"):
    """The word that was kept last, "" where none was."""
    try:
        with open(os.path.join(root, FOLDER, name)) as f:
            return f.read().strip()
    except OSError:
        return ""


def keep(name, word, root="/"):
    """Keep a word."""
    path = os.path.join(root, FOLDER, name)
    os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
    files.write(path, word + "\n", 0o600)
