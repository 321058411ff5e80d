"""Names of the libraries that this machine lacks, from their own sources: one text file a version.

    python3 tests/tensorrt_names/generate.py sources TENSORRT_CLONE PYCUDA_CLONE   # all but 8.5.1
    PYTHON_WITH_TENSORRT_8.5.1.7 tests/tensorrt_names/generate.py bindings         # 8.5.1
    PYTHON_WITH_TENSORRT_8.5.1.7 tests/tensorrt_names/generate.py check TENSORRT_CLONE
    python3 tests/tensorrt_names/generate.py driver .../include/cudaTypedefs.h     # libcuda

`sources` reads the pybind11 (TensorRT) and Boost.Python (pycuda) bindings at the tags of TAGS;
`bindings` asks a real module; `check` says what the first overlooks where the second is at hand.
A line of a file is a class and its members; the line `module` holds the top level.
"""
import collections
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TAGS = {"8.0.1": "8.0.1", "8.2.1": "8.2.1", "8.4.1": "8.4.1", "8.6.1": "v8.6.1",
        "10.0.1": "v10.0.1", "10.16.0": "v10.16"}
PYCUDA = {"2020.1": "v2020.1", "2026.1": "v2026.1"}
# What the package's __init__.py adds to the compiled module, seen in the 8.5.1.7 package.
ADDED = {"module": ["__version__", "volume", "nptype"], "DataType": ["itemsize"]}
# Everything that tells of a name: a class or enumeration, a member, a function of the module.
CLASS = re.compile(r"py::(class_|enum_|bind_vector)\s*<")
NAMED = re.compile(r"\s*(\w+)?\s*[({]\s*(?:(\w+)\s*,\s*)?\"(\w+)\"")
MEMBER = re.compile(r"(?:\b(\w+)\s*)?\.\s*(def|def_property|def_property_readonly|value|"
                    r"def_static|def_readwrite|def_readonly|add_property|attr|export_values)\s*\("
                    r"\s*(?:\"(\w+)\")?|DEF_SIMPLE_(?:METHOD|R[OW]_MEMBER)\s*\(\s*(\w+)\s*\)|"
                    r"(?:py::def\s*\(\s*\"|DEF_SIMPLE_FUNCTION(?:_WITH_ARGS)?\s*\(\s*)(\w+)|"
                    r"DECLARE_EXC\s*\(\s*(\w+)|py::scope\(\)\.attr\(\"(\w+)\"\)")
SHORT = re.compile(r"typedef\s+(\w+)\s+cl\s*;")      # pycuda calls each class of its own `cl`
ALIAS = re.compile(r"m\.attr\(\"(\w+)\"\)\s*=\s*m\.attr\(\"(\w+)\"\)")
# What the sources have and the packages are built without.
UNBUILT = re.compile(r"#if ENABLE_INETWORK_SERIALIZE.*?#endif", re.S)


class Names:
    """{class: set of members} of one library; the class "module" is the top level."""

    def __init__(self):
        self.of = collections.defaultdict(set)
        self._bases, self._parents, self._aliases = {}, {}, []

    def read(self, text):
        """Take the names of one C++ source."""
        text = re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.S)
        text = UNBUILT.sub("", text)
        first, *rest = SHORT.split(text)        # then, by turns, a class's name and what follows
        text = first + "".join(re.sub(r"\bcl\b", name, part)
                               for name, part in zip(rest[::2], rest[1::2]))
        self._aliases += ALIAS.findall(text)
        here, variables, place = "module", {"m": "module"}, 0
        while True:
            known = CLASS.search(text, place)
            member = MEMBER.search(text, place)
            if not known and not member:
                return
            if known and (not member or known.start() < member.start()):
                inside, place = _template(text, known.end())
                named = NAMED.match(text, place)
                if not named:
                    continue
                variable, parent, name = named.groups()
                here, place = name, named.end()
                self._declare(known.group(1), name, inside, variables.get(parent, "module"))
                if variable:
                    variables[variable] = name
            else:
                place = member.end()
                here = variables.get(member.group(1), here)
                self._take(here, member)

    def _declare(self, kind, name, inside, parent):
        self.of[parent].add(name)
        self.of[name] |= {"name", "value"} if kind == "enum_" else set()
        types = [one.strip() for one in re.split(r",(?![^<]*>)", inside)]
        self._parents[name] = parent
        bases = types[1:] + re.findall(r"py::bases<\s*(\w+)", inside)
        self._bases[types[0]] = (name, bases)

    def _take(self, here, member):
        variable, kind, name, simple, function, exception, scope = member.groups()
        if kind == "export_values":
            self.of[self._parents[here]] |= self.of[here] - {"name", "value"}
        elif variable == "m" or function or exception or scope:
            self.of["module"].add(name or function or exception or scope)
        elif name or simple:
            self.of[here].add(name or simple)

    def inherit(self):
        """Give each class what its bases have."""
        for name, bases in self._bases.values():
            waiting = list(bases)
            while waiting:
                base, further = self._bases.get(waiting.pop(), (None, ()))
                if base and base != name:
                    self.of[name] |= self.of[base]
                    waiting += further
        for name, other in self._aliases:
            self.of[name] |= self.of[other]
        return self


