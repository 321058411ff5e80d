"""What the documents point at is there."""
import glob
import os
import re

import pytest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
PAGES = [os.path.join(ROOT, "README.md")] + sorted(
    glob.glob(os.path.join(ROOT, "docs", "**", "*.md"), recursive=True))


def targets(page):
    """Relative link and picture targets of a page, without anchors."""
    with open(page, encoding="utf-8") as f:
        found = re.findall(r"\]\(([^)#\s]+)", f.read())
    return [target for target in found if "://" not in target]


@pytest.mark.parametrize("page", PAGES, ids=os.path.basename)
def test_every_link_leads_somewhere(page):
    folder = os.path.dirname(page)
    assert [t for t in targets(page) if not os.path.exists(os.path.join(folder, t))] == []


def headings(page):
    """The headings of a page as the anchors of links call them."""
    with open(page, encoding="utf-8") as f:
        found = re.findall("^#+ (.+)$", f.read(), re.M)
    return [re.sub("[^a-z0-9 _-]", "", title.lower()).replace(" ", "-") for title in found]


@pytest.mark.parametrize("page", PAGES, ids=os.path.basename)
def test_every_anchor_is_a_heading(page):
    with open(page, encoding="utf-8") as f:
        links = re.findall(r"\]\(([^)#\s:]*)#([^)\s]+)\)", f.read())
    missing = [(target, anchor) for target, anchor in links if anchor not in
               headings(os.path.join(os.path.dirname(page), target) if target else page)]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=os.path.basename)
def test_every_module_and_folder_that_is_named_is_there(page):
    with open(page, encoding="utf-8") as f:
        named = re.findall(r"`((?:appliance|engines|benchmarks|tests|deploy)/[\w/.]*)`", f.read())
    missing = [name for name in named if not os.path.exists(os.path.join(ROOT, name))]
    assert missing == []
