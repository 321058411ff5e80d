"""The portraits with their teachers' labels: zip files and portraits.npz in, luma pictures and 68 points out."""
import io
import os
import zipfile

import cv2
import numpy as np

# iBUG point -> vertices of the 478-point mesh whose mean stands for it (the correspondence in use since
# Mediapipe_2_Dlib_Landmarks, MIT, its one jaw point without a mirrored partner put right; brackets are means of two).
MESH_TO_68 = (
    127, 234, 93, (132, 58), (58, 172), 136, 150, 176, 152, 400, 379, 365, (397, 288), (361, 288), 323, 454, 356,
    70, 63, 105, 66, 107, 336, 296, 334, 293, 300,
    (168, 6), (197, 195), 5, 4, 75, 97, 2, 326, 305,
    33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380,
    61, 39, 37, 0, 267, 269, 291, 321, 314, 17, 84, 91, 78, 82, 13, 312, 308, 317, 14, 87)
# OpenSeeFace's 66 points in iBUG numbers: 60 and 64 are its 58 and 62, it leaves out 48 and 54.
OSF_TO_IBUG = list(range(48)) + list(range(49, 54)) + list(range(55, 60)) + [60, 61, 62, 63, 64, 65, 66, 67]


class Portraits:
    """luma (N, 256, 256) uint8 and the teachers' labels, pixel centres at integers."""

    def __init__(self, folder):
        d = np.load(os.path.join(folder, "portraits.npz"), allow_pickle=True)
        self.mesh = d["mp"].astype(np.float32) * d["mp_scale"] - np.array([0.5, 0.5, 0], np.float32)
        self.points = np.stack([self.mesh[:, np.atleast_1d(i), :2].mean(1) for i in MESH_TO_68], 1)
        self.iris = self.mesh[:, 468:478, :2]
        self.rotation = d["R"]
        self.osf = d["osf"].astype(np.float32)
        self.blend = d["blend"].astype(np.float32)
        self.blend_names = [str(n) for n in d["blend_names"]]
        self.quality, self.validation, self.valid = d["quality"], d["val"], d["valid"]
        self.sets = d["set_names"][d["set"]]
        self.luma = self._pictures(folder, d["name"], d["zip"])

    def _pictures(self, folder, names, zips):
        archives = {z: zipfile.ZipFile(os.path.join(folder, "portraits", "portraits_%02d.zip" % z)) for z in set(zips)}
        inside = {z: {os.path.basename(n): n for n in a.namelist()} for z, a in archives.items()}
        out = np.empty((len(names), 256, 256), np.uint8)
        for i, (name, z) in enumerate(zip(names, zips)):
            data = archives[z].read(inside[z][os.path.basename(str(name))])
            out[i] = cv2.imdecode(np.frombuffer(io.BytesIO(data).getvalue(), np.uint8), cv2.IMREAD_GRAYSCALE)
        return out
