"""The page's one password, kept salted and stretched, and who has given it.

Without a password everybody whom the network lets in may do everything. Sessions end with the
process.
"""
import asyncio
import getpass
import hashlib
import hmac
import json
import os
import secrets
import sys
import time
from binascii import hexlify, unhexlify
from collections import OrderedDict

from appliance import keeping
from appliance.errors import ConfigError, PartMissing, UsageError

NAME = "panel.json"
LONGEST = 200                   # characters
COST = {"n": 1 << 14, "r": 8, "p": 1, "dklen": 32}     # 16 MB and some 50 ms on a PC
SESSIONS = 64                   # at once
LASTS = 7 * 24 * 3600           # seconds


class Password:
    """Kept in `folder`; `needed` says whether there is one."""

    def __init__(self, folder):
        self._path, self._sessions = os.path.join(folder, NAME), OrderedDict()
        self._one = None

    @property
    def needed(self):
        """Whether a password is set. ConfigError where it cannot be read: then nobody gets in."""
        return bool(self._kept())

    def knows(self, session):
        """Whether this text is the name of a session that lasts."""
        return self._sessions.get(_name(session), 0.0) > time.monotonic()

    async def right(self, text):
        """Whether this is the password; one at a time, beside the loop."""
        kept = self._kept()
        salt, made = (unhexlify(part) for part in kept.split(":"))
        return hmac.compare_digest(await self._stretched(text, salt), made)

    async def change(self, text):
        """Set another password, "" for none; every session ends. OutputError: not kept."""
        if len(text) > LONGEST:
            raise UsageError("password", "too long", "take at most %d characters" % LONGEST)
        kept = ""
        if text:
            salt = secrets.token_bytes(16)
            made = await self._stretched(text, salt)
            kept = "%s:%s" % (hexlify(salt).decode(), hexlify(made).decode())
        os.makedirs(os.path.dirname(self._path), 0o700, exist_ok=True)
        before = os.umask(0o077)
        try:
            keeping.write(self._path, {"password": kept})
        finally:
            os.umask(before)
        self._sessions.clear()

    def begin(self):
        """The name of a new session."""
        while len(self._sessions) >= SESSIONS:
            self._sessions.popitem(last=False)
        session = secrets.token_urlsafe(32)
        self._sessions[_name(session)] = time.monotonic() + LASTS
        return session

    def _kept(self):
        try:
            with open(self._path, encoding="utf-8") as f:
                return json.load(f)["password"]
        except FileNotFoundError:
            return ""
        except (OSError, ValueError, KeyError, TypeError) as e:
            raise ConfigError(self._path, "not understood", "set it with kagami panel "
                              "--password") from e

    async def _stretched(self, text, salt):
        if not hasattr(hashlib, "scrypt"):
            raise PartMissing("scrypt", "this Python was built without it",
                              "leave the page without a password")
        if self._one is None:
            self._one = asyncio.Lock()

        def work():
            return hashlib.scrypt(text[:LONGEST].encode("utf-8"), salt=salt, **COST)
        async with self._one:
            return await asyncio.get_event_loop().run_in_executor(None, work)


def ask(setting=""):
    """Ask the one at the terminal for a password and keep it; gives words of what came of it.

    setting: calibration.folder of the configuration.
    """
    asked = "password of the page (nothing for none): "
    text = getpass.getpass(asked) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    folder = keeping.folder(setting)
    asyncio.get_event_loop_policy().new_event_loop().run_until_complete(
        Password(folder).change(text))
    return "%s in %s" % ("kept" if text else "none is kept", folder)


def _name(session):
    """What is remembered of a session: with it alone nobody gets in."""
    return hashlib.sha256(session.encode("utf-8", "replace")).digest()
