"""kagami-engines: pycuda is built once where there is none, or what that lacks is told."""
import os
import sys

import pytest

from appliance.errors import DataError, PartMissing
from engines import first_run

LIBRARY = first_run.tensorrt.library


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine with all that it takes; the commands that were run, with what they were given."""
    (tmp_path / "cuda" / "include").mkdir(parents=True)
    (tmp_path / "cuda" / "include" / "cuda.h").write_text("")
    (tmp_path / "Python.h").write_text("")
    (tmp_path / "pycuda-2020.1.tar.gz").write_text("")
    ran = []

    def run(command, environment):
        with open(os.path.join(environment["HOME"], ".aksetup-defaults.py")) as f:
            ran.append((command, environment, f.read()))
    monkeypatch.setattr(first_run, "_run", run)
    monkeypatch.setattr(first_run, "CUDA", (str(tmp_path / "cuda"),))
    monkeypatch.delenv("CUDA_ROOT", raising=False)
    monkeypatch.setattr(first_run.sysconfig, "get_paths", lambda: {"include": str(tmp_path)})
    monkeypatch.setattr(first_run.shutil, "which", lambda name: "/usr/bin/" + name)
    monkeypatch.setattr(first_run, "_free_mb", lambda: 2000)
    return ran


def test_the_source_of_the_bundle_is_built_without_a_network(machine, tmp_path):
    first_run.build_pycuda("gone", [str(tmp_path)])
    (command, environment, defaults), = machine
    assert command[:4] == [sys.executable, "-m", "pip", "install"] and "--no-index" in command
    assert str(tmp_path / "pycuda-2020.1.tar.gz") in command and "six" in command
    assert environment["PATH"].startswith(str(tmp_path / "cuda" / "bin"))
    assert "CUDA_ENABLE_CURAND = False" in defaults and str(tmp_path / "cuda") in defaults


def test_an_unpacked_bundle_comes_before_a_folder_of_ones_own(machine, tmp_path):
    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels" / "pycuda-2020.1.tar.gz").write_text("")
    first_run.build_pycuda("gone", [str(tmp_path / "wheels"), str(tmp_path)])
    assert str(tmp_path / "wheels" / "pycuda-2020.1.tar.gz") in machine[0][0]


def lacking(folder):
    with pytest.raises(PartMissing) as refusal:
        first_run.build_pycuda("gone", [str(folder)])
    return str(refusal.value)


def test_a_bundle_without_the_source_is_told(machine, tmp_path):
    os.remove(str(tmp_path / "pycuda-2020.1.tar.gz"))
    assert "deploy/pycuda.sh" in lacking(tmp_path)


def test_missing_headers_of_cuda_are_told(machine, tmp_path):
    os.remove(str(tmp_path / "cuda" / "include" / "cuda.h"))
    assert "cuda-toolkit-10-2" in lacking(tmp_path)


def test_missing_headers_of_python_are_told(machine, tmp_path):
    os.remove(str(tmp_path / "Python.h"))
    assert "python3-dev" in lacking(tmp_path)


def test_a_missing_compiler_is_told(machine, tmp_path, monkeypatch):
    monkeypatch.setattr(first_run.shutil, "which", lambda name: None)
    assert "build-essential" in lacking(tmp_path)


def test_too_little_memory_is_told_before_the_compiler_is_killed(machine, tmp_path, monkeypatch):
    monkeypatch.setattr(first_run, "_free_mb", lambda: 300)
    assert "300 MB are free" in lacking(tmp_path) and machine == []


def test_a_compiler_that_fails_is_told_with_its_first_error(monkeypatch, tmp_path):
    monkeypatch.setattr(first_run.tempfile, "gettempdir", lambda: str(tmp_path))
    script = "print('fine'); print('a.cpp:1: error: no'); raise SystemExit(1)"
    with pytest.raises(DataError, match="a.cpp:1: error: no.*see .*kagami-pycuda.log"):
        first_run._run([sys.executable, "-c", script], dict(os.environ))
    assert "fine" in (tmp_path / "kagami-pycuda.log").read_text()


def test_memory_that_is_free_is_told_by_the_kernel():
    assert first_run._free_mb() > 0


@pytest.fixture
def engines(monkeypatch):
    """The words that build_engines was called with."""
    called = []
    monkeypatch.setattr(first_run.build_engines, "main", lambda words: called.append(words) or 7)
    monkeypatch.setattr(first_run.tensorrt, "library", lambda: None)
    return called


def test_with_pycuda_the_engines_follow_at_once(engines, machine, monkeypatch):
    monkeypatch.setattr(first_run, "lacking", lambda: "")
    assert first_run.main(["--again"]) == 7 and engines == [["--again"]] and machine == []


@pytest.mark.parametrize("word", ["--list", "--help"])
def test_who_only_asks_waits_for_nothing(engines, machine, monkeypatch, word):
    monkeypatch.setattr(first_run, "lacking", lambda: "No module named 'pycuda'")
    assert first_run.main([word]) == 7 and engines == [[word]] and machine == []


def test_pycuda_is_not_built_in_vain(engines, machine, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    monkeypatch.setattr(first_run.tensorrt, "library", LIBRARY)
    assert first_run.main([]) == 69 and machine == [] and engines == []
    assert "tensorrt: " in capsys.readouterr().err


def test_without_pycuda_it_is_built_first_and_its_cost_told(engines, machine, monkeypatch, capsys,
                                                            tmp_path):
    monkeypatch.setattr(first_run, "lacking", lambda: "No module named 'pycuda'")
    monkeypatch.setattr(first_run.build_pycuda, "__defaults__", ("", [str(tmp_path)]))
    assert first_run.main([]) == 7 and len(machine) == 1 and engines == [[]]
    assert "5 to 10 minutes" in capsys.readouterr().err


def test_what_is_missing_ends_it_with_one_line(engines, machine, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(first_run, "lacking", lambda: "No module named 'pycuda'")
    monkeypatch.setattr(first_run.build_pycuda, "__defaults__", ("", [str(tmp_path / "no")]))
    assert first_run.main([]) == 69 and engines == []
    told = capsys.readouterr().err
    assert told.startswith("kagami: error: pycuda: No module named 'pycuda', and no pycuda-*")


@pytest.mark.parametrize("why, there", [
    ("No module named 'pycuda'", False), ("No module named 'six'", False),
    ("libcuda.so.1: cannot open shared object file", True)])
def test_pycuda_that_lacks_only_the_driver_is_there(monkeypatch, why, there):
    class Finder:
        """Fails as the import does."""

        def find_spec(self, name, *_):
            if name == "pycuda":
                raise ImportError(why)
    monkeypatch.delitem(sys.modules, "pycuda", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Finder()] + sys.meta_path)
    assert (first_run.lacking() == "") is there
