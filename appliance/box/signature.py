"""Bytes and a key become a signature, or the word that a signature is none of that key's; Ed25519
by PyNaCl, whose only door this is.

Keys are kept as one line of base64: 32 bytes, the public one in release.pub, the secret one with
whoever makes releases.
"""
import base64
import binascii

from appliance.errors import DataError, InputMissing, PartMissing

BYTES = 64          # of a signature
_LINE = 200         # characters of a key's file that are read


def library():
    """PyNaCl's module of signatures; PartMissing where it is not installed."""
    try:
        from nacl import signing
    except ImportError as e:
        raise PartMissing("PyNaCl", str(e), "run deploy/setup.sh") from e
    return signing


def read_key(path):
    """The 32 bytes in a key's file; InputMissing where there is none, DataError where it is no
    key."""
    try:
        with open(path, "rb") as f:
            text = f.read(_LINE)
    except FileNotFoundError:
        raise InputMissing(path, "no such file", "put the key there") from None
    except OSError as e:
        raise InputMissing(path, e.strerror, "make it readable") from e
    return key_of(text, path)


def key_of(text, path):
    """The 32 bytes of a key's line, from the file `path`; DataError where it is no key."""
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except binascii.Error:
        key = b""
    if len(key) != 32:
        raise DataError(path, "not a key", "it is one line of 44 characters")
    return key


def spelt(key):
    """A key's bytes as its file holds them."""
    return base64.b64encode(key) + b"\n"


def is_by(key, signature, data):
    """Whether `signature` is that of `data` by the owner of the public `key`."""
    signing = library()
    from nacl.exceptions import BadSignatureError
    if len(signature) != BYTES:
        return False
    try:
        signing.VerifyKey(key).verify(data, signature)
    except BadSignatureError:
        return False
    return True


def sign(secret, data):
    """(signature, public key) of `data` by a secret key's 32 bytes."""
    key = library().SigningKey(secret)
    return key.sign(data).signature, bytes(key.verify_key)


def new_secret():
    """The 32 bytes of a new secret key."""
    return bytes(library().SigningKey.generate())
