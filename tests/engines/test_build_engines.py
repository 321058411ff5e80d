"""The program: which networks it builds, in which order, what it prints and how it ends."""
import json
import os
import signal
import subprocess
import sys

import pytest

import build_engines
from appliance import config, quality
from appliance.backends import manifest
from engines import plan, workshop

pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
ROOT = os.path.dirname(os.path.abspath(build_engines.__file__))


@pytest.fixture
def run(turn, tmp_path, capsys, monkeypatch):
    """Calls the program with words; gives (status, standard output, standard error)."""
    monkeypatch.setattr(signal, "signal", lambda *_: None)

    def run(*words):
        status = build_engines.main(list(words) + ["--folder", str(tmp_path)])
        out, err = capsys.readouterr()
        return status, out, err
    return run


def test_every_network_that_is_needed_gets_an_engine_the_smallest_first(run, tmp_path):
    status, out, err = run()
    rows = [line.split()[0] for line in out.splitlines()]
    networks = manifest.read()
    order = sorted(quality.needed(networks),
                   key=lambda name: os.path.getsize(networks[name].path))
    assert status == 0 and rows == ["network"] + order
    assert len(plan.paths(str(tmp_path))) == len(order)


@pytest.fixture
def finer(monkeypatch):
    """A manifest that has a network [fine], be it the landmarks' own file by another name."""
    monkeypatch.setattr(manifest, "read", lambda read=manifest.read: dict(
        read(), fine=read()["landmarks"]._replace(name="fine")))


@pytest.mark.parametrize("text, more", [("", []), ("[tracker]\nquality = fine\n", ["fine"])])
def test_the_finer_networks_engine_is_needed_where_the_configuration_asks_for_it(
        finer, tmp_path, monkeypatch, text, more):
    path = tmp_path / "kagami.conf"
    path.write_text(text)
    monkeypatch.setattr(config, "SYSTEM", str(path))
    assert sorted(workshop.wanted()) == sorted(quality.needed(manifest.read()) + more)


def test_a_missing_engine_of_the_finer_network_is_told_where_it_is_asked_for(
        finer, run, tmp_path, monkeypatch):
    assert "fine: no good engine" not in run("--list")[1]
    (tmp_path / "kagami.conf").write_text("[tracker]\nquality = fine\n")
    monkeypatch.setenv(config.VARIABLE, str(tmp_path / "kagami.conf"))
    assert "fine: no good engine in fp16; build it: kagami-engines --models fine" in run(
        "--list")[1]


def test_what_was_changed_on_the_page_counts(finer, state):
    with open(config.kept_path(""), "w") as f:
        f.write("[tracker]\nquality = fine\n")
    assert "fine" in workshop.wanted()


def test_a_wrong_configuration_is_told_at_a_terminal_and_no_hindrance_to_a_service(
        run, turn, tmp_path, monkeypatch):
    (tmp_path / "kagami.conf").write_text("[traker]\n[tracker]\nqualty = fine\n")
    monkeypatch.setenv(config.VARIABLE, str(tmp_path / "kagami.conf"))
    status, _, err = run()
    assert status == 78 and "did you mean quality?" in err
    assert run("--models", "iris")[0] == 0
    monkeypatch.setenv("NOTIFY_SOCKET", "@nobody")
    assert workshop.wanted() == quality.needed(manifest.read())


def test_an_engine_for_two_faces_is_built_when_it_is_asked_for_and_judged_like_the_others(
        run, monkeypatch):
    assert run("--models", "iris-x2")[0] == 0
    row = json.loads(run("--list", "--json")[1])
    assert row["network"] == "iris-x2" and not row["wrong"]
    monkeypatch.setattr(manifest, "read", lambda read=manifest.read: {
        name: one._replace(sha256="0" * 64) for name, one in read().items()})
    assert "stale" in json.loads(run("--list", "--json")[1])["wrong"]


def test_the_table_tells_time_size_speed_and_the_largest_difference(run):
    head, row = run("--models", "iris")[1].splitlines()
    assert head.split()[:5] == ["network", "precision", "build", "s", "MB"]
    assert "largest difference" in head and row.startswith("iris     fp16 fp32x1  ")
    assert "0 degrees of gaze" in row and " of " in row


