"""Photographs in, faces with what MediaPipe says of them out: a file each, so that what was seen is never seen again.

    PYTHON -m engines.training.sources.teacher faces [LANDMARKER] < JOBS    a line: ["PICTURE", "FILE.npz" to write]
    PYTHON -m engines.training.sources.teacher empty < JOBS                 a line: ["PICTURE", ""]

PYTHON has mediapipe, which wants another numpy than training does; so this module needs nothing else but OpenCV.
LANDMARKER: the file face_landmarker.task. Without it the points are those of Face Mesh, and no expression is told.
It answers each line with one: how many faces, or "error" and why.
"""
import json
import os
import sys

import cv2
import numpy as np

from engines.training.sources import crops
from engines.training.sources.correspondence import partners

LOOK = 512              # pixels of what is looked at; the nets take 192 or 256 of them
LEAST, MOST = 40, 4     # pixels of a face worth a crop; faces of a photograph
# Mirrored or not, turned by degrees, larger by, moved by shares of the side: six looks at each face.
VIEWS = ((False, 0, 1.0, 0, 0), (True, 0, 1.0, 0, 0), (False, 12, 1.1, 0.03, -0.02), (False, -9, 0.92, -0.02, 0.03),
         (True, 8, 1.12, -0.03, 0.02), (True, -12, 0.95, 0.02, -0.03))
INSIDE = 0.9            # of a face's points that its photograph shows
AGREEING = 3            # looks that must agree
FOUND, EMPTY = 0.5, 0.3     # scores: a face worth a look; anything that might be one


class MediaPipe:
    """The networks of MediaPipe, loaded."""

    def __init__(self, landmarker=None):
        import mediapipe as library
        from mediapipe.tasks.python import BaseOptions, vision
        solutions = library.solutions
        self._image = library.Image
        self._srgb = library.ImageFormat.SRGB
        self.detectors = [solutions.face_detection.FaceDetection(EMPTY, model_selection=k) for k in (0, 1)]
        self.mesh = solutions.face_mesh.FaceMesh(static_image_mode=True, refine_landmarks=True, max_num_faces=1,
                                                 min_detection_confidence=0.3)
        self.landmarker = landmarker and vision.FaceLandmarker.create_from_options(vision.FaceLandmarkerOptions(
            base_options=BaseOptions(model_asset_path=landmarker), output_face_blendshapes=True, num_faces=1,
            min_face_detection_confidence=0.3))
        self.names = []

    def boxes(self, picture, least):
        """[(x, y) centre, width] of faces in an R, G, B picture, the surest first; none twice."""
        found = []
        for detector in self.detectors:
            for one in detector.process(picture).detections or ():
                box = one.location_data.relative_bounding_box
                size = picture.shape[1::-1]
                at = np.array([(box.xmin + box.width / 2) * size[0], (box.ymin + box.height / 2) * size[1]])
                found.append((one.score[0], at, max(box.width * size[0], box.height * size[1])))
        kept = []
        for score, at, width in sorted(found, key=lambda row: -row[0]):
            if score >= least and all(np.linalg.norm(at - other) > 0.5 * max(width, wide) for other, wide in kept):
                kept.append((at, width))
        return kept

    def meshed(self, view):
        """(478, 3) of Face Mesh in the view's pixels, or None."""
        found = self.mesh.process(view).multi_face_landmarks
        return _points(found[0].landmark, len(view)) if found else None

    def landmarks(self, view):
        """((478, 3), (52,) scores) of the landmarker, or of Face Mesh without scores; None."""
        if not self.landmarker:
            points = self.meshed(view)
            return None if points is None else (points, np.full(52, np.nan))
        answer = self.landmarker.detect(self._image(image_format=self._srgb, data=np.ascontiguousarray(view)))
        if not answer.face_landmarks:
            return None
        self.names = [one.category_name for one in answer.face_blendshapes[0]]
        return _points(answer.face_landmarks[0], len(view)), np.array([one.score for one in answer.face_blendshapes[0]])


def _points(found, size):
    return np.array([(p.x, p.y, p.z) for p in found]) * size


