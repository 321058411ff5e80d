"""Words in, exit status and one line out."""
import os
import subprocess
import sys

import pytest

from appliance import __version__, cli

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")


@pytest.fixture
def kagami(capsys, monkeypatch):
    """Run a command in this process; gives (status, output, errors)."""
    monkeypatch.setattr(cli, "_start", lambda: None)    # signals and log are the tests' own

    def run(*words):
        try:
            status = cli.main(words)
        except SystemExit as e:      # argparse's --help
            status = e.code
        out = capsys.readouterr()
        return status, out.out, out.err
    return run


def started(*words):
    """Run the program as a user does."""
    return subprocess.run([sys.executable, "-m", "appliance"] + list(words), cwd=ROOT, timeout=60,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)


@pytest.mark.parametrize("words", [(), ("--help",), ("help",), ("-h",)])
def test_without_a_command_it_says_what_there_is(kagami, words):
    status, out, _ = kagami(*words)
    assert status == 0 and all("kagami " + command in out for command in cli.COMMANDS)


def test_it_tells_its_version(kagami):
    assert kagami("--version") == (0, "kagami %s\n" % __version__, "")


@pytest.mark.parametrize("command", list(cli.COMMANDS))
def test_every_command_has_help_with_an_example(kagami, command):
    status, out, _ = kagami(command, "--help")
    assert status == 0 and "for instance:\n  kagami " + command in out


@pytest.mark.parametrize("words, status, told", [
    (["rnu"], 2, "rnu: no such command; did you mean `kagami run`?"),
    (["xyzzy"], 2, "`kagami --help` lists them"),
    (["--sorce", "usb"], 2, "no such command"),
    (["--versoin"], 2, "did you mean `kagami --version`?"),
    (["run", "--sorce", "usb"], 2, "did you mean --source?"),
    (["run", "--sorce=usb"], 2, "did you mean --source?"),
    (["run", "usb"], 2, "usb: one word too many"),
    (["run", "--source"], 2, "expected one argument"),
    (["track"], 2, "FILE"),
    (["monitor", "many"], 2, "invalid int"),
    (["targets", "ad"], 2, "ad is neither list, add nor drop"),
    (["targets", "add"], 2, "name the target to add"),
    (["targets", "drop", "--set", "control.port=1024", "vmc@pc"], 2, "vmc@pc: was not added"),
    (["targets", "add", "vmc", "--listen", "0"], 2, "give 1 to 600 s"),
    (["targets", "list", "vmc@pc", "tv"], 2, "tv: one word too many"),
    (["config", "--set", "camera.wdth=1"], 78, "did you mean width?"),
    (["config", "--config", "/nowhere.conf"], 66, "no such file"),
    (["config", "--set", "target.to=vmcc@pc"], 78, "--set: target.to = vmcc@pc: unknown dialect"),
    (["track", "x", "--json", "o", "--set", "camera.source=vebcam"], 78, "vebcam: not known"),
    (["run", "--set", "camera.source=vebcam"], 78, "vebcam: not known"),
    (["run", "--set", "output.limit=600", "--to", "kagami@127.0.0.1"], 78, "alone takes 776"),
    (["run"] + ["--to", "vmc@127.0.0.1"] * 13, 2, "at most 12 are sent to"),
    (["run", "--source", ""], 2, "source : not known; give usb"),
    (["run", "--set", "camera.width=1"], 78, "give 16 to 8192 px"),
])
def test_a_mistake_is_one_line_with_what_would_do(kagami, words, status, told):
    code, out, err = kagami(*words)
    assert (code, out) == (status, "") and told in err
    assert err.startswith("kagami: error: ") and err.count("\n") == 1 and err.count("; ") >= 1


def test_several_mistakes_are_a_line_each(kagami):
    code, _, err = kagami("config", "--set", "camera.wdth=1", "--set", "camera.rate=0")
    assert code == 78 and [line[:15] for line in err.splitlines()] == ["kagami: error: "] * 2


def test_debug_shows_the_trace():
    done = started("--debug", "config", "--set", "camera.wdth=1")
    assert done.returncode != 0 and "Traceback" in done.stderr


def test_asking_for_the_table_too_early_kills_nobody():
    code = ("import os, signal; from appliance import cli; cli._start(); "
            "os.kill(os.getpid(), signal.SIGUSR1); print('alive')")
    assert subprocess.check_output([sys.executable, "-c", code], cwd=ROOT) == b"alive\n"


def test_config_prints_what_is_in_force(kagami):
    status, out, _ = kagami("config", "--set", "camera.fov=78")
    assert status == 0 and "fov = 78" in out and "# --set" in out


def test_an_added_target_is_kept_with_what_is_known(kagami, tmp_path, state):
    path = tmp_path / "mine.conf"
    path.write_text("[control]\nport = 1024\n")
    status, out, _ = kagami("targets", "add", "--config", str(path), "vmc@127.0.0.1:5001")
    assert status == 0 and state + "/settings.conf" in out
    status, out, _ = kagami("targets", "--config", str(path))
    assert status == 0 and "vmc@127.0.0.1:5001" in out


def test_the_program_is_the_module():
    done = started("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, "kagami %s\n" % __version__, "")


def test_a_reader_that_goes_away_ends_it_quietly():
    program = subprocess.Popen([sys.executable, "-m", "appliance", "config"], cwd=ROOT,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    program.stdout.close()
    assert program.stderr.read() == b"" and program.wait(60) == 141
    program.stderr.close()


def test_help_is_quick_because_nothing_heavy_is_loaded():
    code = ("import sys; from appliance import cli; cli.main(['--help']); "
            "sys.exit('numpy' in sys.modules)")
    assert subprocess.call([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.DEVNULL) == 0
