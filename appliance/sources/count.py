"""Pictures with gaps come in, frame numbers that never run backwards go out."""


class Count:
    """Numbers the pictures of one source and counts those dropped between them.

    gap: by_number, by_time or none: the pictures missing between one gstreamer.Picture and the
    next.
    """

    def __init__(self, gap):
        self.number, self.dropped, self._last, self._gap = -1, 0, None, gap

    def restart(self):
        """What comes next has nothing to do with what came before: no gap is counted."""
        self._last = None

    def __call__(self, picture):
        """The number of a picture, from 0."""
        gap = 0 if self._last is None else max(0, self._gap(self._last, picture))
        self._last = picture._replace(luma=None, rgb=None)
        self.dropped += gap
        self.number += 1 + gap
        return self.number


def none(last, picture):
    """Where nothing is ever dropped."""
    return 0


def by_number(last, picture):
    """By the camera's own count; by time where a decoder has lost it."""
    if last.number is None or picture.number is None:
        return by_time(last, picture)
    return picture.number - last.number - 1


def by_time(last, picture):
    """Whole durations between the end of one and the start of the other."""
    if not last.duration or last.time is None or picture.time is None:
        return 0
    return int(round((picture.time - last.time - last.duration) / last.duration))
