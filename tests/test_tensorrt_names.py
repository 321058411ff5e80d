"""Every name of TensorRT, pycuda and libcuda that our code uses, looked up in the lists of what
each version has."""
import ast
import functools
import glob
import os
import re

import pytest

from appliance.backends import cuda
from tests import tensorrt_names
from tests.data import DATA

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
DUMP = os.path.join(DATA, "tensorrt", "trt851_py36_introspect.txt")
USERS = ("appliance/backends/cuda.py", "appliance/backends/tensorrt.py", "engines/*.py")
# What things are called where they are used. A name with two meanings has two classes.
TENSORRT = {
    "trt": ("module",), "tensorrt": ("module",), "builder": ("Builder",), "runtime": ("Runtime",),
    "network": ("INetworkDefinition",), "config": ("IBuilderConfig",), "parser": ("OnnxParser",),
    "error": ("ParserError",), "layer": ("ILayer",), "one": ("ITensor",),
    "flags": ("BuilderFlag",), "cache": ("ITimingCache",), "engine": ("ICudaEngine",),
    "context": ("IExecutionContext",)}
PYCUDA = {
    "driver": ("module",), "device": ("Device", "DeviceAllocation"), "context": ("Context",),
    "stream": ("Stream",), "end": ("Event",), "base": ("PagelockedHostAllocation",),
    "flags": ("event_flags",)}
# Names that not every version has, by what stands in for them elsewhere.
BRANCHES = [
    ({"execute_async_v3", "set_tensor_address", "num_io_tensors", "get_tensor_name",
      "get_tensor_mode", "get_tensor_dtype", "get_tensor_shape", "TensorIOMode", "INPUT"},
     {"execute_async_v2", "num_bindings", "get_binding_name", "binding_is_input",
      "get_binding_dtype", "get_binding_shape"}),
    ({"set_memory_pool_limit", "MemoryPoolType", "WORKSPACE"}, {"max_workspace_size"}),
    ({"OBEY_PRECISION_CONSTRAINTS"}, {"STRICT_TYPES"})]
OTHERS = {"__name__"} | {name for kind in (str, bytes, dict, list, set, tuple, int)
                         for name in dir(kind)}


def paths(*patterns):
    return sorted(p for one in patterns for p in glob.glob(os.path.join(ROOT, one),
                                                           recursive=True))


def tree(path):
    with open(path, encoding="utf-8") as f:
        return ast.parse(f.read())


@functools.lru_cache(maxsize=None)
def ours():
    """Names of methods, fields and attributes that our own code defines."""
    found = set()
    for path in paths("appliance/**/*.py", *USERS):
        for node in ast.walk(tree(path)):
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                found.add(node.name)
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                found.add(node.target.id)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and (
                    getattr(node.value, "id", "") == "self"):
                found.add(node.attr)
    return found


def text(node):
    """The string that a node is, or None; spelt differently on Python 3.6."""
    return getattr(node, "s", None) if isinstance(node, getattr(ast, "Str", ())) else (
        node.value if isinstance(node, getattr(ast, "Constant", ())) else None)


