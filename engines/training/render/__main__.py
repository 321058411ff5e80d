"""`python -m engines.training.render --out DIR --count N --seed S --kind face|profile|eyes`: material as
npz shards."""
import argparse
import os

from engines.training.render import dataset


def main():
    """Parses the arguments and draws the shards; each shard is whole or not there."""
    parser = argparse.ArgumentParser(prog="engines.training.render")
    parser.add_argument("--data", default="../shared/data/train", help="folder with ict_face.npz")
    parser.add_argument("--out", required=True, help="folder for the shards")
    parser.add_argument("--name", default="", help="file name's first part (default: the kind)")
    parser.add_argument("--kind", choices=("face", "profile", "eyes"), default="face")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start", type=int, default=0, help="index of the first sample")
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--shard", type=int, default=2000, help="samples per file")
    a = parser.parse_args()
    os.makedirs(a.out, exist_ok=True)
    studio = dataset.Studio(a.data)
    for start in range(a.start, a.start + a.count, a.shard):
        count = min(a.shard, a.start + a.count - start)
        name = "%s_%d_%06d.npz" % (a.name or a.kind, a.seed, start)
        dataset.write(os.path.join(a.out, name), a.data, a.kind, a.seed, start, count, studio)


if __name__ == "__main__":
    main()
