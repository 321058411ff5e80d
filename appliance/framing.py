"""A picture and the faces in it come in, words for whoever sets the camera up go out.

Left and right are the person's own, as in a mirror: "face at the left edge" is helped by moving to
the right.
"""
import numpy as np

FAR, NEAR = 70.0, 0.75      # pixels of the face's size; share of the picture's smaller side
EDGE = 0.04                 # share of the picture between face and border
# Luma that the brightest twentieth stays under, or half goes over: of the face, or of the picture
# where nobody is there. A mean would call dark skin dark light.
DARK, BRIGHT = 70.0, 225.0
EASE = 0.15                 # a word that stands goes only when its limit is left by that much
NOBODY = "nobody there"
STEP = 8                    # of pixels whose luma counts, along each side


class Framing:
    """Call with a luma picture (H, W) and its faces; gives the words, "" when all is well. Limits
    that were crossed a moment ago are eased, so that no word flickers."""

    def __init__(self):
        self._words = ()

    def __call__(self, luma, faces):
        there = bool(faces) and faces[0].state == "tracked"
        found = self._of_face(luma, faces[0]) if there else [NOBODY]
        part = _inside(luma, faces[0].box) if there else luma
        self._words = tuple(found + self._light(part))
        return ", ".join(self._words)

    def _of_face(self, luma, face):
        height, width = luma.shape
        x0, y0, x1, y1 = face.box.tolist()
        size = np.sqrt(max(0.0, (x1 - x0) * (y1 - y0)))
        edges = (("right", x0 / width), ("left", 1 - x1 / width), ("top", y0 / height),
                 ("bottom", 1 - y1 / height))
        words = [word for word, over in (
            ("too far", FAR * self._eased("too far") - size),
            ("too near", size * self._eased("too near") - NEAR * min(width, height))) if over > 0]
        if "too near" in words:         # then it touches every edge
            return words
        names = [("face at the %s edge" % name, room) for name, room in edges]
        return words + [word for word, room in names if room < EDGE * self._eased(word)]

    def _light(self, luma):
        some = luma[::STEP, ::STEP]
        if not some.size:
            return []
        half, most = np.percentile(some, (50, 95))
        words = (("too dark", most < DARK * self._eased("too dark")),
                 ("too bright", half * self._eased("too bright") > BRIGHT))
        return [word for word, so in words if so]

    def _eased(self, word):
        return 1 + EASE if word in self._words else 1.0


def _inside(luma, box):
    """The part of a picture within a box."""
    x0, y0, x1, y1 = [int(max(0, v)) for v in box]
    return luma[y0:y1 + 1, x0:x1 + 1]
