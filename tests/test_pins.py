"""Pythons that the package allows and the pins of what it installs agree."""
import configparser
import os

import pytest

requirements = pytest.importorskip("pip._vendor.packaging.requirements", reason="no pip here")
specifiers = pytest.importorskip("pip._vendor.packaging.specifiers", reason="no pip here")
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")


def wanted(lines, version):
    """Names of the requirements that count for a version of Python."""
    found = [requirements.Requirement(line) for line in lines if line and line[0] != "#"]
    return {one.name for one in found
            if one.marker is None or one.marker.evaluate({"python_version": version})}


@pytest.mark.parametrize("version", ["3.%d" % minor for minor in range(5, 14)])
def test_a_python_is_allowed_where_all_that_it_installs_is_pinned(version):
    setup = configparser.ConfigParser()
    setup.read(os.path.join(ROOT, "setup.cfg"))
    with open(os.path.join(ROOT, "requirements.txt")) as f:
        pinned = wanted(f.read().splitlines(), version)
    options = setup["options"]
    allowed = specifiers.SpecifierSet(options["python_requires"]).contains(version + ".1")
    needed = wanted(options["install_requires"].splitlines(), version)
    assert not allowed or needed <= pinned
