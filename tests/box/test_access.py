"""ssh is open to whom a kagami.txt names, and shut without one."""
import os
import shutil
import subprocess

import pytest

from appliance.box import access
from tests.box.cards import KEY, Commands, below, got, put, system

OTHER = "ssh-rsa AAAAB3 colleague"


@pytest.fixture
def root(tmp_path):
    return system(tmp_path)


def test_without_a_key_nothing_is_touched(root):
    before, run = below(root), Commands()
    assert access.open_to([], root, run) == []
    assert below(root) == before and run.run == []


def test_a_key_opens_it_for_root_and_no_password_does(root):
    run = Commands()
    assert access.open_to([KEY], root, run) == []
    assert KEY + "\n" in got(root, access.KEYS) and below(root)[access.KEYS][1] == 0o600
    assert os.stat(os.path.join(root, "root/.ssh")).st_mode & 0o777 == 0o700
    rows = got(root, access.SSHD).splitlines()
    # The first of two counts.
    assert rows.index("PasswordAuthentication no") < rows.index("PasswordAuthentication yes")
    assert run.run[-2:] == ["systemctl enable ssh", "systemctl restart --no-block ssh"]


def test_a_second_time_is_the_same(root):
    access.open_to([KEY], root, Commands())
    before = below(root)
    access.open_to([KEY], root, Commands())
    assert below(root) == before


def test_a_key_that_is_taken_back_shuts_it_again_and_others_stay(root):
    access.open_to([KEY], root, Commands())
    put(root, access.KEYS, got(root, access.KEYS) + OTHER + "\n")
    run = Commands()
    access.open_to([], root, run)
    assert got(root, access.KEYS) == OTHER + "\n"
    assert run.run == ["systemctl disable ssh", "systemctl stop --no-block ssh"]


def test_the_box_has_a_host_key_of_its_own_that_stays(root):
    def run(*words):
        if words[0] == "ssh-keygen":
            subprocess.check_call(words)
    if not shutil.which("ssh-keygen"):
        pytest.skip("no ssh-keygen")
    put(root, access.HOST_KEY, "")              # as a power cut left it
    access.open_to([KEY], root, run)
    made = got(root, access.HOST_KEY)
    assert made.startswith("-----BEGIN OPENSSH PRIVATE KEY")
    assert below(root)[access.HOST_KEY][1] == 0o600
    access.open_to([KEY], root, run)
    assert got(root, access.HOST_KEY) == made


def test_a_card_without_ssh_says_so(tmp_path):
    assert "no ssh server" in access.open_to([KEY], str(tmp_path), Commands())[0]
