"""Crops of faces in, OpenSeeFace's 66 points out: the second opinion on jaw, brows and nose (its landmark model 0, BSD-2)."""
import cv2
import numpy as np

from appliance.errors import DataError, InputMissing

POINTS, GRID, SIDE = 66, 28, 224
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
STEEP = 16.0            # of the curve that offsets are squashed by
WIDER = (0.1, 0.125)    # of the face's box on each side that the network wants to see besides
# Points that both teachers mean: corners of the eyes and of the mouth, tip of the nose; theirs, MediaPipe's.
SHARED = ((36, 33), (39, 133), (42, 362), (45, 263), (58, 61), (62, 291), (30, 4))


class OpenSeeFace:
    """path: lm_model0_opt.onnx of its repository."""

    def __init__(self, path):
        import onnxruntime
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        try:
            self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        except onnxruntime.capi.onnxruntime_pybind11_state.NoSuchFile as why:
            raise InputMissing(path, "no such file", "give models/lm_model0_opt.onnx of OpenSeeFace") from why
        except Exception as why:        # the library has a class of its own for each kind of broken file
            raise DataError(path, str(why).splitlines()[0][:120], "give models/lm_model0_opt.onnx of OpenSeeFace") from why
        self.name = self.session.get_inputs()[0].name
        if tuple(self.session.get_outputs()[0].shape[1:]) != (3 * POINTS, GRID, GRID):
            raise DataError(path, "it does not answer 66 points", "give models/lm_model0_opt.onnx of OpenSeeFace")

    def __call__(self, crop, points):
        """(66, 3) float32 x, y (pixel centres at integers), confidence of a face with these points (N, 2), pixel edges, in a
        B, G, R crop."""
        low, high = points.min(0), points.max(0)
        wider = (high - low) * WIDER
        corner, size = low - wider, high - low + 2 * wider
        scale = SIDE / size
        matrix = np.array([[scale[0], 0, -scale[0] * corner[0]], [0, scale[1], -scale[1] * corner[1]]])
        matrix[:, 2] += 0.5 * scale - 0.5
        view = cv2.warpAffine(crop, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        image = ((view[..., ::-1] / 255.0 - MEAN) / DEVIATION).transpose(2, 0, 1)[None].astype(np.float32)
        found = decoded(self.session.run(None, {self.name: image})[0][0])
        return np.c_[corner + found[:, :2] * size - 0.5, found[:, 2]].astype(np.float32)


def decoded(maps):
    """(66, 3) x, y as shares of the view, confidence, of maps (198, 28, 28): where each point's cell is surest, and how far
    it lies from there."""
    sure, down, across = maps.reshape(3, POINTS, GRID * GRID)
    best, every = sure.argmax(1), np.arange(POINTS)
    def moved(squashed):
        p = np.clip(squashed[every, best], 1e-7, 1 - 1e-7)
        return SIDE * np.log(p / (1 - p)) / STEEP
    step = (SIDE - 1) / (GRID - 1.0)
    return np.c_[(best % GRID * step + moved(across)) / (SIDE - 1), (best // GRID * step + moved(down)) / (SIDE - 1),
                 sure[every, best]]


def apart(osf, mesh):
    """How far (N, 66, 3) and MediaPipe's (N, 478, 2) lie apart over seven shared points, % of the outer distance of the
    eyes."""
    ours, theirs = (np.array(column) for column in zip(*SHARED))
    away = np.linalg.norm(osf[:, ours, :2] + 0.5 - mesh[:, theirs, :2], axis=2).mean(1)
    return 100 * away / np.linalg.norm(mesh[:, 33, :2] - mesh[:, 263, :2], axis=1)
