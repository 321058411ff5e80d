"""The address of a GstBuffer comes in, an array that lies in its memory goes out, without a copy.

PyGObject copies what it maps on the older systems (the bindings of JetPack have no memoryview), so
the three calls that every frame needs go to the C library itself: 1 us instead of 6 to 16.
"""
import ctypes

import numpy as np

from appliance.errors import PartMissing

try:
    _gst = ctypes.CDLL("libgstreamer-1.0.so.0")
    _video = ctypes.CDLL("libgstvideo-1.0.so.0")
except OSError as e:
    raise PartMissing("GStreamer", str(e), "sudo apt-get install gstreamer1.0-plugins-base") from e

READ = 1


class _MapInfo(ctypes.Structure):
    _fields_ = [("memory", ctypes.c_void_p), ("flags", ctypes.c_int), ("data", ctypes.c_void_p),
                ("size", ctypes.c_size_t), ("maxsize", ctypes.c_size_t),
                ("user_data", ctypes.c_void_p * 4), ("reserved", ctypes.c_void_p * 4)]


class _VideoMeta(ctypes.Structure):
    _fields_ = [("meta_flags", ctypes.c_int), ("info", ctypes.c_void_p),
                ("buffer", ctypes.c_void_p), ("flags", ctypes.c_int), ("format", ctypes.c_int),
                ("id", ctypes.c_int), ("width", ctypes.c_uint), ("height", ctypes.c_uint),
                ("n_planes", ctypes.c_uint), ("offset", ctypes.c_size_t * 4),
                ("stride", ctypes.c_int * 4)]


_gst.gst_buffer_map.argtypes = [ctypes.c_void_p, ctypes.POINTER(_MapInfo), ctypes.c_int]
_gst.gst_buffer_unmap.argtypes = [ctypes.c_void_p, ctypes.POINTER(_MapInfo)]
_gst.gst_buffer_unmap.restype = None
_video.gst_buffer_get_video_meta.argtypes = [ctypes.c_void_p]
_video.gst_buffer_get_video_meta.restype = ctypes.POINTER(_VideoMeta)


class Memory:
    """One buffer's memory at a time, mapped until `release`; an array kept longer reads what the
    next picture left there."""

    def __init__(self):
        self._info, self._pointer = _MapInfo(), None

    def picture(self, pointer, owner, size, layout, colours):
        """The first plane as a read-only array: (H, W) uint8, or (H, W, 3) for three colours.

        owner: lives as long as the array does, so that one kept too long is wrong and no crash.
        size: (width, height). layout: (offset, stride) in bytes, for a buffer that does not tell
        its own. None where the memory cannot be read, or is smaller than the picture.
        """
        self.release()
        if not _gst.gst_buffer_map(pointer, ctypes.byref(self._info), READ):
            return None
        self._pointer = pointer
        meta = _video.gst_buffer_get_video_meta(pointer)
        offset, stride = (meta[0].offset[0], meta[0].stride[0]) if meta else layout
        (width, height), length = size, self._info.size
        if offset + stride * (height - 1) + width * colours > length:
            return None
        memory = (ctypes.c_uint8 * length).from_address(self._info.data)
        memory.owner = owner
        shape, steps = ((height, width), (stride, 1)) if colours == 1 else (
            (height, width, 3), (stride, 3, 1))
        array = np.ndarray(shape, np.uint8, memory, offset, steps)
        array.flags.writeable = False
        return array

    def release(self):
        """Give the buffer back."""
        if self._pointer is not None:
            _gst.gst_buffer_unmap(self._pointer, ctypes.byref(self._info))
            self._pointer = None
