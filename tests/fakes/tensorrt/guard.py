"""Objects that have the names of one version of a library, and no others."""
import enum
import types


class Guarded:
    """Refuses every public name that its class lacks in that version.

    `_kind`: the class's name there. `_names`: {class: set of members}, set on the class that
    `of_version` makes.
    """

    _kind, _names = "", {}

    def __getattribute__(self, name):
        if not name.startswith("_"):
            _check(type(self), name)
        return super().__getattribute__(name)

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        _check(type(self), name)
        raise NotImplementedError("the fake has no %s.%s: give it one" % (self._kind, name))

    def __setattr__(self, name, value):
        if not name.startswith("_"):
            _check(type(self), name)
        super().__setattr__(name, value)


class Spoken(Guarded):
    """Something with a logger. _say(level, words) as the real ones do: nothing is raised."""

    def _hear(self, logger):
        if not getattr(logger, "_prepared", False):
            raise TypeError("__init__(): incompatible constructor arguments: not an ILogger")
        self._logger = logger

    def _say(self, level, words):
        self._logger.log(self._content["Severity"][level], words)

    def _begin(self, logger):
        """What Builder and Runtime do first; without a GPU they cannot be made. Of several
        loggers TensorRT keeps the first while anything lives that was made with it."""
        first = next((one._logger for one in self._machine.listening), logger)
        self._hear(logger)
        if first is not logger:
            self._logger = first
            self._say("WARNING", "The logger passed into createInferRuntime differs from one "
                                 "already registered for an existing builder or runtime")
        self._machine.listening.add(self)
        if not (self._machine.driver and self._machine.gpu):
            code = 100 if self._machine.driver else 35
            self._say("WARNING", "CUDA initialization failure with error: %d" % code)
            raise TypeError("pybind11::init(): factory function returned nullptr")


def _check(kind, name):
    if name not in kind._names.get(kind._kind, ()):
        raise AttributeError("'tensorrt.%s' object has no attribute '%s'" % (kind._kind, name))


def of_version(kind, names, **more):
    """A class like `kind` that knows the names of a version."""
    return type(kind.__name__, (kind,), dict(more, _names=names, __module__="tensorrt"))


def enumeration(kind, values, names):
    """An enumeration as pybind11 makes them: no int, but int() tells its number."""
    found = enum.Enum(kind, [(n, v) for n, v in values.items() if n in names.get(kind, ())])
    found.__int__ = lambda self: self.value
    return found


class Module(types.ModuleType):
    """A module with the names of one version."""

    def __init__(self, name, names, **content):
        super().__init__(name)
        self.__dict__["_known"] = names["module"]
        for key, value in content.items():
            if key in names["module"] or key.startswith("__"):
                self.__dict__[key] = value

    def __getattr__(self, name):
        if name in self.__dict__["_known"]:
            raise NotImplementedError("the fake has no %s.%s: give it one" % (self.__name__, name))
        raise AttributeError("module '%s' has no attribute '%s'" % (self.__name__, name))
