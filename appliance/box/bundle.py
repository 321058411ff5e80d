"""A tar that nobody trusts comes in, the files of a release go out, once its maker's signature
over all of them was found right.

Its first two members are SHA256SUMS.sig and SHA256SUMS: whoever did not sign it gets no further
than these. Then come the files that SHA256SUMS names, each once, none besides, each checked while
it is written. Names, sizes and contents count, nothing else of the tar: a file that begins with
"#!" is a program.
"""
import hashlib
import os
import platform
import re
import sys
import tarfile
from contextlib import contextmanager
from itertools import chain

from appliance.box import signature
from appliance.errors import DataError, InputMissing, OutputError

SUMS, SIGNATURE, KEY = "SHA256SUMS", "SHA256SUMS.sig", "release.pub"
BLOCK = tarfile.BLOCKSIZE
SUMS_MOST = 4 << 20         # bytes of SHA256SUMS
FILE_MOST = 1 << 30         # bytes of one file
WHOLE_MOST = 4 << 30        # bytes of all files
FILES_MOST = 20000
LONG_NAME = 512
_PIECE = 1 << 20
_VERSION = re.compile(r"\d{1,6}(?:\.\d{1,6}){1,3}(?:[.+-]?[0-9A-Za-z]{1,20}){0,3}")
_HEAD = re.compile("# kagami (%s) (cp\\d{2,4}-[a-z0-9_]{1,20})" % _VERSION.pattern)
_PART = re.compile(r"[A-Za-z0-9_.+!~-]{1,160}")
_SUM = re.compile("([0-9a-f]{64})  (.{1,240})")
AGAIN = "copy or download it again"


def tag():
    """What a bundle must be made for to run here: "cp36-aarch64"."""
    return "cp%d%d-%s" % (sys.version_info[:2] + (platform.machine(),))


def order(version):
    """A key that sorts versions: 0.2.0rc1, 0.2.0, 0.2.0+fix, 0.10.0."""
    numbers = re.match(r"\d+(\.\d+)*", version).group()
    rest = version[len(numbers):]
    return [int(n) for n in numbers.split(".")], rest[:1] in ("", "+"), rest


def is_version(text):
    """Whether a text can be a version, and so the name of a folder."""
    return bool(_VERSION.fullmatch(text))


def is_safe(name):
    """Whether a name leads to a file inside the folder that it is joined to, spelt in one way."""
    parts = name.split("/")
    return all(_PART.fullmatch(part) and set(part) != {"."} for part in parts) and len(name) <= 240


def head(version, target):
    """The first line of SHA256SUMS, so that the signature covers what the bundle is."""
    return "# kagami %s %s" % (version, target)


