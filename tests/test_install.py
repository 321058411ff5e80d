"""The scripts that install, as far as they can be tried without changing this machine."""
import glob
import os
import re
import shutil
import subprocess
import sys

import pytest

from appliance import __version__

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
SCRIPTS = ["deploy/install.sh", "deploy/units.sh", "deploy/setup.sh"]
UNITS = sorted(filter(os.path.isfile, glob.glob(os.path.join(ROOT, "systemd", "*.*"))))


def ran(*words, **options):
    """(status, output and errors)"""
    done = subprocess.run(words, cwd=options.pop("cwd", ROOT), timeout=120,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, universal_newlines=True, **options)
    return done.returncode, done.stdout


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_is_that_of_every_sh(script):
    assert ran("sh", "-n", script) == (0, "")


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="no shellcheck here")
@pytest.mark.parametrize("script", SCRIPTS)
def test_shellcheck_finds_nothing(script):
    assert ran("shellcheck", "--severity", "info", script) == (0, "")


@pytest.mark.skipif(not os.path.exists("/etc/debian_version"), reason="no Debian or Ubuntu")
def test_a_check_says_what_is_here_and_what_would_be_done():
    status, said = ran("deploy/install.sh", "--check")
    assert status == 0, said
    assert said.startswith("kagami: checking this machine for version " + __version__)
    assert "ok    system" in said and "ok    python" in said


@pytest.mark.parametrize("words, told", [
    (["--unistall"], "--unistall: not known; give --check, --yes or --uninstall")])
def test_a_word_that_is_not_known_is_refused_in_one_line(words, told):
    assert ran("deploy/install.sh", *words) == (2, "kagami: error: %s\n" % told)


def test_a_command_does_not_look_through_what_is_installed_before_it_begins():
    script = os.path.join(os.path.dirname(sys.executable), "kagami")
    if not os.path.exists(script):
        pytest.skip("this Python was not set up by deploy/setup.sh")
    with open(script) as f:
        assert f.read().splitlines()[1:] == ["import sys", "from appliance.cli import main",
                                             "sys.exit(main())"]


def test_help_says_what_it_takes():
    status, said = ran("deploy/install.sh", "--help")
    assert status == 0 and "--uninstall" in said


@pytest.fixture
def copy(tmp_path):
    """A tree that install.sh would install, to be damaged."""
    files = subprocess.run(["git", "ls-files", "-z", "-co", "--exclude-standard", "deploy",
                            "appliance", "engines", "systemd", "setup.cfg", "requirements.txt"],
                           cwd=ROOT, stdout=subprocess.PIPE)
    if files.returncode:
        pytest.skip("no clone of git")
    packed = subprocess.run(["tar", "-c", "--ignore-failed-read", "--null", "-T", "-"], cwd=ROOT,
                            input=files.stdout,
                            check=True, stdout=subprocess.PIPE).stdout
    subprocess.run(["tar", "-x", "-C", str(tmp_path)], input=packed, check=True)
    return tmp_path


def test_a_bundle_for_another_machine_names_the_right_one(copy):
    (copy / "wheels").mkdir()
    (copy / "wheels" / "numpy-1.19.5-cp36-cp36m-manylinux2014_riscv64.whl").write_text("")
    status, said = ran("deploy/install.sh", "--check", cwd=str(copy))
    assert status == 69 and re.search(r"bad   python .* whose name ends in cp3\d+-\w+\.tar", said)
    assert said.count("kagami: error: ") == 1


def test_a_file_that_is_not_as_it_was_packed_is_named(copy):
    (copy / "SHA256SUMS").write_text("%064d  setup.cfg\n" % 0)
    status, said = ran("deploy/install.sh", "--check", cwd=str(copy))
    assert status == 69 and "bad   bundle     setup.cfg is not as it was packed" in said


def test_a_folder_that_is_no_kagami_is_refused(copy):
    (copy / "appliance" / "__init__.py").write_text("")
    status, said = ran("deploy/install.sh", "--check", cwd=str(copy))
    assert status == 65 and "this is no Kagami" in said


@pytest.mark.skipif(not shutil.which("systemctl"), reason="no systemctl")
def test_units_of_a_system_at_rest_are_placed_once_and_taken_away(tmp_path):
    root = str(tmp_path)
    assert ran("deploy/units.sh", "check", root)[0] == 1
    assert ran("deploy/units.sh", "install", root)[0] == 0
    assert ran("deploy/units.sh", "check", root) == (0, "")
    placed = os.listdir(os.path.join(root, "usr/local/lib/systemd/system"))
    assert {os.path.basename(unit) for unit in UNITS if not unit.endswith(".conf")} <= set(placed)
    wanted = os.listdir(os.path.join(root, "etc/systemd/system/multi-user.target.wants"))
    assert {"kagami.service", "kagami-panel.service"} <= set(wanted)
    assert ran("deploy/units.sh", "remove", root)[0] == 0
    left = [name for _, _, names in os.walk(root) for name in names]
    assert left == []


@pytest.mark.skipif(not shutil.which("systemctl"), reason="no systemctl")
@pytest.mark.parametrize("folders, placed", [
    (["etc"], {"etc/systemd/journald.conf.d/kagami.conf"}),
    (["etc", "etc/rsyslog.d"], {"etc/systemd/journald.conf.d/kagami.conf",
                                "etc/rsyslog.d/10-kagami.conf"})])
def test_the_logs_limits_are_placed_where_there_is_such_a_log(tmp_path, folders, placed):
    for folder in folders:
        (tmp_path / folder).mkdir()
    assert ran("deploy/units.sh", "install", str(tmp_path))[0] == 0
    found = {os.path.relpath(os.path.join(folder, name), str(tmp_path))
             for folder, _, names in os.walk(str(tmp_path)) for name in names}
    assert {path for path in found if path.endswith("kagami.conf")} == placed
    assert ran("deploy/units.sh", "remove", str(tmp_path))[0] == 0
    assert not any((tmp_path / path).exists() for path in placed)


@pytest.mark.skipif(not shutil.which("systemctl"), reason="no systemctl")
@pytest.mark.parametrize("version, placed", [("237", False), ("252", True), ("unknown", False)])
def test_what_an_older_systemd_does_not_know_is_kept_from_it(tmp_path, version, placed):
    told = ran("deploy/units.sh", "install", str(tmp_path),
               env=dict(os.environ, KAGAMI_SYSTEMD=version))
    assert told[0] == 0, told
    assert (tmp_path / "usr/local/lib/systemd/system/kagami.service.d").exists() == placed


@pytest.mark.skipif(not shutil.which("systemctl"), reason="no systemctl")
def test_a_unit_of_an_older_version_goes(tmp_path):
    root = str(tmp_path)
    old = tmp_path / "usr/local/lib/systemd/system/kagami-old.service"
    os.makedirs(str(old.parent))
    old.write_text("[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n")
    subprocess.run(["systemctl", "--root", root, "enable", "kagami-old.service"], check=True)
    assert ran("deploy/units.sh", "install", root)[0] == 0
    assert not old.exists()
    assert "kagami-old.service" not in os.listdir(
        os.path.join(root, "etc/systemd/system/multi-user.target.wants"))
