#!/usr/bin/env python3
"""An image for a card and a bundle of Kagami come in, the image of a card that is a box goes out.

    P=.venv/bin/python
    $P deploy/image.py jetson-nano-jp461-sd-card-image.zip kagami-0.2.0-cp36-aarch64.tar n.img.xz
    $P deploy/image.py ROOT kagami-0.2.0-cp311-aarch64.tar box.img

The first is for a Jetson Nano; ROOT is a root file system for another board, a folder or a
tar of one, and wants root. For a PC with Linux and Python 3.9 or newer. Beside the image lie its sum
(.sha256) and what it was made from (.json).
"""
import argparse
import json
import os
import signal
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from appliance import files  # noqa: E402
from appliance.errors import DataError, KagamiError, OutputError, UsageError  # noqa: E402
from appliance.terminal import LiveLine  # noqa: E402
from deploy.card import base, environment, layout, outfit, tools  # noqa: E402
from deploy.card.release import Release  # noqa: E402
from deploy.card.table import MIB  # noqa: E402


class Progress:
    """What is being done, on standard error."""

    def __init__(self):
        self._line = LiveLine()

    def step(self, text):
        """A line that stays."""
        self._line.write("kagami: " + text)

    def amount(self, text):
        """What counts bytes and shows them."""
        return lambda done: self._line.show(lambda: "%s: %d MB" % (text, done // MIB))


def make(source, bundle, output, progress):
    """Write the card's image `output`, its sums and its facts."""
    tools.need("debugfs", "e2fsck", "mke2fs", "sgdisk", "mkfs.vfat", "mcopy", "xz")
    base.need(source)
    base.need(bundle)
    if not output.endswith((".img", ".img.xz")):
        raise UsageError(output, "neither NAME.img nor NAME.img.xz", "name one of them")
    if os.path.exists(output) and os.path.samefile(source, output):
        raise UsageError(output, "it is the base", "name another file")
    folder = os.path.dirname(os.path.abspath(output))
    with tempfile.TemporaryDirectory(dir=folder, prefix=files.TEMPORARY) as work:
        image = os.path.join(work, "card.img")
        open(image, "xb").close()
        facts = build(source, bundle, image, work, progress)
        facts["image"] = _placed(image, output, progress)
    files.write(output + ".json", json.dumps(facts, indent=2) + "\n")
    return facts


def build(source, bundle, image, work, progress):
    """Fill the new file `image`; the facts about it."""
    release = Release(bundle, work)
    progress.step("Kagami %s, on a copy of %s" % (release.version, source))
    came = {"name": os.path.basename(os.path.abspath(source))}
    if base.is_root(source):
        root = layout.from_root(base.folder(source, work), image, source)
    else:
        root = layout.from_image(source, image, progress.amount("copying"))
    if not os.path.isdir(source):
        came["sha256"] = base.digest(source, progress.amount("its checksum"))
    root.check()
    target = environment.target(root)
    outfit.fits(root, not base.is_root(source))
    progress.step("making its environment for Python 3.%d on %s" % (target.version[1],
                                                                    target.machine))
    release.settle(target)
    before = root.free()
    _room(root, release, before)
    progress.step("putting it in")
    outfit.dress(root, release)
    root.commit()
    added = before[0] - root.free()[0]
    progress.step("added %d MB" % (added // MIB))
    return {"kagami": release.version, "target": target.tag, "base": came, "added": added,
            "made": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}


def _room(root, release, free):
    sizes = [os.lstat(os.path.join(here, name)).st_size for here, _, names in
             os.walk(release.tree) for name in names]
    needed = sum(size + 4096 for size in sizes)
    if needed > free[0] or len(sizes) * 2 > free[1]:
        raise DataError(root.name, "%d MB are free in its root, Kagami takes %d" % (
            free[0] // MIB, needed // MIB), "give a base with more room")


def _placed(image, output, progress):
    """Pack the image if its name asks for it, put it in its place with its sum; its facts."""
    size = os.path.getsize(image)
    facts = {"name": os.path.basename(output), "bytes": size}
    facts["sha256"] = base.digest(image, progress.amount("checksum"))
    if output.endswith(".xz"):
        progress.step("packing %d MB" % (size // MIB))
        tools.run(["xz", "--threads=0", "-3", image])
        image += ".xz"
        facts["packed"] = {"bytes": os.path.getsize(image),
                           "sha256": base.digest(image, progress.amount("checksum"))}
    with open(image, "rb+") as f:
        os.fsync(f.fileno())
    os.replace(image, output)
    files.write(output + ".sha256",
                "%s  %s\n" % (facts.get("packed", facts)["sha256"], facts["name"]))
    return facts


def main():
    """The command; its status."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", help="the maker's card image (.img, .zip, .img.xz), or a root "
                        "file system as a folder or a .tar")
    parser.add_argument("bundle", help="kagami-VERSION-PYTHON-MACHINE.tar")
    parser.add_argument("output", help="NAME.img, or NAME.img.xz to have it packed")
    args = parser.parse_args()
    # Whoever ends it ends it as Ctrl-C does: nothing is left behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        progress = Progress()
        facts = make(args.base, args.bundle, args.output, progress)
        progress.step("%s: sha256 %s" % (args.output, facts["image"]["sha256"]))
    except OSError as e:
        return _told(OutputError(args.output, e.strerror or str(e), "make room or name another "
                                 "place"))
    except KagamiError as e:
        return _told(e)
    except KeyboardInterrupt:
        return 130
    return 0


def _told(error):
    print("kagami: error: %s" % error, file=sys.stderr)
    return error.status


if __name__ == "__main__":
    sys.exit(main())
