"""The accounts of a root file system: /etc/passwd and its like come in, the
same with the box's own user and without any password goes out."""
FILES = ("passwd", "shadow", "group", "gshadow")
NAME = "kagami"


class Accounts:
    """The four files of a FileSystem `root`, as rows of fields."""

    def __init__(self, root):
        self._root = root
        self._rows = {name: _rows(root.read("/etc/" + name)) for name in FILES}

    @property
    def people(self):
        """Names of those who are no system's users."""
        return [row[0] for row in self._rows["passwd"] if 1000 <= int(row[2]) < 60000]

    def add_box(self):
        """Add the user and group that Kagami runs as, without a login, in group video."""
        number = self._free()
        self._rows["passwd"].append([NAME, "x", number, number, "Kagami", "/var/lib/kagami",
                                     "/usr/sbin/nologin"])
        self._rows["shadow"].append([NAME, "!", "19000", "", "", "", "", "", ""])
        self._rows["group"].append([NAME, "x", number, ""])
        self._rows["gshadow"].append([NAME, "!", "", ""])
        for name in ("group", "gshadow"):
            for row in self._rows[name]:
                if row[0] == "video":
                    row[3] = ",".join([row[3]] * bool(row[3]) + [NAME])

    def lock(self):
        """Take every password away."""
        for row in self._rows["shadow"]:
            if row[1][:1] not in ("*", "!"):
                row[1] = "*"

    def write(self):
        """Put the files where they were."""
        for name in FILES:
            text = "".join(":".join(row) + "\n" for row in self._rows[name])
            self._root.write("/etc/" + name, text)

    def _free(self):
        taken = {row[2] for name in ("passwd", "group") for row in self._rows[name]}
        return next(str(n) for n in range(999, 99, -1) if str(n) not in taken)


def _rows(data):
    text = (data or b"").decode("utf-8", "surrogateescape")
    return [line.split(":") for line in text.splitlines() if line]
