"""Pictures and labels of one's own in, one HDF5 file out, and back: what every trainer reads
beside the prepared material.

    with Writer("mine.h5", source="my webcam", licence="my own") as out:
        out.add(jpeg, points=points, rotation=rotation)
    samples = Reader("mine.h5")
    samples.luma(3), samples["points"][3], samples.faces(3)

Root attributes: `format` = "kagami-samples", `version` = 1, `source`, `licence`. Datasets over
the N pictures: `image`, the bytes of a JPEG or PNG file, and any of FIELDS. Pixels are (x, y),
the centre of the first is (0, 0); what is not known of a row is NaN. For detection, over all M
faces: FACES. Rotations, axes and signs are those of docs/own_data.md.
"""
import os
from typing import NamedTuple

import cv2
import h5py
import numpy as np

from appliance import files
from appliance.errors import DataError, InputMissing, nearest

FORMAT, VERSION = "kagami-samples", 1
# {name: (shape of a row, type, what stands where nothing is known)}
FIELDS = {
    "points": ((68, 2), "f4", np.nan),      # iBUG order, px
    "box": ((4,), "f4", np.nan),            # x0, y0, x1, y1 of the face that the row is about, px
    "rotation": ((3, 3), "f4", np.nan),     # camera_from_head
    "head": ((3,), "f4", np.nan),           # x, y of the head's centre and its radius, px
    "gaze": ((2,), "f4", np.nan),           # yaw, pitch in the camera's axes, degrees
    "eyes": ((4, 2), "f4", np.nan),         # corners as iBUG 36, 39, 42, 45, px
    "person": ((), "i4", -1),               # the same number for the same person; -1 unknown
    "blendshapes": ((52,), "f4", np.nan),   # ARKit's, in the order of appliance/face.py
    "weight": ((), "f4", 1.0),              # what the row is worth beside others
}
# One row a face: its box, the number of its picture, whether finding it is neither right nor
# wrong, and the first of the three levels of WIDER FACE that counts it (1 to 3, 0 not known).
FACES = {"faces": ((4,), "f4"), "face_picture": ((), "i4"), "face_ignored": ((), "?"),
         "face_level": ((), "i4")}
ROWS = 256              # rows that a Writer holds back
NEEDED = ("faces", "face_picture")      # the one is nothing without the other
_PLAIN = cv2.IMREAD_IGNORE_ORIENTATION      # labels are of the pixels as they are stored
DOCUMENT = "see docs/own_data.md"


class Faces(NamedTuple):
    """All faces in a picture, for detection: (k, 4), (k,) bool, (k,) int; see FACES."""

    boxes: np.ndarray
    ignored: np.ndarray
    level: np.ndarray


def all_faces(boxes, ignored=None, level=None):
    """Faces of boxes (k, 4); none is ignored and no level known where nothing else is said."""
    boxes = np.asarray(boxes, np.float32).reshape(-1, 4)
    unsaid = np.zeros(len(boxes), np.int32)
    return Faces(boxes, np.asarray(unsaid if ignored is None else ignored, bool).reshape(-1),
                 np.asarray(unsaid if level is None else level, np.int32).reshape(-1))


