"""Lines of ours and a file of the system's come in; the file has them between two marks, whatever
else stands there stays.
"""
import os

from appliance import files

BEGIN, END = "# Kagami, from kagami.txt:", "# as far as Kagami goes."


def replace(path, lines, mode=None, dry=False):
    """Have `lines` at the top of a file in place of those of before ([]: none); whether that is a
    change. mode: of the file, else as it was. dry: change nothing."""
    before = _rows(path)
    after = list(before)
    if BEGIN in after and END in after[after.index(BEGIN):]:
        del after[after.index(BEGIN):after.index(END) + 1]
    if lines:
        after = [BEGIN] + list(lines) + [END] + after
    if after != before and not dry:
        kept = os.stat(path).st_mode & 0o777 if os.path.exists(path) else 0o644
        with files.whole(path, mode or kept) as temporary, _opened(temporary, "w") as f:
            f.write("".join(row + "\n" for row in after))
    return after != before


def _rows(path):
    try:
        with _opened(path) as f:
            return f.read().splitlines()
    except FileNotFoundError:
        return []


def _opened(path, mode="r"):
    """What is not ours may be any bytes, and stays as it is."""
    return open(path, mode, encoding="utf-8", errors="surrogateescape")