class Bundle:
    """A bundle whose signature is right.

    version, target: what it is ("0.2.0", "cp36-aarch64"). sums: {name: hash} of what extract()
    will write.
    """

    def __init__(self, stream, path, key):
        """stream: its bytes. path: what errors call it. key: the public key's 32 bytes."""
        self._stream, self._path, self._seen = stream, path, 0
        top, signed = self._listed(SIGNATURE, signature.BYTES)
        place, sums = self._listed(SUMS, SUMS_MOST)
        if not signature.is_by(key, signed, sums):
            raise DataError(path, "not signed with the key of this box's releases", "take the "
                            "bundle from whom you had the first one")
        self.version, self.target, self.sums = self._understood(sums.decode("ascii", "replace"))
        self._top = "kagami-%s/" % self.version
        if not top == place == self._top:
            raise self._broken("its folder is not %s" % self._top)
        self._few = {SIGNATURE: signed, SUMS: sums}

    def extract(self, folder, told=lambda done: None):
        """Write every file into a new folder; told(bytes of the bundle read so far).

        DataError for what is not as it was signed, OutputError where the disk is full. What was
        written until then is left.
        """
        missing = dict(self.sums)
        with self._written(folder):
            os.mkdir(folder, 0o755)
            for name, content in self._few.items():
                _write(folder, name, [content])
            for name, size in self._members():
                if missing.pop(name, None) is None:
                    raise self._broken("%s stands in it and not in %s" % (name[:80], SUMS))
                self._one(folder, name, size)
                told(self._seen)
        if missing:
            raise self._broken("%s is missing" % sorted(missing)[0])

    def _one(self, folder, name, size):
        digest, pieces = hashlib.sha256(), self._pieces(size)
        first = next(pieces, b"")

        def hashed():
            for piece in chain([first], pieces):
                digest.update(piece)
                yield piece
        _write(folder, name, hashed(), first.startswith(b"#!"))
        if digest.hexdigest() != self.sums[name]:
            raise self._broken("%s is not as it was signed" % name)

    @contextmanager
    def _written(self, folder):
        try:
            yield
        except OSError as e:
            raise OutputError(folder, e.strerror, "make room and try again") from e

    def _listed(self, name, most):
        """(top folder, content) of the next member, which must have that name."""
        found, size = self._header() or ("", 0)
        top, _, rest = found.partition("/")
        if rest != name or size > most:
            raise DataError(self._path, "not a bundle of Kagami", "name a kagami-*.tar")
        return top + "/", b"".join(self._pieces(size))

    def _understood(self, text):
        lines = text.splitlines()
        first, rows = _HEAD.fullmatch((lines or [""])[0]), [_SUM.fullmatch(x) for x in lines[1:]]
        sums = {row.group(2): row.group(1) for row in rows if row}
        if not first or len(sums) != len(rows) or len(sums) > FILES_MOST:
            raise self._broken("%s is not as Kagami writes it" % SUMS)
        odd = [name for name in sums if not is_safe(name) or name in (SUMS, SIGNATURE)]
        if odd:
            raise self._broken("a name that leads elsewhere: %r" % odd[0][:80])
        return first.group(1), first.group(2), sums

    def _members(self):
        """(name below the top folder, size) of each file that follows."""
        while True:
            found = self._header()
            if found is None:
                return
            if not found[0].startswith(self._top):
                raise self._broken("%r does not lie in its folder" % found[0][:80])
            yield found[0][len(self._top):], found[1]

    def _header(self):
        """(name, size) of the next member, or None at the end."""
        member, name = self._block(), None
        if member is not None and member.type == tarfile.GNUTYPE_LONGNAME:
            if member.size > LONG_NAME:
                raise self._broken("a name is too long")
            name = b"".join(self._pieces(member.size)).rstrip(b"\0").decode("ascii", "replace")
            member = self._block()
        if member is None:
            return None
        if member.type != tarfile.REGTYPE:
            raise self._broken("%r is no plain file" % member.name[:80])
        if not 0 <= member.size <= FILE_MOST or self._seen + member.size > WHOLE_MOST:
            raise self._broken("%r is too large" % member.name[:80])
        return name or member.name, member.size

    def _block(self):
        """The next header as a TarInfo, or None at the end."""
        block = self._read(BLOCK)
        if not block.strip(b"\0"):
            return None
        try:
            return tarfile.TarInfo.frombuf(block, "ascii", "strict")
        except (tarfile.HeaderError, ValueError):
            raise self._broken("not a tar, or damaged") from None

    def _pieces(self, size):
        """The content of a member, piece by piece; what fills its last block is passed over."""
        left = size
        while left:
            yield self._read(min(left, _PIECE))
            left -= min(left, _PIECE)
        self._read(-size % BLOCK)

    def _read(self, size):
        try:
            data = self._stream.read(size)
        except OSError as e:
            raise InputMissing(self._path, e.strerror, AGAIN) from e
        self._seen += len(data)
        if len(data) < size:
            raise self._broken("it ends too early")
        return data

    def _broken(self, why):
        return DataError(self._path, why, AGAIN)


def _write(folder, name, pieces, program=False):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), 0o755, exist_ok=True)
    with open(path, "xb") as f:
        os.fchmod(f.fileno(), 0o755 if program else 0o644)
        for piece in pieces:
            f.write(piece)
