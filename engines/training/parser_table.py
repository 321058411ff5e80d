"""A clone of onnx/onnx-tensorrt in, engines/parser_8_2.txt out: what the Nano's parser imports.

    git clone https://github.com/onnx/onnx-tensorrt CLONE
    python -m engines.training.parser_table CLONE > engines/parser_8_2.txt

An operator counts when builtin_op_importers.cpp has an importer for it and docs/operators.md says Y; where
the two disagree, neither is believed. JetPack 4.6.1 has TensorRT 8.2.1.
"""
import re
import subprocess
import sys

REVISION = "release/8.2-GA"


def show(clone, path):
    """The text of a file of the clone at REVISION."""
    return subprocess.run(["git", "-C", clone, "show", "%s:%s" % (REVISION, path)], check=True,
                          capture_output=True, text=True).stdout


def commit(clone):
    """The commit that REVISION is."""
    return subprocess.run(["git", "-C", clone, "rev-parse", "--short=12", REVISION], check=True,
                          capture_output=True, text=True).stdout.strip()


def imported(source):
    """Names of operators with an importer; TRT_* are TensorRT's own layers, not ONNX's."""
    found = set(re.findall(r"^DEFINE_BUILTIN_OP_IMPORTER\((\w+)\)", source, re.M))
    return {name for name in found if not name.startswith("TRT_")} - {"op", "FallbackPluginImporter"}


def documented(page):
    """{name: types} of the operators that the page calls supported."""
    rows = re.findall(r"^\| (\w+) +\| Y[^|]*\| ([^|\n]+?) *(?:\||$)", page, re.M)
    return {name: types.split(", ") for name, types in rows}


def table(clone):
    """The file's text."""
    source, page = show(clone, "builtin_op_importers.cpp"), show(clone, "docs/operators.md")
    has, says = imported(source), documented(page)
    lines = ["# Operators that the ONNX parser of TensorRT 8.2 imports, with their types, up to opset 13.",
             "# From onnx/onnx-tensorrt %s (%s)," % (REVISION, commit(clone)),
             "# builtin_op_importers.cpp and docs/operators.md, by engines/training/parser_table.py.",
             "# In one of the two alone: " + " ".join(sorted(has ^ set(says)))]
    return "\n".join(lines + ["%s %s" % (name, " ".join(says[name])) for name in sorted(has & set(says))])


if __name__ == "__main__":
    print(table(sys.argv[1]))
