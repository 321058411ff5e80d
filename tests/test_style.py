"""The house's rules that a machine can check: size of modules, doors of libraries, direction of
imports, Python 3.6."""
import ast
import glob
import os
import sys

import pytest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")


def python_files(*patterns):
    """Paths from the root, sorted."""
    found = [glob.glob(os.path.join(ROOT, pattern), recursive=True) for pattern in patterns]
    return sorted(os.path.relpath(path, ROOT) for paths in found for path in paths)


MODULES = python_files("appliance/**/*.py", "benchmarks/**/*.py", "engines/*.py",
                       "build_engines.py")
EVERYTHING = python_files("appliance/**/*.py", "benchmarks/**/*.py", "tests/**/*.py", "*.py",
                          "engines/*.py")

# Each library has one door, so that it can be absent, replaced, or looked at in one place.
DOORS = {
    "gi": ("appliance/sources/gstreamer.py",),
    "openvino": ("appliance/backends/openvino.py",),
    "onnxruntime": ("appliance/backends/onnxruntime.py",),
    "onnx": ("benchmarks/",),
    "mediapipe": ("benchmarks/contestant.py",),
    "tensorrt": ("appliance/backends/tensorrt.py",),
    "pycuda": ("appliance/backends/cuda.py", "engines/"),
    "socket": ("appliance/outputs/", "appliance/network/", "appliance/panel/",
               "appliance/monitor.py", "appliance/service.py", "benchmarks/"),
    "pythonosc": ("appliance/outputs/", "appliance/monitor.py"),
    "zeroconf": ("appliance/network/discovery.py",),
    "aiohttp": ("appliance/network/oscquery.py", "appliance/network/query.py",
                "appliance/panel/", "benchmarks/panel.py"),
    "argparse": ("appliance/arguments.py", "benchmarks/"),
    "nacl": ("appliance/box/signature.py",),
}
# What a module may never import, because it comes before it on a frame's way.
ABOVE = {
    "appliance/stages/": ("sources", "outputs", "tracker", "run", "cli", "config"),
    "appliance/backends/": ("stages", "sources", "outputs", "tracker", "run", "cli", "config"),
    "appliance/sources/": ("stages", "backends", "outputs", "tracker", "run", "cli"),
    "appliance/outputs/": ("stages", "backends", "sources", "tracker", "run", "cli", "config"),
    "appliance/network/": ("stages", "backends", "sources", "tracker", "run", "cli", "settings"),
    "appliance/box/": ("stages", "run", "cli"),
    "appliance/panel/": ("stages", "backends", "sources", "outputs", "tracker", "run", "cli",
                         "settings", "face", "geometry"),
    "appliance/outputs/dialects/": ("outputs.link", "outputs.clock", "outputs.targets"),
    "appliance/face.py": ("stages", "backends", "sources", "outputs", "tracker", "run", "cli"),
    "appliance/geometry.py": ("stages", "backends", "sources", "outputs", "tracker", "run", "cli"),
    "appliance/tracker.py": ("sources", "outputs", "run", "cli"),
    "appliance/": ("cli",),
}


def text(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


def imports(path):
    """The full names of what a module imports."""
    for node in ast.walk(ast.parse(text(path))):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield name.name
        elif isinstance(node, ast.ImportFrom):
            for name in node.names:
                yield "%s.%s" % (node.module, name.name)


def documented(tree):
    """The nodes of a module that want a docstring: itself, its public classes, functions and
    methods."""
    parents = [node for node in ast.walk(tree) if isinstance(node, (ast.Module, ast.ClassDef))]
    named = [node for parent in parents for node in parent.body
             if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    return [tree] + [node for node in named if not node.name.startswith("_")]


def test_a_module_has_at_most_300_lines():
    assert [path for path in MODULES if len(text(path).splitlines()) > 300] == []


def test_a_line_has_at_most_99_columns():
    assert ["%s:%d" % (path, n) for path in EVERYTHING
            for n, line in enumerate(text(path).splitlines(), 1) if len(line) > 99] == []


def test_what_is_public_is_documented():
    trees = {path: ast.parse(text(path)) for path in MODULES if text(path).strip()}
    assert ["%s: %s" % (path, getattr(node, "name", "module")) for path in trees
            for node in documented(trees[path]) if not ast.get_docstring(node)] == []


def test_a_library_enters_by_its_door():
    assert ["%s: %s" % (path, name) for path in MODULES for name in imports(path)
            if not path.startswith(DOORS.get(name.split(".")[0], ""))] == []


@pytest.mark.parametrize("place", sorted(ABOVE))
def test_imports_point_one_way(place):
    barred = tuple("appliance.%s." % name for name in ABOVE[place])
    paths = [path for path in MODULES if path.startswith(place)]
    assert ["%s: %s" % (path, name) for path in paths for name in imports(path)
            if (name + ".").startswith(barred) and not path.endswith("__main__.py")] == []


def test_no_module_is_a_drawer():
    drawers = ("utils.py", "common.py", "misc.py", "base.py", "helpers.py", "manager.py")
    assert [path for path in MODULES if os.path.basename(path) in drawers] == []


def test_only_the_command_line_imports_the_loop():
    assert {path for path in MODULES for name in imports(path)
            if (name + ".").startswith("appliance.run.")} == {"appliance/cli.py"}


def on_import(tree):
    """The nodes that run when a module is imported."""
    for node in ast.iter_child_nodes(tree):
        main = isinstance(node, ast.If) and "__name__" in ast.dump(node.test)
        if not main and not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            yield node
            yield from on_import(node)


def reads_on_import(source):
    """Whether a module's text reads a file or the environment when it is imported."""
    reading = {"open", "getenv", "listdir", "load", "read"}
    nodes = list(on_import(ast.parse(source)))
    called = [node.func for node in nodes if isinstance(node, ast.Call)]
    names = [getattr(node, "attr", getattr(node, "id", "")) for node in nodes]
    return "environ" in names or any(
        getattr(call, "attr", getattr(call, "id", "")) in reading for call in called)


@pytest.mark.parametrize("source, told", [
    ("A = os.environ['A']", True), ("A = os.environ.get('A')", True), ("A = environ['A']", True),
    ("class A:\n    a = open('a')", True), ("if x:\n    A = os.getenv('A')", True),
    ("def a():\n    return os.environ['A']", False),
    ("if __name__ == '__main__':\n    print(open('a').read())", False)])
def test_what_reads_on_import_is_seen(source, told):
    assert reads_on_import(source) is told


def test_nothing_reads_files_or_environment_on_import():
    assert [path for path in MODULES if reads_on_import(text(path))] == []


def test_python_36_can_read_everything():
    oldest = {"feature_version": (3, 6)} if sys.version_info >= (3, 8) else {}
    for path in EVERYTHING:
        ast.parse(text(path), path, **oldest)