class Teacher:
    """What is known of each face of a photograph."""

    def __init__(self, landmarker=None):
        self.nets, self.flip = MediaPipe(landmarker), partners()

    def __call__(self, picture):
        """[{crop, valid, size, mp, spread, views, fm, blend, blend_std, names}] of a B, G, R picture, largest first."""
        rgb = np.ascontiguousarray(picture[..., ::-1])
        faces = [self.face(rgb, at, width) for at, width in self._boxes(rgb)[:MOST]]
        return sorted((face for face in faces if face), key=lambda face: -face["size"])

    def _boxes(self, rgb):
        edge = max(rgb.shape[:2]) // 4      # a face that fills its picture is found when there is something around it
        wide = cv2.copyMakeBorder(rgb, edge, edge, edge, edge, cv2.BORDER_REPLICATE)
        boxes = [(at - edge, width) for at, width in self.nets.boxes(wide, FOUND) if width >= LEAST]
        return sorted(boxes, key=lambda box: -box[1])

    def face(self, rgb, at, width):
        """What six looks at one face agree on, or None."""
        square = crops.Square(at, 2.2 * width)
        first = self.nets.meshed(square.view(rgb, LOOK))
        if first is None:
            return None
        first = square.back(first, LOOK)
        square = crops.around(first)
        if np.linalg.norm(square.centre - at) > 0.6 * width or crops.SHARE * square.side < LEAST:
            return None     # somebody else
        looks = [look for look in (self._look(rgb, square, view) for view in VIEWS) if look]
        if len(looks) < AGREEING:
            return None
        middle = np.median([points for points, _ in looks], axis=0)
        if ((middle[:, :2] >= 0) & (middle[:, :2] <= rgb.shape[1::-1])).all(1).mean() < INSIDE:
            return None     # cut by the border
        square = crops.around(middle)
        points = np.array([square.there(points) for points, _ in looks])
        kept = agreeing(points)
        if kept.sum() < AGREEING:
            return None
        blend = np.array([scores for _, scores in looks])[kept]
        mean = points[kept].mean(0)
        return dict(crop=square.view(rgb, crops.SIDE), valid=square.real(rgb), size=crops.SHARE * square.side,
                    mp=mean.astype(np.float32), views=int(kept.sum()), fm=self._second(rgb, square),
                    spread=np.sqrt(((points[kept, :, :2] - mean[:, :2]) ** 2).sum(2).mean(0)).astype(np.float32),
                    blend=blend.mean(0).astype(np.float32), blend_std=blend.std(0).astype(np.float32),
                    names=np.array(self.nets.names, "U32"))

    def _look(self, rgb, square, view):
        """((478, 3) in the photograph's pixels, (52,) scores with sides as they are) of one look, or None."""
        mirror, roll, larger, x, y = view
        turned = crops.Square(square.centre + np.array([x, y]) * square.side, larger * square.side, roll, mirror)
        found = self.nets.landmarks(turned.view(rgb, LOOK))
        if found is None:
            return None
        points, scores = turned.back(found[0], LOOK), found[1]
        return (points[self.flip], scores[sides(self.nets.names)]) if mirror else (points, scores)

    def _second(self, rgb, square):
        """(478, 2) of Face Mesh, plain and mirrored averaged, in the crop's pixels; NaN where it finds nothing."""
        found = []
        for mirror in (False, True):
            one = crops.Square(square.centre, square.side, 0.0, mirror)
            points = self.nets.meshed(one.view(rgb, LOOK))
            if points is not None:
                points = square.there(one.back(points, LOOK))[:, :2]
                found.append(points[self.flip] if mirror else points)
        return np.mean(found, axis=0).astype(np.float32) if found else np.full((478, 2), np.nan, np.float32)


def agreeing(points):
    """(V,) bool: which of V looks (V, 478, 3) lie no further from the middle one than others do."""
    away = np.linalg.norm(points[..., :2] - np.median(points[..., :2], axis=0), axis=2).mean(1)
    return away <= max(2.0, 3 * np.median(away))


def sides(names):
    """(52,) places of each score's counterpart on the other side."""
    other = [name.replace("Left", "*").replace("Right", "Left").replace("*", "Right") for name in names]
    return [names.index(name) for name in other] if names else slice(None)


def write(path, faces):
    """The faces of a photograph as one file, whole or not there; one without faces is kept too."""
    arrays = {"count": len(faces)}
    for k, face in enumerate(faces):
        good, jpeg = cv2.imencode(".jpg", np.ascontiguousarray(face["crop"][..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, 88])
        arrays.update({"%d_%s" % (k, name): value for name, value in dict(face, crop=jpeg.ravel()).items()})
    partial = path[:-len(".npz")] + ".part.npz"
    np.savez(partial, **arrays)
    os.replace(partial, path)


def main(words):
    """Answer a line for each line of standard input, until it ends."""
    cv2.setNumThreads(1)
    if words[0] == "faces":
        teacher = Teacher(words[1] if len(words) > 1 else None)
    else:
        nets = MediaPipe()
    print("ready", flush=True)
    for line in sys.stdin:
        path, target = json.loads(line)
        picture = cv2.imread(path, cv2.IMREAD_COLOR)
        if picture is None:
            print("error cannot be read as a picture", flush=True)
        elif words[0] == "faces":
            faces = teacher(picture)
            write(target, faces)
            print(len(faces), flush=True)
        else:
            print(len(nets.boxes(np.ascontiguousarray(picture[..., ::-1]), EMPTY)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
