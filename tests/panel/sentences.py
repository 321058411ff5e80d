"""Modules whose words reach the page become the sentences that a language has to know, with
{places} for what is filled in."""
import ast
import os
import re

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "appliance")
ERRORS = ("KagamiError", "UsageError", "DataError", "InputMissing", "PartMissing", "OutputError",
          "NotPermitted", "ConfigError")
_FILLED = re.compile(r"%(?:%|[-+0-9.#]*[a-z])")


class Module:
    """The sentences of one module: each method gives a set of texts."""

    def __init__(self, path):
        with open(os.path.join(ROOT, path), encoding="utf-8") as f:
            self.tree = ast.parse(f.read())
        self._functions, self._inside, self._busy = {}, {}, []
        for function in ast.walk(self.tree):
            if isinstance(function, ast.FunctionDef):
                self._functions.setdefault(function.name, []).append(function)
                self._inside.update((node, function) for node in ast.walk(function))

    def named(self, *names):
        """What is given to names, attributes among them, anywhere in it."""
        return {text for name in names for node in self._given(name, self.tree)
                for text in self._texts(node)}

    def returned(self, *functions):
        """What these functions give."""
        return {text for value in self._returned(functions) for text in self._texts(value)}

    def handed(self, *calls):
        """What is handed to these functions."""
        return self._handed(calls, 0, ())

    def complaints(self, *but):
        """Why and what to do of every KagamiError, but for those of some functions."""
        out = self._named(but)
        return self._handed(ERRORS, 1, out) | self._handed(("refused",), 2, out)

    def reasons(self, *but):
        """Why alone."""
        return self._handed(ERRORS, 1, self._named(but), 2)

    def things(self):
        """What it is about."""
        return self._handed(ERRORS, 0, (), 1)

    def _named(self, names):
        return [function for name in names for function in self._functions[name]]

    def _returned(self, names):
        return [node.value for function in self._named(names) for node in ast.walk(function)
                if isinstance(node, ast.Return)]

    def _handed(self, calls, first, but, end=None):
        return {text for node in ast.walk(self.tree) if isinstance(node, ast.Call)
                and getattr(node.func, "id", getattr(node.func, "attr", "")) in calls
                and self._inside.get(node) not in but
                for argument in self._spread(node.args)[first:end]
                for text in self._texts(argument)}

    def _given(self, name, tree):
        for node in ast.walk(tree):
            if isinstance(node, (ast.Assign, ast.AugAssign)):
                for target in getattr(node, "targets", None) or [node.target]:
                    yield from _pairs(name, target, node.value)

    def _texts(self, node):
        """What an expression may come to, "{1}" where that is not known here."""
        found = {_numbered(text) for text in self._all(node)}
        return {text for text in found if re.search("[a-z]{2}", re.sub("{.*?}", "", text))}

    def _all(self, node):
        # Python 3.6 has no ast.Constant for what is written.
        written = getattr(node, "value" if isinstance(node, ast.Constant) else "s", None)
        if isinstance(written, str):
            return {written}
        if isinstance(node, (ast.Tuple, ast.List)):
            return {text for one in node.elts for text in self._all(one)}
        if isinstance(node, (ast.ListComp, ast.GeneratorExp)):
            return self._all(node.elt)
        if isinstance(node, ast.Dict):
            return {text for one in node.values for text in self._all(one)}
        if isinstance(node, ast.IfExp):
            return self._all(node.body) | self._all(node.orelse)
        if isinstance(node, ast.BoolOp):
            return {text for one in node.values for text in self._all(one)}
        if isinstance(node, ast.BinOp):
            return self._combined(node)
        if isinstance(node, ast.Name):
            return self._known(node)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in self._functions:
            return {text for one in self._returned((node.func.id,)) for text in self._all(one)}
        return {"{}"}

    def _combined(self, node):
        left = self._all(node.left)
        if isinstance(node.op, ast.Mod):
            filled = getattr(node.right, "elts", [node.right])
            also = {text for one in filled if isinstance(one, (ast.IfExp, ast.BoolOp, ast.Name))
                    for text in self._all(one) if " " in text}
            return also | {_FILLED.sub(lambda m: "%" if m.group() == "%%" else "{}", text)
                           for text in left}
        if isinstance(node.op, ast.Mult):           # words that may be left out
            return left | {""}
        right = self._all(node.right)
        return {one + other for one in left or {"{}"} for other in right or {"{}"}}

    def _spread(self, arguments):
        """With *NAME as what it stands for."""
        out = []
        for one in arguments:
            starred = isinstance(one, ast.Starred) and isinstance(one.value, ast.Name)
            found = self._assigned(one.value) if starred else []
            out += [part for value in found for part in getattr(value, "elts", ())] or [one]
        return out

    def _known(self, node):
        if node.id in self._busy:           # it is made out of itself
            return {"{}"}
        self._busy.append(node.id)
        found = {text for one in self._assigned(node) for text in self._all(one)}
        self._busy.pop()
        return found or {"{}"}

    def _assigned(self, node):
        """What a name stands for: in its function, else in the module."""
        function = self._inside.get(node)
        found = list(self._given(node.id, function)) if function else []
        return found or [value for one in self.tree.body if isinstance(one, ast.Assign)
                         for target in one.targets
                         for value in _pairs(node.id, target, one.value)]


def _pairs(name, target, value):
    """The values that an assignment gives to a name."""
    if getattr(target, "id", getattr(target, "attr", None)) == name:
        yield value
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for one, other in zip(target.elts, value.elts):
            yield from _pairs(name, one, other)


def _numbered(text):
    """Each {} with its number."""
    parts = text.split("{}")
    return parts[0] + "".join("{%d}%s" % pair for pair in enumerate(parts[1:], 1))
