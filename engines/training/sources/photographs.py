"""A folder of photographs in, portraits.npz and zip files of crops with their labels out, as `portraits` reads them.

A folder in the folder is a set (one licence, first line of its LICENCE.txt); a folder in that is one person, or pictures
that belong together: they are never split between training and measuring. What MediaPipe said of each photograph is kept
in faces/, so that a run that was stopped, or a folder that grew, only looks at what is new.
"""
import hashlib
import os
import zipfile
import zlib
from typing import NamedTuple

import cv2
import numpy as np

from appliance import files
from appliance.errors import DataError, InputMissing, UsageError
from engines.training import shards
from engines.training.sources import crops, teacher
from engines.training.sources.looking import Looking, Progress
from engines.training.sources.second import OpenSeeFace, POINTS, apart

PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")
MP_SCALE, FM_SCALE = 1 / 64, 1 / 8
ZIPPED = 2000           # crops a zip file
ALIKE, ALIKE_KIN = 22, 8        # bits of 256 that pictures differ by which are one; of one person, whose pictures are alike
HELD_OUT = 74           # of a thousand groups, the share that only measures
# Quality 2 and 1: jitter of the looks (px), distance to the second mesh (% of the face), to OpenSeeFace (% of the eyes)
GOOD, FAIR = (1.2, 2.5, 6.0), (2.5, 5.0, 12.0)


class Photograph(NamedTuple):
    """path: where it lies. name: from the folder, with slashes. set, group: what it belongs to."""

    path: str
    name: str
    set: str
    group: str


def gather(folder, data, python, landmarker=None, openseeface=None):
    """Fill data/portraits.npz and data/portraits/ (ict_face.npz is there already); whether anything of it changed."""
    path, stamp = os.path.join(data, "portraits.npz"), os.path.join(data, "faces", "made")
    if os.path.exists(path) and not os.path.isdir(os.path.dirname(stamp)):
        raise UsageError(path, "it was not made from a folder of photographs", "leave out --portraits, or name another --data")
    second = OpenSeeFace(openseeface) if openseeface else None
    if landmarker and not os.path.isfile(landmarker):
        raise InputMissing(landmarker, "no such file", "give MediaPipe's face_landmarker.task, or leave it out")
    photographs = find(folder)
    kept = os.path.join(data, "faces", "landmarker" if landmarker else "mesh")
    os.makedirs(kept, exist_ok=True)
    places = {photograph: os.path.join(kept, _key(photograph) + ".npz") for photograph in photographs}
    look(places, python, landmarker)
    faces = unlike([face for photograph in photographs for face in read(photograph, places[photograph])])
    if not faces:
        raise DataError(folder, "no face of %d pixels and more in %d photographs" % (teacher.LEAST, len(photographs)),
                        "give photographs of people")
    made = hashlib.sha256(repr([(face["photograph"].name, _key(face["photograph"])) for face in faces]
                               + [bool(landmarker), bool(openseeface)]).encode()).hexdigest()
    if os.path.exists(path) and os.path.exists(stamp) and open(stamp).read() == made:
        return False
    names, zips = _zip(faces, os.path.join(data, "portraits"))
    opinions = _opinions(faces, second)
    ict = np.load(os.path.join(data, "ict_face.npz"))
    shards.save(path, dict(labels(faces, opinions, ict), name=names, zip=zips, **_provenance(faces, folder)))
    files.write(stamp, made)
    return True


def find(folder):
    """[Photograph] in order of their names; InputMissing where there is none."""
    found = []
    for place, _, names in os.walk(folder):
        for name in names:
            if name.lower().endswith(PICTURES) and not name.startswith("."):
                path = os.path.join(place, name)
                relative = os.path.relpath(path, folder).replace(os.sep, "/")
                parts = relative.split("/")
                group = "/".join(parts[:2]) if len(parts) > 2 else relative
                found.append(Photograph(path, relative, parts[0] if len(parts) > 1 else "portraits", group))
    if not found:
        raise InputMissing(folder, "no photograph in it", "give a folder of %s files" % ", ".join(PICTURES))
    return sorted(found, key=lambda photograph: photograph.name)


def _key(photograph):
    size = os.path.getsize(photograph.path)
    return hashlib.sha1(("%s\n%d" % (photograph.name, size)).encode("utf-8", "surrogateescape")).hexdigest()


