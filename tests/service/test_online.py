"""install.sh from a clone, which fetches packages by the network of this machine, on a Debian with
its own systemd."""
import ast
import os
import re
import ssl
import subprocess
import sys
import threading
import time
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler
from urllib import request

import pytest

from appliance import __version__
from tests.service import house as houses
from tests.service.house import until
from tests.service.test_install import VERSION, but_state, killed, listing, names

CLONE = "/root/kagami"
INSTALL = CLONE + "/deploy/install.sh"
PACKAGES = VERSION + "/.venv/lib/python3*/site-packages"
FETCHED = "/opt/kagami/fetched"
# As at a terminal, where it asks.
TYPED = "script -qec '%s' /dev/null" % INSTALL
PAGE = ("/usr/bin/python3 -c \"import urllib.request as u; "
        "print(u.urlopen('http://127.0.0.1%s/').read().decode())\"")
NOWHERE = "PIP_CONFIG_FILE=/dev/null PIP_INDEX_URL=http://127.0.0.1:9/simple PIP_RETRIES=0"


class Index(SimpleHTTPRequestHandler):
    """An index that allows pip to keep what it fetched; not every mirror does."""

    asked = []      # names of the packages' files, without those that make a new pip

    def log_message(self, *_):
        pass

    def end_headers(self):
        if self.path.endswith((".whl", ".gz")):
            if not self.path.startswith(("/pip/", "/setuptools/", "/wheel/")):      # for pip 9,
                self.asked.append(os.path.basename(self.path))      # which keeps https' alone
            self.send_header("Cache-Control", "max-age=365000000, immutable, public")
        super().end_headers()


def settings():
    """{name: value} of what pip is told on this machine: by files, by the environment, and by what
    other programs go by too."""
    said = subprocess.run([sys.executable, "-m", "pip", "config", "list"], check=True,
                          stdout=subprocess.PIPE, universal_newlines=True).stdout
    rows = sorted((line.partition("=")[::2] for line in said.splitlines()),
                  key=lambda row: row[0].startswith(":env:"))       # which goes before the files
    found = {"proxy": request.getproxies().get("https"), "cert": certificates(),
             "index-url": "https://pypi.org/simple"}        # where an old pip does not look
    found.update((name.split(".", 1)[1], ast.literal_eval(value)) for name, value in rows)
    return {name: value for name, value in found.items() if value}


def certificates():
    """Path of those that this machine believes, or None."""
    paths = [os.environ.get(name) for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")]
    return next(filter(None, paths + [ssl.get_default_verify_paths().cafile]), None)


def places(told):
    """Paths of this machine in pip's settings; of an index the folder around it, for its files
    may lie beside it."""
    for name, value in told.items():
        for word in value.split():
            path = re.sub("^file://", "", word).rstrip("/")
            if path.startswith("/") and os.path.exists(path):
                around = os.path.dirname(path) if name.endswith("index-url") else path
                yield path if around == "/" else around


@pytest.fixture(scope="module")
def told(possible, tmp_path_factory):
    """pip's settings, with which a package can be fetched."""
    tried = subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d",
                            str(tmp_path_factory.mktemp("tried")), "python-osc"],
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if tried.returncode:
        pytest.skip("no network that packages can be fetched by")
    return settings()


@pytest.fixture(scope="module")
def clone(told):
    """The machine, with a clone on it and our network, and told what we tell pip."""
    with houses.House(houses.root(), lent=sorted(set(places(told)))) as house:
        house.write(CLONE + "/.git/HEAD", "ref: refs/heads/main\n")
        houses.copy(house.path(CLONE))
        house.write("/etc/pip.conf", "[global]\n" + "".join(
            "%s = %s\n" % (name, value.replace("\n", "\n  ")) for name, value in told.items()))
        house.boot()
        yield house


@pytest.fixture(scope="module")
def before(clone):
    """What was there before anything was installed."""
    return listing(clone), names(clone, "/etc/passwd", "/etc/group")