def _template(text, start):
    """(what stands between < and >, the place behind it)."""
    depth, place = 1, start
    while depth:
        depth += {"<": 1, ">": -1}.get(text[place], 0)
        place += 1
    return text[start:place - 1], place


def _git(clone, *words):
    return subprocess.check_output(("git", "-C", clone) + words).decode("utf-8", "replace")


def of_sources(clone, tag, folder, more=()):
    """Names of a library's bindings at a tag of its repository."""
    names = Names()
    paths = [p for p in _git(clone, "ls-tree", "-r", "--name-only", tag, folder).splitlines()
             if p.endswith(".cpp")]
    for path in paths:
        names.read(_git(clone, "show", "%s:%s" % (tag, path)))
    for name, members in dict(more).items():
        names.of[name] |= set(members)
    return names.inherit().of


def of_module(module):
    """Names of a real module."""
    of = {"module": {n for n in dir(module) if n == "__version__" or not n.startswith("_")}}
    for name in sorted(of["module"]):
        if isinstance(getattr(module, name), type):
            of[name] = {n for n in dir(getattr(module, name)) if not n.startswith("_")}
    return of


def python_module(text):
    """The functions and classes that a module of Python defines at its top level."""
    return set(re.findall(r"^(?:def|class) ([A-Za-z]\w*)", text, re.M))


def write(name, origin, of):
    """Write one file of names."""
    with open(os.path.join(HERE, name + ".txt"), "w") as f:
        f.write("# %s\n" % origin)
        for one in sorted(of):
            members = sorted(n for n in of[one] if n == "__version__" or not n.startswith("_"))
            f.write("%s: %s\n" % (one, " ".join(members)) if members else one + ":\n")


def sources(tensorrt, pycuda):
    """Write the files of TAGS and PYCUDA."""
    for version, tag in TAGS.items():
        write("tensorrt-" + version, "TensorRT %s: python/src of NVIDIA/TensorRT at tag %s"
              % (version, tag), of_sources(tensorrt, tag, "python/src", ADDED))
    for version, tag in PYCUDA.items():
        of = of_sources(pycuda, tag, "src/wrapper/wrap_cudadrv.cpp")
        for kind, members in of.items():        # enumerations of Boost are other ones
            if members > {"name", "value"}:
                of[kind] = members - {"value"} | {"names", "values"}
        of["module"] |= python_module(_git(pycuda, "show", tag + ":pycuda/driver.py"))
        write("pycuda.driver-" + version, "pycuda %s: src/wrapper/wrap_cudadrv.cpp and "
              "pycuda/driver.py of inducer/pycuda at tag %s" % (version, tag), of)


def bindings():
    """Write what a real module has."""
    import tensorrt
    version = tensorrt.__version__
    write("tensorrt-" + ".".join(version.split(".")[:3]),
          "TensorRT %s: dir() of the real module on Python %s" % (version, sys.version.split()[0]),
          of_module(tensorrt))


def check(clone):
    """Print what the reading of the sources and the real module do not share."""
    import tensorrt
    real = of_module(tensorrt)
    read = of_sources(clone, "8.5.1", "python/src", ADDED)
    for name in sorted(set(real) | set(read)):
        missed = real.get(name, set()) - read.get(name, set())
        invented = {n for n in read.get(name, ()) if not n.startswith("_")} - real.get(name, set())
        if missed or invented:
            print("%s: overlooked %s, invented %s" % (name, sorted(missed), sorted(invented)))


def driver(header):
    """Write what libcuda has had since which version, with its arguments."""
    with open(header) as f:
        text = f.read()
    found = re.findall(r"PFN_(cu\w+?)_v(\d+)\)\((.*?)\)", text)
    wanted = ("cuStreamBeginCapture", "cuStreamEndCapture", "cuGraphInstantiate", "cuGraphLaunch",
              "cuGraphInstantiateWithFlags", "cuGraphDestroy", "cuGraphExecDestroy",
              "cuGetErrorString", "cuDevicePrimaryCtxSetFlags", "cuDriverGetVersion")
    with open(os.path.join(HERE, "libcuda.txt"), "w") as f:
        f.write("# cudaTypedefs.h: function, version of CUDA it dates from, arguments\n")
        for name, version, arguments in sorted(found, key=lambda one: (one[0], int(one[1]))):
            if name in wanted:
                f.write("%s %s (%s)\n" % (name, version, arguments))


if __name__ == "__main__":
    {"sources": sources, "bindings": bindings, "check": check, "driver": driver}[sys.argv[1]](
        *sys.argv[2:])
