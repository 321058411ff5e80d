"""A launch line of the user's own comes in, the pictures at its end go out."""
from appliance.errors import UsageError
from appliance.sources.gstreamer import Broken, Pipeline, sinks
from appliance.sources.lines import line
from appliance.sources.live import Live, Opening

EXAMPLE = "pipeline:v4l2src device=/dev/video2 ! image/jpeg ! jpegdec"


def launch(text, camera, rgb=False):
    """What the elements of `text` deliver, up to a pad of raw video; turned and flipped as any
    camera. UsageError for a line that means nothing, or brings its own sink."""
    url = "source pipeline:" + text
    try:
        ends = sinks(text)
        if ends:
            raise UsageError(url, "it ends in %s" % ends[0], "leave that out: pictures are taken "
                             "from the last element")
        made = Launch(text, camera, rgb)
        made.check()
    except Broken as e:
        raise UsageError(url, str(e), "try it with gst-launch-1.0; for instance " + EXAMPLE) from e
    return Live("the pipeline", made)


class Launch(Opening):
    """Opens a launch line."""

    def __init__(self, text, camera, rgb):
        self._text = line("pipeline", camera, "live", rgb, launch=text)

    def check(self):
        """Broken, or PartMissing, where it cannot be put together."""
        Pipeline(self._text).close()

    def __call__(self):
        """See Opening."""
        return "the pipeline", "of its own rate", None, Pipeline(self._text)
