"""What systemd is told by the program that it has started."""
import os
import socket


def managed():
    """Whether systemd has started us, and waits to hear from us."""
    return bool(os.environ.get("NOTIFY_SOCKET"))


def notifier():
    """A function that tells systemd a word ("READY=1", "STATUS=words"), or several with a line
    each; where it did not start us, the function does nothing."""
    path = os.environ.get("NOTIFY_SOCKET", "")
    if path[:1] not in ("/", "@"):
        return lambda word: None
    ear = "\0" + path[1:] if path[0] == "@" else path
    link = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)

    def notify(word):
        try:
            link.sendto(word.encode(), ear)
        except OSError:             # that it does not listen is no reason to end
            pass
    return notify
