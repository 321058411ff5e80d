"""Squares of a photograph in, pictures of one size out, and points back: what the teachers look at.

Points are in pixel edges (the first pixel reaches from 0 to 1) until they are written down. numpy and OpenCV alone: this is
imported by MediaPipe's own Python too.
"""
import cv2
import numpy as np

SIDE = 256              # pixels of a crop
SHARE = 0.55            # of the crop's side that the face takes, forehead to chin or ear to ear


class Square:
    """A square of a picture: centre (x, y) and side in its pixels, turned by `roll` degrees, or mirrored."""

    def __init__(self, centre, side, roll=0.0, mirror=False):
        self.centre, self.side, self.roll, self.mirror = np.asarray(centre, float), float(side), roll, mirror

    def matrix(self, size):
        """(2, 3) from the picture's pixel edges to those of a view of `size` pixels."""
        scale, angle = size / self.side, np.radians(self.roll)
        turn = scale * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        if self.mirror:
            turn[0] *= -1
        return np.c_[turn, size / 2.0 - turn.dot(self.centre)]

    def view(self, picture, size):
        """The square as a picture of `size` pixels; outside, the border is repeated."""
        matrix, shrunk = self.matrix(size), 1.5 * size / self.side
        if shrunk < 0.75:       # what is made much smaller is averaged first
            small = cv2.resize(picture, None, fx=shrunk, fy=shrunk, interpolation=cv2.INTER_AREA)
            matrix[:, :2] *= np.array(picture.shape[1::-1]) / small.shape[1::-1]
            picture = small
        matrix[:, 2] += matrix[:, :2].dot([0.5, 0.5]) - 0.5        # pixel centres, as OpenCV counts
        return cv2.warpAffine(picture, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)

    def back(self, points, size):
        """Points (N, 3) of a view in the picture's pixels; depths in its unit too."""
        inverse = cv2.invertAffineTransform(self.matrix(size))
        xy = points[:, :2].dot(inverse[:, :2].T) + inverse[:, 2]
        return np.c_[xy, points[:, 2] * self.side / size]

    def there(self, points, size=SIDE):
        """Points (N, 3) of the picture in the view's pixels."""
        matrix = self.matrix(size)
        return np.c_[points[:, :2].dot(matrix[:, :2].T) + matrix[:, 2], points[:, 2] * size / self.side]

    def real(self, picture, size=SIDE):
        """(4,) x0, y0, x1, y1 of the view that the picture itself covers; of an upright square."""
        corners = np.array([[0, 0, 0], [picture.shape[1], picture.shape[0], 0]], float)
        return np.clip(self.there(corners, size)[:, :2], 0, size).ravel().astype(np.float32)


def around(points):
    """The Square in which a face with these points takes SHARE."""
    low, high = points[:, :2].min(0), points[:, :2].max(0)
    return Square((low + high) / 2, (high - low).max() / SHARE)


def fingerprint(grey):
    """(32,) uint8: 256 bits that stay alike when a picture is resized or lit otherwise (whether each of 16x16 places is
    brighter than its right neighbour)."""
    small = cv2.resize(grey, (17, 16), interpolation=cv2.INTER_AREA).astype(int)
    return np.packbits(small[:, 1:] > small[:, :-1])