class Writer:
    """A context in which rows are added; the file appears under its name when the block succeeds.

    source: where the pictures are from. licence: what may be done with them, and with weights that
    are trained on them. OutputError where the place cannot be written.
    """

    def __init__(self, path, source, licence):
        self._whole = files.whole(path)
        self._path, self._said = path, {"source": source, "licence": licence}
        self._rows, self._written, self._faces = [], 0, 0

    def __enter__(self):
        self._file = h5py.File(self._whole.__enter__(), "w")
        self._file.attrs.update(format=FORMAT, version=VERSION, **self._said)
        self._file.create_dataset("image", (0,), h5py.vlen_dtype(np.uint8), maxshape=(None,))
        return self

    def __exit__(self, kind, error, trace):
        try:
            if kind is None:
                self._flush()
            self._file.close()
        except OSError as why:
            kind, error, trace = type(why), why, why.__traceback__
        return self._whole.__exit__(kind, error, trace)

    def __len__(self):
        return self._written + len(self._rows)

    def add(self, image, faces=None, **labels):
        """One picture: the bytes of its file, labels by the names of FIELDS.

        faces: `all_faces` of it, for detection, also where there is none in a picture that was
        looked through. ValueError for a name or shape that is none of the format's.
        """
        for name, value in labels.items():
            if name not in FIELDS or np.shape(value) != FIELDS[name][0]:
                raise ValueError("%s of shape %s" % (name, np.shape(value)))
        self._rows.append((np.frombuffer(image, np.uint8), faces, labels))
        if len(self._rows) == ROWS:
            self._flush()

    def _flush(self):
        rows, first, self._rows = self._rows, self._written, []
        self._written += len(rows)
        for name in self._file:
            if name not in FACES:
                self._file[name].resize(self._written, 0)
        for i, (image, faces, _) in enumerate(rows, first):
            self._file["image"][i] = image
            if faces is not None:
                self._add_faces(i, faces)
        for name in sorted({name for row in rows for name in row[2]}):
            tail, kind, unknown = FIELDS[name]
            values = [row[2].get(name, np.full(tail, unknown)) for row in rows]
            self._dataset(name, tail, kind, unknown)[first:] = np.array(values, kind)

    def _dataset(self, name, tail, kind, unknown):
        if name not in self._file:
            self._file.create_dataset(name, (self._written,) + tail, kind, fillvalue=unknown,
                                      maxshape=(None,) + tail)
        return self._file[name]

    def _add_faces(self, picture, faces):
        columns = {"faces": faces.boxes, "face_ignored": faces.ignored, "face_level": faces.level,
                   "face_picture": np.full(len(faces.boxes), picture, np.int32)}
        first, self._faces = self._faces, self._faces + len(faces.boxes)
        for name, (tail, kind) in FACES.items():
            if name not in self._file:
                self._file.create_dataset(name, (0,) + tail, kind, maxshape=(None,) + tail)
            self._file[name].resize(self._faces, 0)
            self._file[name][first:] = columns[name]


