"""The options of a source come in, the text of GStreamer's launch line goes out: every one stands
here, so that what each camera is asked for can be read in one place."""

# A camera's YUY2 goes through videoconvert (0.02 ms for 640x480): its bytes of Y taken as a view
# with steps of two would be packed anew by OpenCV at every crop.
LINES = {
    "file": "filesrc location={path} ! decodebin expose-all-streams=false caps=video/x-raw(ANY) "
            "! videoconvert ! videoflip video-direction=auto",
    "stdin": "fdsrc fd={fd} blocksize={size} ! rawvideoparse width={width} height={height} "
             "format={format} framerate={rate} plane-strides=\"{strides}\" "
             "plane-offsets=\"{offsets}\" frame-size={size} ! videoconvert",
    "test": "videotestsrc is-live=true pattern=ball motion=sweep ! video/x-raw,format=I420,"
            "width={width},height={height},framerate={rate}",
    "raw": "v4l2src name=camera device={path} ! video/x-raw,format={format},width={width},"
           "height={height},framerate={rate} ! videoconvert",
    "jpeg": "v4l2src name=camera device={path} ! image/jpeg,width={width},height={height},"
            "framerate={rate} ! {decoder}",
    # Turned and made small by the converter's own hardware; I420, for it makes no RGB.
    "csi": "nvarguscamerasrc name=camera sensor-id={sensor} {settings} ! video/x-raw(memory:NVMM),"
           "format=NV12,width={width},height={height},framerate={rate} ! nvvidconv "
           "flip-method={turn} {converter} ! video/x-raw,format=I420,width={wide},height={high}",
    "pipeline": "{launch} ! videoconvert",
}
# Of a camera's JPEG. Not nvjpegdec: on L4T 32 it loses memory and makes green pictures.
DECODERS = {"jpegdec": "jpegdec ! videoconvert",
            "nvv4l2decoder": "jpegparse ! nvv4l2decoder mjpeg=true {quick} ! nvvidconv "
                             "! video/x-raw,format=I420"}
QUICK = ("enable-max-performance", "disable-dpb")   # else it holds one or two pictures back
TURNS = {90: " ! videoflip video-direction=90r", 180: " ! videoflip video-direction=180",
         270: " ! videoflip video-direction=90l"}
FLIPS = {"horizontal": " ! videoflip video-direction=horiz",
         "vertical": " ! videoflip video-direction=vert",
         "both": " ! videoflip video-direction=180"}
# flip-method of nvvidconv, that does both at once: 1 and 3 are quarter turns to the left and to
# the right, 5 and 7 mirror across a diagonal.
METHODS = {0: {"none": 0, "horizontal": 4, "vertical": 6, "both": 2},
           90: {"none": 3, "horizontal": 7, "vertical": 5, "both": 1},
           180: {"none": 2, "horizontal": 6, "vertical": 4, "both": 0},
           270: {"none": 1, "horizontal": 5, "vertical": 7, "both": 3}}
# The first plane of each of these is Y.
LUMA = "video/x-raw,format=(string){GRAY8,I420,YV12,NV12,NV21,Y42B,Y444}"
SINKS = {"live": "sync=false max-buffers=1 drop=true",
         "paced": "sync=true max-buffers=1 drop=true",
         "every": "sync=false max-buffers=2 drop=false"}
SINK = (' ! appsink name={name} enable-last-sample=false wait-on-eos=false {sink} '
        'caps="{caps}"')
TEE = " ! tee name=both ! queue max-size-buffers=1"
BESIDE = " both. ! queue max-size-buffers=1 ! videoconvert"

_PLUGINS = "sudo apt-get install gstreamer1.0-plugins-"
_JETPACK = "it comes with JetPack: sudo apt-get install nvidia-l4t-gstreamer"
PACKAGES = {"v4l2src": "good", "jpegdec": "good", "videoflip": "good", "rawvideoparse": "base",
            "decodebin": "base", "videoconvert": "base", "videotestsrc": "base"}


def line(name, camera, sink, rgb, **values):
    """The whole launch line: LINES[name] with `values`, turned and flipped as `camera` says, down
    to its sinks (a key of SINKS)."""
    if "path" in values:
        values["path"] = '"%s"' % values["path"].replace("\\", "\\\\").replace('"', '\\"')
    text = LINES[name].format(**values)
    if "turn" not in values:
        text += TURNS.get(camera.rotation, "") + FLIPS.get(camera.flip, "")
    luma = SINK.format(name="luma", sink=SINKS[sink], caps=LUMA)
    if not rgb:
        return text + luma
    beside = SINK.format(name="rgb", sink=SINKS[sink], caps="video/x-raw,format=RGB")
    return text + TEE + luma + BESIDE + beside


def settings(values, known):
    """Properties as they stand in a launch line, {name: value} of those that `known` has: an
    unknown one ends the whole line, and releases of JetPack differ."""
    return " ".join("%s=%s" % (name, '"%s"' % value if " " in str(value) else value)
                    for name, value in values.items() if name in known)


def package(element):
    """What to do where an element is not installed."""
    if element.startswith("nv"):
        return _JETPACK
    return _PLUGINS + PACKAGES.get(element, "bad")
