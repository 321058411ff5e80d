"""Video nodes without a kernel: files, and an ioctl that answers and refuses as V4L2 does."""
import errno
import os
import struct

from appliance.sources import v4l2

CAMERA = 0x1 | v4l2.OWN


class Kernel:
    """Nodes in the folder `dev`; monkeypatch.setattr(v4l2, "ioctl", kernel.ioctl) plugs it in."""

    def __init__(self, dev):
        self.dev, self.nodes, self.set = dev, {}, {}

    def plug(self, number, card, formats, own=0x1, by_id=None, controls=None):
        """A node; formats: {format: {(width, height): [(numerator, denominator) of an interval]}},
        a stepwise size is (w0, w1, step, h0, h1, step). controls: {number: (low, high)}."""
        path = os.path.join(self.dev, "video%d" % number)
        open(path, "w").close()
        if by_id:
            folder = os.path.join(self.dev, "v4l", "by-id")
            os.makedirs(folder, exist_ok=True)
            os.symlink(path, os.path.join(folder, by_id))
        self.nodes[path] = (card, own, formats, controls or {})
        return path

    def unplug(self, path):
        """Take a node away, its stable name with it."""
        del self.nodes[path]
        os.remove(path)

    def ioctl(self, handle, request, record):
        """fcntl.ioctl with a bytearray."""
        card, own, formats, controls = self.nodes[os.readlink("/proc/self/fd/%d" % handle)]
        answers = {v4l2.CAPABILITY.request: lambda: self._capability(card, own),
                   v4l2.FORMAT.request: lambda: self._format(record, own, formats),
                   v4l2.SIZE.request: lambda: self._size(record, formats),
                   v4l2.INTERVAL.request: lambda: self._interval(record, formats),
                   v4l2.RANGE.request: lambda: self._range(record, controls),
                   v4l2.CONTROL.request: lambda: self._control(record, card, controls)}
        answer = answers.get(request, lambda: refuse(errno.ENOTTY))()
        assert len(answer) == len(record)
        record[:] = answer

    @staticmethod
    def _capability(card, own):
        return struct.pack("=16s32s32s6I", b"uvcvideo", card.encode(), b"usb-1", 0x60000,
                           CAMERA | own, own, 0, 0, 0)      # of the device, of the node

    @staticmethod
    def _format(record, own, formats):
        index, kind = struct.unpack_from("=2I", record)
        if kind != 1 or not own & 0x1:
            refuse(errno.EINVAL)
        code = pick(list(formats), index)
        return struct.pack("=3I32s4s4I", index, kind, 0, b"some name", code.ljust(4).encode(),
                           0, 0, 0, 0)

    @staticmethod
    def _size(record, formats):
        index, code = struct.unpack_from("=I4s", record)
        size = pick(list(formats[code.decode().strip()]), index)
        kind = 1 if len(size) == 2 else 3
        return struct.pack("=I4s7I8x", index, code, kind, *(tuple(size) + (0,) * 4)[:6])

    @staticmethod
    def _interval(record, formats):
        index, code, width, height = struct.unpack_from("=I4s2I", record)
        sizes = formats[code.decode().strip()]
        numbers = pick(sizes.get((width, height)) or next(iter(sizes.values())), index)
        kind = 1 if len(numbers) == 2 else 3
        return struct.pack("=I4s9I8x", index, code, width, height, kind,
                           *(tuple(numbers) + (0,) * 4)[:6])

    @staticmethod
    def _range(record, controls):
        number, = struct.unpack_from("=I", record)
        low, high = controls[number] if number in controls else refuse(errno.EINVAL)
        kind = 1 if number == v4l2.EXPOSURE_TIME else 3
        return struct.pack("=2I32s4iI", number, kind, b"control", low, high, 1, low, 0) + bytes(8)

    def _control(self, record, card, controls):
        number, value = struct.unpack("=Ii", record)
        low, high = controls[number]
        if not low <= value <= high:
            refuse(errno.ERANGE)
        self.set[card, number] = value
        return bytes(record)


def pick(values, index):
    """The value at an index, or the kernel's word that there are no more."""
    return values[index] if index < len(values) else refuse(errno.EINVAL)


def refuse(number):
    """Raise what fcntl.ioctl raises."""
    raise OSError(number, os.strerror(number))
