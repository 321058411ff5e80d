"""WFLW: faces in photographs with 98 points each, of which 68 are those of iBUG.

WFLW_annotations/list_98pt_rect_attr_train_test/list_98pt_rect_attr_train.txt (or _test.txt) and
WFLW_images/EVENT/NAME.jpg. A line is a face: 98 pairs x y, the box x_min y_min x_max y_max, six
marks (pose, expression, illumination, make-up, occlusion, blur), the picture's path. Its jaw is
what is seen of it, so that in profile it leaves the head that ours stays on. Sources: the set's
own README; the subset of 68 as csl_common (browatbn2/3FabRec) and others take it.
"""
import os

import numpy as np

from engines.training.layouts.pictures import Unfit, below, lines, numbers, stored

# The 98 have every second step of the jaw more, the lower edges of the brows, one point more on
# each lid, and the pupils.
IBUG = tuple(range(0, 33, 2)) + tuple(range(33, 38)) + tuple(range(42, 47)) + tuple(
    range(51, 60)) + (60, 61, 63, 64, 65, 67, 68, 69, 71, 72, 73, 75) + tuple(range(76, 96))
LISTS = os.path.join("WFLW_annotations", "list_98pt_rect_attr_train_test")
COLUMNS = 2 * 98 + 4 + 6


def find(folder, part):
    """[(folder of pictures, line)]"""
    name = "list_98pt_rect_attr_%s.txt" % part
    text, _ = lines(folder, os.path.join(LISTS, name),
                    os.path.join(os.path.basename(LISTS), name), name)
    images = below(folder, "WFLW_images", "images")
    return [(images, line) for line in text]


def read(row):
    """Points and box of a face."""
    images, line = row
    words = line.split(None, COLUMNS)       # a path may hold blanks
    if len(words) != COLUMNS + 1:
        raise Unfit("a line has %d columns, not %d" % (len(words), COLUMNS + 1))
    image, _ = stored(os.path.join(images, words[-1]))
    values = numbers(words[:-1], words[-1])
    return image, {"points": values[:196].reshape(98, 2)[list(IBUG)],
                   "box": np.concatenate([values[196:198], values[198:200]])}
