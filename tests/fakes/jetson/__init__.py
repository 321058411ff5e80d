"""NVIDIA's GStreamer elements for machines without a Jetson: a table of what they take comes in, a
plugin that takes that and nothing else goes out.

The table is that of L4T 32.7. Its properties and ranges are those that `gst-inspect-1.0` printed
on a Nano with a release of the same line (nvarguscamerasrc with `maxperf` and `bufapi-version`,
which later lines lack; without `acquire-wait`, `event-wait` and `aeregion`, which are later), its
caps the least that NVIDIA's guides of 32.x and users' pipelines agree on, the sensor's modes and
ranges what nvarguscamerasrc printed with an IMX219 ("GST_ARGUS: Available Sensor modes").
"""
import os
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
LIBRARY = "libstandin.so"
MOST = 2 ** 31 - 1

# name: (kind, lowest, highest, default); kinds are i(nteger), u(nsigned), f(loat), b(oolean),
# s(tring), e(num, from 0) and r(ead only).
CAMERA = {
    "silent": ("b", 0, 1, 1), "timeout": ("u", 0, MOST, 0), "wbmode": ("e", 0, 9, 1),
    "saturation": ("f", 0, 2, 1), "sensor-id": ("i", 0, 255, 0),
    "sensor-mode": ("i", -1, 255, -1), "total-sensor-modes": ("r", 0, 255, 0),
    "exposuretimerange": ("s", 0, 0, 0), "gainrange": ("s", 0, 0, 0),
    "ispdigitalgainrange": ("s", 0, 0, 0), "tnr-strength": ("f", -1, 1, -1),
    "tnr-mode": ("e", 0, 2, 1), "ee-mode": ("e", 0, 2, 1), "ee-strength": ("f", -1, 1, -1),
    "aeantibanding": ("e", 0, 3, 1), "exposurecompensation": ("f", -2, 2, 0),
    "aelock": ("b", 0, 1, 0), "awblock": ("b", 0, 1, 0), "maxperf": ("b", 0, 1, 0),
    "bufapi-version": ("b", 0, 1, 0)}
CONVERTER = {
    "silent": ("b", 0, 1, 0), "flip-method": ("e", 0, 7, 0), "output-buffers": ("u", 1, MOST, 4),
    "interpolation-method": ("e", 0, 5, 0), "left": ("i", 0, MOST, 0), "right": ("i", 0, MOST, 0),
    "top": ("i", 0, MOST, 0), "bottom": ("i", 0, MOST, 0), "bl-output": ("b", 0, 1, 1)}
DECODER = {
    "mjpeg": ("b", 0, 1, 0), "enable-max-performance": ("b", 0, 1, 0),
    "disable-dpb": ("b", 0, 1, 0), "skip-frames": ("e", 0, 2, 0),
    "drop-frame-interval": ("u", 0, 30, 0), "num-extra-surfaces": ("u", 0, 24, 0),
    "enable-full-frame": ("b", 0, 1, 0)}

_SIZES = "width=[1,2147483647],height=[1,2147483647],framerate=[0/1,2147483647/1]"
_FORMATS = "format={I420,NV12,UYVY,YUY2,YVYU,GRAY8,BGRx,RGBA}"
CAMERA_CAPS = "video/x-raw(memory:NVMM),format=NV12," + _SIZES
CONVERTER_CAPS = "video/x-raw(memory:NVMM),%s,%s;video/x-raw,%s,%s" % (
    _FORMATS, _SIZES, _FORMATS, _SIZES)
DECODER_CAPS = "video/x-raw(memory:NVMM),format={NV12,I420},%s" % _SIZES
MODES = ((3264, 2464, 21), (3264, 1848, 28), (1920, 1080, 30), (1640, 1232, 30), (1280, 720, 60),
         (1280, 720, 120))
EXPOSURES, GAIN, SENSORS = (13000, 683709000), 10.625, 1    # nanoseconds; of one IMX219


def lacking():
    """Why the plugin cannot be made here, or None."""
    for tool in ("gcc", "pkg-config"):
        if not shutil.which(tool):
            return "no %s here" % tool
    if subprocess.call(["pkg-config", "--exists", "gstreamer-base-1.0"]):
        return "no headers of GStreamer here (libgstreamer1.0-dev)"
    return None


def build(folder):
    """Make the plugin in a folder, and give the folder."""
    with open(os.path.join(folder, "table.h"), "w") as f:
        f.write(table())
    flags = subprocess.check_output(["pkg-config", "--cflags", "--libs", "gstreamer-base-1.0"],
                                    universal_newlines=True).split()
    library = os.path.join(folder, LIBRARY)
    subprocess.check_call(["gcc", "-std=gnu99", "-O2", "-fPIC", "-shared", "-Wall", "-I", folder,
                           os.path.join(HERE, "stand_in.c"), "-o", library] + flags)
    return folder


def table():
    """The tables as the plugin's source reads them."""
    rows = ["#define SENSORS %d" % SENSORS, "#define EXPOSURE_LOW %d" % EXPOSURES[0],
            "#define EXPOSURE_HIGH %d" % EXPOSURES[1], "#define GAIN_HIGH %g" % GAIN,
            "#define MODES_NARROWEST %d" % min(mode[0] for mode in MODES),
            "static const Mode MODES[] = {%s {0, 0, 0}};" % "".join(
                "{%d, %d, %d}, " % mode for mode in MODES)]
    for name in ("CAMERA", "CONVERTER", "DECODER"):
        rows.append('#define %s_CAPS "%s"' % (name, globals()[name + "_CAPS"]))
        rows.append("static const Property %s[] = {%s {NULL, 0, 0, 0, 0}};" % (name, "".join(
            '{"%s", \'%s\', %d, %d, %d}, ' % ((key,) + row)
            for key, row in globals()[name].items())))
    return "\n".join(rows) + "\n"