def look(places, python, landmarker=None):
    """Have MediaPipe look at each photograph of {Photograph: file} whose file is not there yet."""
    missing = [photograph for photograph in places if not os.path.exists(places[photograph])]
    if not missing:
        return
    progress, faces = Progress("photographs looked at", len(missing)), 0
    with Looking(python, "faces", *[landmarker] if landmarker else []) as looking:
        for photograph in missing:
            count = looking(photograph.path, places[photograph])
            if count is None:
                print("passed over: %s cannot be read as a picture" % photograph.path, flush=True)
            faces += count or 0
            progress(", %d faces" % faces)


def read(photograph, path):
    """[{photograph, jpeg, and what `teacher` wrote}] of one file."""
    if not os.path.exists(path):
        return []
    with np.load(path) as kept:
        found = []
        for k in range(int(kept["count"])):
            head = "%d_" % k
            face = {name[len(head):]: kept[name] for name in kept.files if name.startswith(head)}
            found.append(dict(face, photograph=photograph, jpeg=face["crop"]))
    return found


def picture(face, how=cv2.IMREAD_COLOR):
    """The crop of a face, (256, 256, 3) B, G, R or (256, 256)."""
    return cv2.imdecode(face["jpeg"], how)


def unlike(faces):
    """Those of the faces that are no second copy of another: of two alike the larger stays. In the order given."""
    order = sorted(range(len(faces)), key=lambda k: (-float(faces[k]["size"]), k))
    bits, groups, kept = np.zeros((len(faces), 256), np.int8), np.zeros(len(faces), np.int64), []
    for k in order:
        face = np.unpackbits(crops.fingerprint(picture(faces[k], cv2.IMREAD_GRAYSCALE)))
        group, count = zlib.crc32(faces[k]["photograph"].group.encode("utf-8", "surrogateescape")), len(kept)
        apart_by = (bits[:count] != face).sum(1)
        if (apart_by > np.where(groups[:count] == group, ALIKE_KIN, ALIKE)).all():
            bits[count], groups[count] = face, group
            kept.append(k)
    return [faces[k] for k in sorted(kept)]


def _opinions(faces, second):
    """(N, 66, 3) of OpenSeeFace, NaN where nobody asked it."""
    out = np.full((len(faces), POINTS, 3), np.nan, np.float32)
    if second:
        progress = Progress("second opinions", len(faces))
        for k, face in enumerate(faces):
            out[k] = second(picture(face), face["mp"][:, :2])
            progress()
    return out


def labels(faces, osf, ict):
    """The labels' arrays, a row a face (MP_SCALE and FM_SCALE are the steps of points); ict: the face model."""
    mp = np.array([face["mp"] for face in faces])
    fm = np.array([face["fm"] for face in faces])
    seen = np.isfinite(fm).all((1, 2))
    size = np.ptp(mp[..., :2], axis=1).max(1)
    jitter = np.array([face["spread"].mean() for face in faces])
    fm_pct = np.where(seen, 100 * np.linalg.norm(fm - mp[..., :2], axis=2).mean(1) / size, 99)
    osf_pct, rotation = apart(osf, mp[..., :2]), rotations(mp, ict)
    delta = np.clip(np.rint(np.where(seen[:, None, None], fm - mp[..., :2], 0) / FM_SCALE), -127, 127)
    return dict(
        mp=np.rint(mp / MP_SCALE).astype(np.int16), mp_scale=np.float32(MP_SCALE),
        mp_std8=np.clip(np.rint(16 * np.array([face["spread"] for face in faces])), 0, 255).astype(np.uint8),
        fm_delta=delta.astype(np.int8), fm_delta_scale=np.float32(FM_SCALE), fm_ok=seen,
        blend=np.array([face["blend"] for face in faces], np.float16), blend_names=_blend_names(faces),
        blend_std=np.array([face["blend_std"] for face in faces], np.float16), osf=osf.astype(np.float16),
        R=rotation.astype(np.float32), ypr=angles(rotation).astype(np.float32),
        n_views=np.array([face["views"] for face in faces], np.int8), valid=np.array([face["valid"] for face in faces]),
        src_face_px=np.array([face["size"] for face in faces], np.float32), jitter_px=jitter.astype(np.float32),
        fm_pct=fm_pct.astype(np.float32), osf_pct=osf_pct.astype(np.float32), quality=quality(jitter, fm_pct, osf_pct),
        gray=np.array([np.ptp(picture(face).astype(int), axis=2).mean() < 3 for face in faces]))


