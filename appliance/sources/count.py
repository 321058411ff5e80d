"""Pictures with gaps come in, frame numbers that never run backwards go out."""


class Count:
    """Numbers the pictures of one source and counts what was dropped between them."""

    def __init__(self):
        self.number, self.dropped, self._last = -1, 0, None

    def restart(self):
        """What comes next has nothing to do with what came before: no gap is counted."""
        self._last = None

    def __call__(self, picture):
        """The number of a picture (gstreamer.Picture)."""
        gap = 0 if self._last is None else max(0, _gap(self._last, picture))
        self._last = picture._replace(luma=None, rgb=None)
        self.dropped += gap
        self.number += 1 + gap
        return self.number


def _gap(last, picture):
    if last.number is not None and picture.number is not None:
        return picture.number - last.number - 1
    if last.duration and picture.time is not None:
        # Decoders lose the number: whole durations between the end of one and the start of the next.
        return int(round((picture.time - last.time - last.duration) / last.duration))
    return 0