def test_what_is_there_and_good_is_left_alone(run):
    run("--models", "iris")
    status, _, err = run("--models", "iris")
    assert status == 0 and "iris: there and good" in err
    assert "iris: built in" in run("--models", "iris", "--again")[2]


def test_one_network_that_fails_does_not_keep_the_others_from_theirs(run, turn):
    turn(then={"unsupported": ["Resize"]})
    status, out, err = run("--models", "detector", "iris")
    assert status == 65 and "kagami: error: " in err and "/net/Resize" in err
    assert [line.split()[0] for line in out.splitlines()] == ["network", "iris"]


@pytest.mark.parametrize("about", [{"gpu": False}, {"version": None}, {"ends": 9}])
def test_what_the_machine_lacks_is_told_once(run, turn, about):
    turn(**about)
    status, out, err = run("--models", "iris", "expression")
    assert status == 69 and out == "" and err.count("kagami: error: ") == 1


def test_a_program_reads_lines_of_json_alone(run):
    status, out, _ = run("--models", "iris", "--json")
    events = [json.loads(line) for line in out.splitlines()]
    assert status == 0 and {event["network"] for event in events} == {"iris"}
    assert events[-1]["done"]["precision"] == "fp16"


@pytest.mark.parametrize("words, told", [
    (("--models", "iriss"), "did you mean iris?"), (("--workspace", "0"), "0 MB is no memory"),
    (("--precison", "fp32"), "did you mean --precision?"), (("--precision", "int8"), "int8")])
def test_a_wrong_word_is_one_line(run, words, told):
    status, out, err = run(*words)
    assert status == 2 and told in err and err.count("\n") == 1 and out == ""


def test_a_folder_that_cannot_be_made_is_one_line(turn, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    (tmp_path / "file").write_text("")
    assert build_engines.main(["--folder", str(tmp_path / "file" / "engines")]) == 73
    assert "--folder" in capsys.readouterr().err


def test_the_list_tells_what_is_good_and_why_not(run, tmp_path):
    run("--models", "iris", "expression")
    bad, = [path for path in plan.paths(str(tmp_path)) if "expression" in path]
    with open(bad, "r+b") as f:
        f.truncate(5000)
    status, out, _ = run("--list")
    assert status == 1
    assert any(line.startswith("iris-") and ".engine: good: " in line for line in out.splitlines())
    assert "not good: truncated: " in out and "landmarks: no good engine in fp16; build it" in out


def test_the_list_is_good_where_every_network_has_its_engine(run):
    run()
    assert run("--list")[0] == 0
    rows = [json.loads(line) for line in run("--list", "--json")[1].splitlines()]
    assert [row["wrong"] for row in rows] == [""] * len(quality.needed(manifest.read()))


def test_an_engine_of_another_onnx_file_is_told_as_stale(run, tmp_path):
    run("--models", "iris")
    path, = plan.paths(str(tmp_path))
    os.rename(path, path.replace(manifest.read()["iris"].sha256[:12], "0" * 12))
    about = dict(plan.about(plan.paths(str(tmp_path))[0]), onnx="0" * 64)
    plan.write(plan.paths(str(tmp_path))[0], about, b"plan")
    assert "not good: stale: built from another iris.onnx" in run("--list")[1]


@pytest.mark.parametrize("number, status", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_who_stops_it_leaves_nothing_half_written(tmp_path, number, status):
    """The whole program, stopped while its process sleeps in the build."""
    command = ("-m", "tests.engines.played", json.dumps({"ends": "sleep"}))
    script = ("import sys, build_engines\nfrom engines import workshop\n"
              "workshop.COMMAND = %r\nsys.exit(build_engines.main(sys.argv[1:]))" % (command,))
    left = tmp_path / ".kagami-half.engine"
    program = subprocess.Popen(
        [sys.executable, "-c", script, "--json", "--models", "iris", "--folder", str(tmp_path)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT, universal_newlines=True)
    program.stdout.readline()
    left.write_text("half")
    program.send_signal(number)
    _, err = program.communicate(timeout=30)
    assert program.returncode == status and "Traceback" not in err
    assert os.listdir(str(tmp_path)) == [".lock"]