def uses(path):
    """(receiver, name, line) of every attribute, by dot or by getattr and hasattr."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Attribute):
            yield receiver(node.value), node.attr, node.lineno
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in (
                "getattr", "hasattr") and isinstance(text(node.args[1]), str):
            yield receiver(node.args[0]), text(node.args[1]), node.lineno


def receiver(node):
    """The last word of what an attribute is taken of, without the underscores of private ones."""
    node = node.func if isinstance(node, ast.Call) else node
    word = getattr(node, "attr", getattr(node, "id", ""))
    return {"get_error": "error"}.get(word, word).strip("_")


def classes(names, table, word):
    """The classes that a receiver may be of: by the table, or it is a class itself."""
    return table.get(word, ()) or ((word,) if word in names else ())


def known(version, word, name):
    """Whether some meaning of a receiver has a name: in that TensorRT, or in every pycuda."""
    trt = tensorrt_names.read("tensorrt", version)
    if any(name in trt.get(kind, ()) for kind in classes(trt, TENSORRT, word)):
        return True
    pycudas = [tensorrt_names.read("pycuda.driver", one)
               for one in tensorrt_names.versions("pycuda.driver")]
    return all(any(name in names.get(kind, ()) for kind in classes(names, PYCUDA, word))
               for names in pycudas)


@functools.lru_cache(maxsize=None)
def asked():
    """{(receiver, name): "path:line"} of all that is taken of what is not our own."""
    mine = ours() | OTHERS
    newest = [tensorrt_names.read(library, tensorrt_names.versions(library)[-1])
              for library in ("tensorrt", "pycuda.driver")]
    found = {}
    for path in paths(*USERS):
        for word, name, line in uses(path):
            mentioned = word in TENSORRT or word in PYCUDA or any(word in one for one in newest)
            if mentioned and name not in mine:
                found[word, name] = "%s:%d" % (os.path.relpath(path, ROOT), line)
    return found


def branch(name):
    """(side with the name, the other side) of BRANCHES, None for a name that all have."""
    for one, other in BRANCHES:
        if name in one | other:
            return (one, other) if name in one else (other, one)
    return None


def has_all(version, names):
    """Whether a version has all of some names, wherever they are used."""
    trt = tensorrt_names.read("tensorrt", version)
    return all(any(name in members for members in trt.values()) for name in names)


@pytest.mark.parametrize("version", tensorrt_names.versions("tensorrt"))
def test_every_name_that_is_used_is_there(version):
    missing = {place: "%s.%s" % one for one, place in asked().items()
               if not known(version, *one) and not (
                   branch(one[1]) and has_all(version, branch(one[1])[1]))}
    assert missing == {}


def test_the_names_of_the_libraries_are_found_in_our_code():
    words = set(asked())
    assert {("context", "execute_async_v2"), ("context", "execute_async_v3"),
            ("driver", "memcpy_htod_async"), ("trt", "ILogger"), ("Logger", "ERROR"),
            ("device", "retain_primary_context"), ("engine", "num_bindings")} <= words


def test_nobody_takes_a_library_s_name_of_something_that_this_test_does_not_know():
    members = {name for version in tensorrt_names.versions("tensorrt")
               for kinds in TENSORRT.values() for kind in kinds
               for name in tensorrt_names.read("tensorrt", version).get(kind, ())
               if "_" in name.strip("_")}
    strangers = {"%s:%d: %s.%s" % (os.path.relpath(path, ROOT), line, word, name)
                 for path in paths(*USERS) for word, name, line in uses(path)
                 if name in members - ours() and word not in TENSORRT and word not in PYCUDA}
    assert strangers == set()


def test_a_name_that_no_version_has_would_be_noticed():
    assert not any(known(version, "context", "execute_async_v9")
                   for version in tensorrt_names.versions("tensorrt"))


@pytest.mark.parametrize("cuda_version", [10020, 11040, 12040, 13000])
def test_every_symbol_of_libcuda_takes_the_arguments_that_it_is_given(cuda_version):
    there = tensorrt_names.symbols(cuda_version)
    assert {name: len(there[name].split(",")) for name in cuda.GRAPHS} == {
        name: len(arguments) for name, arguments in cuda.GRAPHS.items()}


@pytest.mark.skipif(not os.path.exists(DUMP), reason="the dump of TensorRT 8.5.1.7 is not here")
def test_the_list_of_8_5_is_what_the_real_module_said_elsewhere():
    with open(DUMP) as f:
        found = [re.match(r"(\w+) \[(.*)\]$", line) for line in f.read().splitlines()]
    names = tensorrt_names.read("tensorrt", "8.5.1.7")
    listed = {one.group(1): set(re.findall(r"'(\w+)'", one.group(2))) for one in found if one}
    differing = {kind: members ^ names[kind] for kind, members in listed.items()}
    assert set().union(*differing.values()) <= {"name", "value", "itemsize"}