def test_at_a_terminal_it_says_what_it_will_do_and_a_no_leaves_all_as_it_is(clone, before):
    said = clone.shell(TYPED, stdin=b"n\n", check=False).replace("\r", "")
    assert "put version %s into %s (some minutes)\n" % (__version__, VERSION) in said
    assert "bundle" not in said and "offline" not in said
    assert said.splitlines()[-1].endswith("go on? [Y/n] kagami: nothing was done")
    assert listing(clone) == before[0]


def test_without_a_network_it_says_so_in_one_line(clone, before):
    said = clone.shell("%s %s" % (NOWHERE, INSTALL), check=False)
    assert said.count("kagami: error: ") == 1
    assert re.search("kagami: error: Python packages: .*==.*; see whether there is a network, "
                     "and run this again", said.splitlines()[-1])


@pytest.mark.parametrize("moment", [
    "pgrep -f '[p]ip install .*-r requirements' && sleep 1", "[ -e %s/numpy ]" % PACKAGES])
def test_killed_while_it_fetches_or_unpacks_it_leaves_nothing_that_counts(clone, before, moment):
    killed(clone, moment, INSTALL)
    assert clone.shell("ls -A %s/.complete /opt/kagami/current 2>/dev/null; true" % VERSION) == ""


@pytest.fixture
def index(clone, tmp_path):
    """Words that set pip to an index of our own, with all that a bundle has."""
    for path in houses.wheels(clone):
        name = re.match(r"(.+?)-\d", os.path.basename(path)).group(1)
        name = re.sub("[-_.]+", "-", name).lower()
        (tmp_path / name).mkdir(exist_ok=True)
        (tmp_path / name / os.path.basename(path)).symlink_to(path)
    server = HTTPServer(("127.0.0.1", 0), partial(Index, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield ("env PIP_CONFIG_FILE=/dev/null PIP_INDEX_URL=http://127.0.0.1:%d/ "      # pip keeps
           "PIP_TRUSTED_HOST=127.0.0.1 " % server.server_port)     # only what it has trust in
    server.shutdown()
    server.server_close()


def test_what_was_fetched_before_it_was_killed_is_not_fetched_again(clone, before, index):
    killed(clone, "find %s -size +5M ! -name '*.tmp' | grep -q ." % FETCHED, index + INSTALL)
    first = list(Index.asked)
    killed(clone, "[ -e %s/numpy ]" % PACKAGES, index + INSTALL)
    print("%d files were asked for, then %d" % (len(first), len(Index.asked) - len(first)))
    assert first and not set(first[:-1] or first) & set(Index.asked[len(first):])


def test_run_again_it_goes_on_and_ends_well(clone, before):
    began = time.monotonic()
    said = clone.shell(TYPED, stdin=b"\n", timeout=600)
    print("fetched and installed in %.0f s" % (time.monotonic() - began))
    assert "kagami: version %s is installed" % __version__ in said
    port = re.search(r"the page: http://kagami-test\.local(:\d+)?/ \(or", said).group(1) or ""
    until(lambda: "Kagami" in clone.shell(PAGE % port, check=False), 20)


def test_only_what_is_a_version_s_lies_in_it(clone):
    assert clone.shell("cd %s && ls -d .git wheels SHA256SUMS 2>/dev/null; true" % VERSION) == ""


def test_the_tracker_runs_and_waits_for_a_camera(clone):
    assert clone.property("kagami.service", "ActiveState") == "active"
    assert clone.property("kagami-panel.service", "ActiveState") == "active"
    until(lambda: "none is there" in clone.property("kagami.service", "StatusText"), 20)


def test_a_second_run_changes_nothing_and_says_so(clone):
    there = but_state(listing(clone))
    assert clone.run(INSTALL).splitlines()[-1] == (
        "kagami: all is there already, nothing was changed")
    assert but_state(listing(clone)) == there


def test_taken_away_it_leaves_nothing_but_the_configuration(clone, before):
    said = clone.run(INSTALL, "--uninstall")
    assert "/etc/kagami.conf stays" in said
    was, after = before[0], but_state(listing(clone))
    assert {path for path in set(after) | set(was) if after.get(path) != was.get(path)} == {
        "/etc/kagami.conf"}
    assert names(clone, "/etc/passwd", "/etc/group") == before[1]
