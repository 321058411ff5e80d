"""The face model's arrays in, a folder of OBJ files as ICT-FaceKit's out: few shapes written, the
others links to the neutral face."""
import json
import os

import numpy as np

from engines.training.sources import face_kit

WRITTEN = ("identity000", "identity042", "jawOpen", "mouthPucker", "PupilDilate_L",
           "PupilDilate_R")


def polygons(ict):
    """[(corners, material)]: fans of triangles put together again, as many in each part as the
    model has."""
    firsts = [first for _, first in face_kit.PARTS] + [face_kit.POLYGONS]
    left = np.bincount(ict["tri_part"]) - np.diff(firsts)      # triangles more than polygons
    out, materials, before = [], [str(name) for name in ict["mat_names"]], None
    rows = zip(ict["tris"].tolist(), ict["tris_uv"].tolist(), ict["tri_mat"], ict["tri_part"])
    for t, uv, kind, part in rows:
        corners, last = list(zip(t, uv)), out[-1][0] if out else ()
        if left[part] and part == before and len(last) == 3 and corners[:2] == [last[0], last[2]]:
            last.append(corners[2])
            left[part] -= 1
        else:
            out.append((corners, materials[kind]))
        before = part
    return out


def write_folder(folder, ict):
    """The whole of FaceXModel."""
    names = [str(name) for name in ict["ex_names"]]
    neutral = os.path.join(folder, face_kit.NEUTRAL)
    with open(neutral, "w") as f:
        f.write("# a model\n%s%s" % (_rows("v", ict["verts"]), _rows("vt", ict["uv"])))
        material = None
        for corners, kind in polygons(ict):
            if kind != material:
                f.write("usemtl %s\n" % kind)
                material = kind
            f.write("f %s\n" % " ".join("%d/%d" % (v + 1, t + 1) for v, t in corners))
    for name in ["identity%03d" % k for k in range(100)] + names:
        path = os.path.join(folder, name + ".obj")
        if name not in WRITTEN:
            os.symlink(neutral, path)
            continue
        q, step = ((ict["ex_q"][names.index(name)], ict["ex_step"]) if name in names
                   else (ict["id_q"][int(name[-3:])], ict["id_step"]))
        with open(path, "w") as f:
            f.write(_rows("v", ict["verts"] + q * np.float32(step)))
    with open(os.path.join(folder, face_kit.INDICES), "w") as f:
        json.dump({"expressions": names[:-4], "idx_to_landmark_verts": ict["lm68"].tolist(),
                   "idx_to_rigid_verts": ict["rigid_verts"].tolist(),
                   "idx_to_fitting_verts": ict["fitting_verts"].tolist()}, f)


def _rows(kind, values):
    return "".join("%s %s\n" % (kind, " ".join("%.9g" % x for x in row))
                   for row in values.tolist())
