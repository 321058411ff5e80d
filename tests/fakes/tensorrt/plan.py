"""What the played builder writes and the played runtime reads back."""
import json
from typing import NamedTuple

MAGIC = b"ftrt"


class Plan(NamedTuple):
    """The ONNX file and what an engine of it depends on. broken: layers that overflow."""

    version: str
    capability: tuple
    half: bool
    broken: list
    onnx: bytes

    def packed(self):
        """As bytes."""
        head = json.dumps(dict(self._asdict(), onnx=len(self.onnx))).encode()
        return MAGIC + b"%08d" % len(head) + head + self.onnx

    @classmethod
    def unpacked(cls, content):
        """From bytes; ValueError in the words of the real one."""
        if content[:4] != MAGIC:
            raise ValueError("magicTagRead == magicTag failed.Magic tag does not match")
        try:
            size = int(content[4:12])
            head = json.loads(content[12:12 + size].decode())
            onnx = content[12 + size:]
        except ValueError:
            head, onnx = {"onnx": -1}, b""
        if len(onnx) != head.pop("onnx"):
            raise ValueError("sizeRead == static_cast<uint64_t>(mEnd - mCurrent) failed.Size "
                             "specified in header does not match archive size")
        return cls(onnx=onnx, **dict(head, capability=tuple(head["capability"])))
