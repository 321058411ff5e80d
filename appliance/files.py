"""Files that appear whole or not at all: written beside their place, flushed, renamed."""
import os
import tempfile
from contextlib import contextmanager

from appliance.errors import OutputError


@contextmanager
def whole(path):
    """The temporary name, in the same folder and with the same ending, that becomes `path` when the block succeeds.

    A path that is there and no plain file (a pipe, /dev/stdout) is its own temporary name. OutputError where the
    folder is missing, full or not permitted; nothing is left behind after a failure.
    """
    if os.path.exists(path) and not os.path.isfile(path):
        if os.path.isdir(path):
            raise OutputError(path, "it is a folder", "name a file in it")
        yield path
        return
    real = os.path.realpath(path)
    try:
        handle, temporary = tempfile.mkstemp(os.path.splitext(real)[1], ".kagami-", os.path.dirname(real))
        os.close(handle)
        try:
            yield temporary
            _settle(temporary, real)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as e:
        raise OutputError(path, e.strerror or str(e), "name a place that can be written") from e


def _settle(temporary, real):
    mask = os.umask(0)
    os.umask(mask)
    os.chmod(temporary, 0o666 & ~mask)
    with open(temporary, "rb+") as f:
        os.fsync(f.fileno())
    os.replace(temporary, real)
