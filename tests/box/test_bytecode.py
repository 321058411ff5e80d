"""Compiling a version that came on a card."""
import os
from importlib.util import cache_from_source

import pytest

from appliance.box import bytecode


def version(folder, **files):
    """A folder with modules, and the mark that says that nothing is compiled yet."""
    (folder / bytecode.TO_DO).write_text("")
    for name, text in files.items():
        (folder / (name + ".py")).write_text(text)
    return str(folder)


def cut_at(monkeypatch, name):
    """Stop where this module is to be compiled."""
    compiled = bytecode._compiled

    def cut(path):
        if path.endswith(name):
            raise KeyboardInterrupt
        return compiled(path)
    monkeypatch.setattr(bytecode, "_compiled", cut)


def test_every_module_is_compiled_and_the_mark_is_gone(tmp_path):
    folder = version(tmp_path, a="x = 1\n", b="y = 2\n")
    assert bytecode.compile_all(folder) == 2
    assert os.path.exists(cache_from_source(os.path.join(folder, "a.py")))
    assert not os.path.exists(os.path.join(folder, bytecode.TO_DO))


def test_a_module_of_a_newer_python_is_passed_over(tmp_path):
    folder = version(tmp_path, a="x = 1\n", b="this is no Python\n")
    assert bytecode.compile_all(folder) == 1


def test_nothing_is_left_under_another_name(tmp_path):
    folder = version(tmp_path, a="x = 1\n", b="this is no Python\n")
    bytecode.compile_all(folder)
    assert [name for name in os.listdir(os.path.join(folder, "__pycache__"))
            if name.endswith(bytecode.NEW)] == []


def test_what_is_compiled_is_not_compiled_again(tmp_path):
    folder = version(tmp_path, a="x = 1\n")
    bytecode.compile_all(folder)
    assert bytecode.compile_all(folder) == 0


def test_a_cut_leaves_whole_batches_alone(tmp_path, monkeypatch):
    folder = version(tmp_path, a="x = 1\n", b="y = 2\n", c="z = 3\n")
    monkeypatch.setattr(bytecode, "BATCH", 1)
    cut_at(monkeypatch, "b.py")
    with pytest.raises(KeyboardInterrupt):
        bytecode.compile_all(folder)
    assert [os.path.exists(cache_from_source(os.path.join(folder, name + ".py")))
            for name in "abc"] == [True, False, False]


def test_a_cut_within_a_batch_leaves_nothing_of_it_and_the_mark(tmp_path, monkeypatch):
    folder = version(tmp_path, a="x = 1\n", b="y = 2\n")
    cut_at(monkeypatch, "b.py")
    with pytest.raises(KeyboardInterrupt):
        bytecode.compile_all(folder)
    assert not os.path.exists(cache_from_source(os.path.join(folder, "a.py")))
    assert os.path.exists(os.path.join(folder, bytecode.TO_DO))


def test_what_a_cut_left_does_not_hinder(tmp_path):
    folder = version(tmp_path, a="x = 1\n")
    name = cache_from_source(os.path.join(folder, "a.py"))
    os.makedirs(os.path.dirname(name))
    with open(name + bytecode.NEW, "w") as f:
        f.write("half")
    assert bytecode.compile_all(folder) == 1 and os.path.getsize(name) > 10