class Reader:
    """The rows of a file; labels are read whole when first asked for, pictures one by one.

    May be handed to a process that is forked. InputMissing where there is no file, DataError (one
    line) where it is none of the format, or a label cannot be right.
    """

    def __init__(self, path):
        self.path = path
        if not os.path.isfile(path):
            raise InputMissing(path, "no such file", "make one: " + DOCUMENT)
        self._open, self._process, self._labels, self._places = None, None, {}, None
        self._check(self._file)
        self.source, self.licence = (_text(self._file.attrs.get(name, ""))
                                     for name in ("source", "licence"))
        self.names = sorted(self._file)

    @property
    def _file(self):
        """The open file: of this process, for HDF5 is not to be shared with a forked one."""
        if self._process != os.getpid():
            try:
                self._open, self._process = h5py.File(self.path, "r"), os.getpid()
            except OSError as why:
                raise self._bad("no HDF5 file (%s)" % _line(why)) from why
        return self._open

    def __len__(self):
        return len(self._file["image"])

    def __contains__(self, name):
        return name in self.names

    def __getitem__(self, name):
        """The array of a dataset other than `image`, checked; nothing known where it has none."""
        if name not in self._labels:
            self._labels[name] = self._label(name)
        return self._labels[name]

    def _label(self, name):
        if name not in self.names:
            if name in FACES:
                count = len(self["faces"]) if name not in NEEDED else 0
                return np.zeros((count,) + FACES[name][0], FACES[name][1])
            tail, kind, unknown = FIELDS[name]
            return np.full((len(self),) + tail, unknown, kind)
        try:
            values = self._file[name][()].astype({**FIELDS, **FACES}[name][1])
        except OSError as why:
            raise self._bad("%s cannot be read (%s)" % (name, _line(why))) from why
        wrong = WRONG[name](values, len(self)) if name in WRONG else np.zeros(0, bool)
        if wrong.any():
            raise self._bad("%s of row %d is %s: not possible" % (
                name, wrong.argmax(), np.round(values[wrong.argmax()], 3).tolist()))
        return values

    def known(self, name):
        """(N,) bool: of which rows the label is there, every number of it."""
        values = self[name]
        if values.dtype.kind != "f":
            return values >= 0
        return np.isfinite(values.reshape(len(values), -1)).all(1)

    def faces(self, i):
        """Faces of picture i."""
        if self._places is None:
            self._places = np.argsort(self["face_picture"], kind="stable")
        numbers = self["face_picture"]
        here = self._places[slice(*np.searchsorted(numbers, (i, i + 1), sorter=self._places))]
        return Faces(*(self[name][here] for name in ("faces", "face_ignored", "face_level")))

    def luma(self, i):
        """(H, W) uint8 of picture i."""
        return self._decoded(i, cv2.IMREAD_GRAYSCALE)

    def bgr(self, i):
        """(H, W, 3) uint8 of picture i, as OpenCV draws on it."""
        return self._decoded(i, cv2.IMREAD_COLOR)

    def encoded(self, i):
        """The bytes of the file of picture i."""
        try:
            return np.asarray(self._file["image"][i], np.uint8).tobytes()
        except OSError as why:
            raise self._bad("picture %d cannot be read (%s)" % (i, _line(why))) from why

    def _decoded(self, i, way):
        content = np.frombuffer(self.encoded(i), np.uint8)
        picture = cv2.imdecode(content, way | _PLAIN) if len(content) else None
        if picture is None:
            raise self._bad("picture %d is no JPEG nor PNG" % i)
        return picture

    def _check(self, file):
        kind, version = _text(file.attrs.get("format", "")), file.attrs.get("version", 0)
        if kind != FORMAT:
            raise self._bad("its attribute format is %r, not %r" % (kind, FORMAT))
        if version != VERSION:
            raise self._bad("version %s, and this reads %d" % (version, VERSION))
        for name in ["image"] + sorted(file):
            self._check_dataset(file, name)
        have = [name for name in FACES if name in file]
        if have and (not set(NEEDED) <= set(have) or len({len(file[name]) for name in have}) != 1):
            raise self._bad("%s belong together, one row a face" % ", ".join(FACES))

    def _check_dataset(self, file, name):
        known = dict(FIELDS, **FACES)
        if name not in file:
            raise self._bad("no dataset %s" % name)
        if name == "image":
            if h5py.check_vlen_dtype(file[name].dtype) != np.uint8 or file[name].ndim != 1:
                raise self._bad("image is not one variable-length row of uint8 a picture")
            return
        if name not in known:
            near = nearest(name, known)
            raise self._bad("no dataset is called %s%s" % (name, " (%s?)" % near if near else ""))
        tail, kind, rows = known[name][0], known[name][1], len(file["image"])
        have = getattr(file[name], "shape", None)
        if have is None or have[1:] != tail or (name in FIELDS and have[0] != rows):
            raise self._bad("%s has the shape %s, not %s" % (
                name, have, (rows if name in FIELDS else "faces",) + tail))
        if not np.can_cast(file[name].dtype, kind, "same_kind"):
            raise self._bad("%s holds %s, not %s" % (name, file[name].dtype, np.dtype(kind)))

    def _bad(self, why):
        return DataError(self.path, why, DOCUMENT)


def _line(error):
    return (str(error).splitlines() or [type(error).__name__])[0]


def _text(value):
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _no_box(boxes, _):
    return (boxes[:, 2] < boxes[:, 0]) | (boxes[:, 3] < boxes[:, 1])


def _no_rotation(matrices, _):
    known = np.isfinite(matrices).all((1, 2))
    m = np.where(known[:, None, None], matrices, np.eye(3))
    off = np.abs(np.einsum("nji,njk->nik", m, m) - np.eye(3)).max((1, 2))
    return (off > 0.01) | (np.linalg.det(m) < 0)


# {name: which of the values, given how many pictures there are, cannot be}
WRONG = {
    "box": _no_box, "faces": _no_box, "rotation": _no_rotation,
    "face_level": lambda levels, _: (levels < 0) | (levels > 3),
    "face_picture": lambda numbers, pictures: (numbers < 0) | (numbers >= pictures),
    "gaze": lambda angles, _: (np.abs(angles) > 180).any(1),
    "head": lambda circles, _: circles[:, 2] <= 0,
    "blendshapes": lambda shapes, _: (shapes < -0.01).any(1) | (shapes > 1.01).any(1),
    "weight": lambda weights, _: ~(weights >= 0),
}
