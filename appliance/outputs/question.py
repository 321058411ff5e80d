"""What a program on the network asks of a wire that answers."""
from typing import NamedTuple, Tuple


class Question(NamedTuple):
    """Frames to `ports` of whoever asks, for `seconds`; 0 ends it.

    mark: b"" for datagrams, else frames go over TCP and each ends with these bytes.
    """

    ports: Tuple[int, ...]
    seconds: float
    mark: bytes = b""