def _blend_names(faces):
    named = [face["names"] for face in faces if len(face["names"])]
    return named[0] if named else np.array([], "U32")


def quality(jitter, fm_pct, osf_pct):
    """(N,) int8: 2 where looks and opinions agree well, 1 fairly, 0 else; an opinion that nobody gave is passed over."""
    out = np.zeros(len(jitter), np.int8)
    for value, (most_jitter, most_fm, most_osf) in ((1, FAIR), (2, GOOD)):
        out[(jitter < most_jitter) & (fm_pct < most_fm) & ~(osf_pct >= most_osf)] = value
    return out


def rotations(mp, ict):
    """(N, 3, 3) head to camera, y up and z to the viewer: the face model's vertices turned onto MediaPipe's points (N, 478,
    3). Good to some degrees; `fit` begins there."""
    used = np.where((ict["mp478_to_ict"] >= 0) & (ict["mp478_spread_cm"].astype(float) < 0.35))[0]
    model, points = ict["verts"][ict["mp478_to_ict"][used]].astype(float), mp[:, used].astype(float) * [1, -1, -1]
    model, points = model - model.mean(0), points - points.mean(1, keepdims=True)
    u, _, v = np.linalg.svd(np.einsum("nki,kj->nij", points, model))
    u[:, :, 2] *= np.sign(np.linalg.det(u @ v))[:, None]
    return u @ v


def angles(rotation):
    """(N, 3) degrees of yaw (> 0: nose to the image's right), pitch (> 0: up), roll (> 0: counter-clockwise)."""
    front = rotation[:, :, 2]
    return np.degrees(np.stack([np.arctan2(front[:, 0], front[:, 2]), np.arcsin(np.clip(front[:, 1], -1, 1)),
                                np.arctan2(rotation[:, 1, 0], rotation[:, 1, 1])], 1))


def _zip(faces, folder):
    """Write the crops, ZIPPED a file; (names, numbers of the files)."""
    os.makedirs(folder, exist_ok=True)
    names = ["%s_%05d.jpg" % (face["photograph"].set, k) for k, face in enumerate(faces)]
    numbers = [1 + k // ZIPPED for k in range(len(faces))]
    for number in sorted(set(numbers)):
        with files.whole(os.path.join(folder, "portraits_%02d.zip" % number)) as partial:
            with zipfile.ZipFile(partial, "w", zipfile.ZIP_STORED) as archive:
                for name, of, face in zip(names, numbers, faces):
                    if of == number:
                        archive.writestr(zipfile.ZipInfo(name), face["jpeg"].tobytes())
    return np.array(names), np.array(numbers, np.int8)


def _provenance(faces, folder):
    sets = sorted({face["photograph"].set for face in faces})
    groups = sorted({face["photograph"].group for face in faces})
    kept = held_out(groups)
    return dict(src=np.array([face["photograph"].name for face in faces]),
                set=np.array([sets.index(face["photograph"].set) for face in faces], np.int16), set_names=np.array(sets),
                set_licence=np.array([_licence(folder, name) for name in sets]),
                group=np.array([groups.index(face["photograph"].group) for face in faces], np.int32),
                val=np.array([face["photograph"].group in kept for face in faces]))


def held_out(groups):
    """The groups that only measure: by their names, so that more photographs move none; at least one of several."""
    order = sorted(groups, key=lambda group: (zlib.crc32(group.encode("utf-8", "surrogateescape")) % 1000, group))
    chosen = [group for group in order
              if zlib.crc32(group.encode("utf-8", "surrogateescape")) % 1000 < HELD_OUT]
    return set(chosen[:len(groups) - 1] or order[:len(groups) > 1])


def _licence(folder, name):
    for file in ("LICENCE.txt", "LICENSE.txt", "LICENCE", "LICENSE"):
        path = os.path.join(folder, name, file)
        if os.path.isfile(path):
            with open(path, encoding="utf-8", errors="replace") as f:
                return next((line.strip() for line in f if line.strip()), "not stated")
    return "not stated"
