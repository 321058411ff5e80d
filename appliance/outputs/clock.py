"""The wall clock beside the monotonic one: what time a frame's time is, and whether anybody keeps
the clock right.
"""
import ctypes
import time

_UNSYNCHRONISED = 5         # what adjtimex answers while no time service has set the clock


def unix(monotonic):
    """Seconds since 1970 of a monotonic time of this machine."""
    return monotonic + (time.time() - time.monotonic())


def synchronised():
    """Whether the kernel believes that a time service keeps the wall clock; False where it cannot
    be asked.
    """
    try:
        answer = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512))
    except (AttributeError, OSError):
        return False
    return 0 <= answer < _UNSYNCHRONISED
