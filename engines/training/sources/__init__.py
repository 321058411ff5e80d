"""Public sources in (ICT-FaceKit, photographs, backgrounds, panoramas), the data folder that `material` reads out.

Each step keeps what it finds done; photographs and backgrounds are looked at one by one, and never twice.
"""
import os

from appliance.errors import InputMissing


def gather(data, face_model=None, portraits=None, backgrounds=None, light=None, landmarker=None, openseeface=None,
           python=None):
    """Fill the folder `data` from what is given (folders; landmarker, openseeface: files of networks); whether the
    portraits changed. python: one that has mediapipe (default: made once in ~/.cache/kagami/mediapipe)."""
    from engines.training.sources import face_kit, photographs, rooms
    for folder in (face_model, portraits, backgrounds, light):
        if folder is not None and not os.path.isdir(folder):
            raise InputMissing(folder, "no such folder", "name the folder itself")
    os.makedirs(data, exist_ok=True)
    model, lights = os.path.join(data, "ict_face.npz"), os.path.join(data, "env_hdri.npz")
    if face_model and not os.path.exists(model):
        face_kit.convert(face_model, model)
    if light and os.path.exists(lights):
        print("light: %s is there already; take it away to have it made anew" % lights, flush=True)
    if not os.path.exists(lights):
        rooms.panoramas(light, lights) if light else rooms.plain(lights)
    if backgrounds or portraits:
        python = python or with_mediapipe()
    if backgrounds:
        print("backgrounds: %d" % rooms.backgrounds(backgrounds, data, python), flush=True)
    if not portraits:
        return False
    if not os.path.exists(model):
        raise InputMissing(model, "no such file", "give ICT-FaceKit's folder FaceXModel with --face-model")
    return photographs.gather(portraits, data, python, landmarker, openseeface)


def with_mediapipe():
    """The Python with MediaPipe that the benchmarks use too; made where it is not there yet."""
    from benchmarks import compare
    return compare.with_mediapipe(os.path.expanduser("~/.cache/kagami/mediapipe"))
