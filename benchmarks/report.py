"""Figures of a benchmark in, Markdown and JSON out, with what they were measured on."""
import json
import os
import platform
import subprocess
import sys
import time

from appliance import __version__, backends, files
from appliance.box import board
from appliance.errors import KagamiError

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))
RESULTS = os.path.join(ROOT, "benchmarks", "results")
LIBRARIES = ("numpy", "cv2", "onnxruntime", "tensorrt", "onnx")


def markdown(header, rows):
    """A Markdown table: floats with two digits, None as a dash."""
    lines = [header, ["---"] * len(header)] + [[_cell(value) for value in row] for row in rows]
    return "\n".join("| %s |" % " | ".join(line) for line in lines)


def _cell(value):
    if value is None or value != value:
        return "-"
    return "%.2f" % value if isinstance(value, float) else str(value)


def circumstances():
    """{command, date, commit, device, board, load, system, networks, versions}: no figure is worth
    more. networks: what runs them where nothing else is said."""
    return {"command": "python3 -m benchmarks " + " ".join(sys.argv[1:]),
            "date": time.strftime("%Y-%m-%d"), "commit": _commit(), "device": _device(),
            "board": board.circumstances(), "load": [round(v, 1) for v in os.getloadavg()],
            "system": platform.platform(), "networks": _backend(), "versions": _versions()}


def _commit():
    """The commit, + where files (not results) differ from it; "unknown" outside a clone."""
    found = _git("rev-parse", "--short", "HEAD")
    changed = _git("status", "--porcelain", "-uno", "--", ".", ":!benchmarks/results")
    return found + "+" if found and changed else found or "unknown"


def _git(*words):
    try:
        return subprocess.check_output(("git",) + words, cwd=ROOT, stderr=subprocess.DEVNULL,
                                       universal_newlines=True).strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def _device():
    """Board or processor, cores."""
    for path in ("/proc/device-tree/model", "/proc/cpuinfo"):
        try:
            with open(path) as f:
                text = f.read()
        except OSError:
            continue
        names = [line.split(":", 1)[1].strip() for line in text.splitlines()
                 if line.startswith("model name")]
        return "%s, %d cores" % (names[0] if names else text.strip("\0\n ")[:80], os.cpu_count())
    return "%s, %d cores" % (platform.machine(), os.cpu_count())


def _backend():
    """The backend that `auto` takes, in its own words; "" where none works."""
    try:
        return str(backends.ready())
    except KagamiError:
        return ""


def _versions():
    """Kagami, Python and the libraries that were loaded."""
    found = {"kagami": __version__, "python": platform.python_version()}
    found.update((name, sys.modules[name].__version__) for name in LIBRARIES
                 if name in sys.modules)
    return found


def publish(name, tables, figures, folder=RESULTS, chart=None):
    """Print the tables and write folder/NAME.json, NAME.md and, of a chart's SVG text, NAME.svg;
    returns the JSON's path. figures["source"]: the clip's name, where there is one."""
    about = circumstances()
    text = "\n\n".join(tables)
    print(text)
    os.makedirs(folder, exist_ok=True)
    if chart:
        _write(os.path.join(folder, name + ".svg"), chart)
        text += "\n\n![the same as a chart](%s.svg)" % name
    path = os.path.join(folder, name + ".json")
    _write(path, json.dumps(_finite(dict(about, figures=figures)), indent=1, sort_keys=True))
    _write(os.path.join(folder, name + ".md"), _note(about, figures) + "\n\n" + text)
    return path


def _note(about, figures):
    """The line over a table: what it was measured on, and how."""
    parts = ["`%s` on %s" % (about["command"], about["device"])]
    parts += ["%s %s" % (name.replace("_", " "), words)
              for name, words in sorted(about["board"].items())]
    parts += [about["date"], "commit " + about["commit"],
              "load %g" % about["load"][0]]
    parts += ["clip " + figures["source"]] if figures.get("source") else []
    parts += ["networks on " + about["networks"]] if about["networks"] else []
    parts += ["%s %s" % pair for pair in sorted(about["versions"].items())]
    return ", ".join(parts)


def _finite(value):
    """The value with None for what is not a number, all through: JSON knows no NaN."""
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(one) for one in value]
    return None if value != value else value


def _write(path, text):
    files.write(path, text.rstrip("\n") + "\n")
