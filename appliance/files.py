"""Files that appear whole or not at all: written beside their place, flushed, renamed, and the
folder flushed too, so that they are there after a power cut."""
import errno
import os
import tempfile
from contextlib import contextmanager

from appliance.errors import OutputError

TEMPORARY = ".kagami-"      # how the name of a file begins that is not whole yet


@contextmanager
def whole(path, mode=None):
    """The temporary name, in the same folder and with the same ending, that becomes `path` when
    the block succeeds.

    A path that is there and no plain file (a pipe, /dev/stdout) is its own temporary name. mode:
    of the file; without, as the process's umask leaves it. OutputError where the folder is
    missing, full or not permitted; nothing is left behind after a failure.
    """
    if os.path.isdir(path):
        raise OutputError(path, "it is a folder", "name a file in it")
    try:
        if os.path.exists(path) and not os.path.isfile(path):
            yield path
        else:
            yield from _beside(os.path.realpath(path), mode)
    except BrokenPipeError:
        raise
    except OSError as e:
        raise OutputError(path, e.strerror or str(e), "name a place that can be written") from e


def write(path, content, mode=None):
    """Bytes, or a text as UTF-8, as a file that is whole; see there."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    with whole(path, mode) as temporary, open(temporary, "wb") as f:
        f.write(data)


def _beside(path, mode):
    folder, ending = os.path.dirname(path), os.path.splitext(path)[1]
    handle, temporary = tempfile.mkstemp(ending, TEMPORARY, folder)
    os.close(handle)
    try:
        yield temporary
        _settle(temporary, path, mode)
    except BaseException:
        os.unlink(temporary)
        raise


def _settle(temporary, path, mode):
    mask = os.umask(0)
    os.umask(mask)
    os.chmod(temporary, 0o666 & ~mask if mode is None else mode)    # mkstemp makes it private
    with open(temporary, "rb+") as f:
        os.fsync(f.fileno())
    os.replace(temporary, path)
    settle_folder(os.path.dirname(path))


def settle_folder(folder):
    """Return when the names in a folder are on the disk, as far as its file system can do that."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as e:
        if e.errno != errno.EINVAL:
            raise
    finally:
        os.close(handle)
