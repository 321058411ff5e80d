"""`python -m engines.training.unsure --material MATERIAL --data ../shared/data/train`: how far the pose is off on drawn
heads kept out of training, beside the sigma that it tells of itself, and which two constants of stages/pose.py
would tell it best.

Each head is seen as it was drawn, with noise, and small; in a camera that is known, since the scene is drawn from its
seed again.
"""
import argparse
import os

import cv2
import numpy as np
from scipy.optimize import minimize

from appliance import geometry
from appliance.stages import crop, pose
from appliance.tracker import Tracker
from engines.training.render import scene as scenes
from engines.training.render.face_model import FaceModel

VIEWS = ((1.0, 0.0), (1.0, 6.0), (0.3, 4.0), (0.2, 8.0))    # size, noise
OFF, ZOOM = 0.04, 0.05      # of the first square: one standard deviation, shares of its side
AS_DRAWN = 0.01             # pixels by which a scene may miss the points that are stored
CAPPED = 4.0                # sigmas beyond which a miss counts no more: another face, a hand before it


def camera(seed, points, model):
    """(scene, focal length, principal point) of a stored picture, both in its pixels; ValueError where its points are
    not those of the scene: another renderer drew it."""
    scene = scenes.sample(np.random.default_rng(seed.tolist()), tuple(seed.tolist()))
    vertices = model.vertices(scene.identity, scene.blendshapes, scene.gaze)
    there = model.landmarks(vertices).dot(scene.rotation.T) + scene.translation
    there = there[:, :2] / there[:, 2:] * scene.focal
    a, b = there - there.mean(0), points - points.mean(0)
    scale = (a * b).sum() / (a * a).sum()
    if np.abs(scale * a - b).max() > AS_DRAWN:
        raise ValueError("seed %s does not give the points that are stored: draw the heads again" % (seed,))
    return scene, scene.focal * scale, points.mean(0) - scale * there.mean(0)


def degraded(picture, scale, noise, rng):
    """A picture made small and noisy, uint8, and by how much its sides shrank, exactly."""
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else picture
    noisy = np.clip(small + rng.normal(0, noise, small.shape), 0, 255).astype(np.uint8)
    return noisy, small.shape[0] / picture.shape[0]


def seen(look, luma, points, rng):
    """The Reading of a face that is followed: a first square that is off, then the network's own."""
    square = crop.around_box(geometry.tight_box(points))
    middle = np.array(square.centre) + rng.normal(0, OFF, 2) * square.side
    square = square._replace(centre=tuple(middle), side=square.side * np.exp(rng.normal(0, ZOOM)))
    return look(luma, [look(luma, [square])[0].next_square()])[0]


def solved(reading, focal, middle):
    """(rotation, place, sums, vague) as Pose has them of a camera whose axis need not be in the middle of the picture."""
    x, y = (np.array(reading.square.centre) - middle) / focal
    rays = (reading.points[pose.STABLE] - middle).T / focal
    sigma = reading.sigma[pose.STABLE]
    start = geometry.ray_rotation(x, y).dot(reading.rotation)
    sums = pose.Pose().sums(start, rays, focal / sigma)
    return start, np.array(pose.placed(sums)), sums, sigma.mean() / reading.square.side


def misses(material, data, limit=0):
    """[(turn (3,) radians, way (3,) mm, place, sums, vague)] of every head that is believed, in each of VIEWS."""
    heads = np.load(os.path.join(material, "val_faces.npz"))
    model, look, rng = FaceModel(os.path.join(data, "ict_face.npz")), Tracker()._landmarks, np.random.default_rng(5)
    pictures, found = heads["picture"], []
    for i in range(limit or len(pictures)):
        scene, focal, middle = camera(heads["seed"][i], heads["points"][i], model)
        for scale, noise in VIEWS:
            luma, scale = degraded(pictures[i], scale, noise, rng)
            reading = seen(look, luma, (heads["points"][i] + 0.5) * scale - 0.5, rng)
            if reading.score >= 0.5:
                rotation, place, sums, vague = solved(reading, focal * scale, (middle + 0.5) * scale - 0.5)
                turn = cv2.Rodrigues(rotation.dot(scene.rotation.T))[0].ravel()
                found.append((turn, place - scene.translation, place, sums, vague))
    return found


def told(found, constants):
    """(N, 4) sigmas: degrees, mm in x, y and z, with (SHAPE, TURN_OFF) as given."""
    kept = pose.SHAPE, pose.TURN_OFF
    pose.SHAPE, pose.TURN_OFF = constants
    try:
        return np.array([pose.unsure(sums, place.tolist(), vague) for _, _, place, sums, vague in found])
    finally:
        pose.SHAPE, pose.TURN_OFF = kept


def fitted(found):
    """The constants under which what was missed is likeliest."""
    missed = np.array([np.r_[np.degrees(turn), way] for turn, way, _, _, _ in found])

    def unlikely(logs):
        sigma = told(found, np.exp(logs))[:, [0, 0, 0, 1, 2, 3]]
        return (2 * np.log(sigma) + np.minimum((missed / sigma) ** 2, CAPPED ** 2)).mean()
    return np.exp(minimize(unlikely, np.log([pose.SHAPE, pose.TURN_OFF]), method="Nelder-Mead").x)


def table(found, constants):
    """Lines of text: eighths of the heads by the sigma of their rotation, what they told and what was seen."""
    sigma = told(found, constants)
    missed = np.array([np.r_[np.sqrt((np.degrees(turn) ** 2).mean()), way] for turn, way, _, _, _ in found])
    lines = ["     rotation, deg           x, mm             z, mm", "  " + 3 * "  told    seen    "]
    for part in np.array_split(np.argsort(sigma[:, 0]), 8):
        both = np.sqrt((sigma[part] ** 2).mean(0)), np.sqrt((missed[part] ** 2).mean(0))
        lines.append("".join("%8.2f%8.2f  " % (both[0][k], both[1][k]) for k in (0, 1, 3)))
    each = np.array([np.r_[np.degrees(turn), way] for turn, way, _, _, _ in found]) / sigma[:, [0, 0, 0, 1, 2, 3]]
    within = [(np.abs(each) < k).mean(0).reshape(2, 3).mean(1) for k in (1, 2)]
    return lines + ["within one sigma, two: rotation %.2f, %.2f; place %.2f, %.2f (0.68, 0.95 were to be)" % (
        within[0][0], within[1][0], within[0][1], within[1][1])]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--material", required=True, help="folder with val_faces.npz")
    parser.add_argument("--data", required=True, help="folder with ict_face.npz")
    parser.add_argument("--limit", type=int, default=0, help="only the first N heads")
    args = parser.parse_args()
    found = misses(args.material, args.data, args.limit)
    now, best = (pose.SHAPE, pose.TURN_OFF), fitted(found)
    print("%d views; now" % len(found))
    print("\n".join(table(found, now)))
    print("\nlikeliest: SHAPE %.2f, TURN_OFF %.2f" % tuple(best))
    print("\n".join(table(found, best)))


if __name__ == "__main__":
    main()
