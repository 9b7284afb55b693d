"""The checklist's page in a real browser: it asks nobody, fits a telephone, filters by keyboard."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from auditor.report import readiness_html

HERE = Path(__file__).parent


def loaded(path: Path):
    """Another file of tests as a module: its examples and its checks of any page."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CHECKS = loaded(HERE / "test_browser.py")
SEEN = "document.querySelectorAll('article.item:not([hidden])').length"


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    made = loaded(HERE.parent / "report" / "readiness" / "conftest.py")
    folder = tmp_path_factory.mktemp("readiness")
    for name, assessment in (
        ("rich", made.assessment()),
        ("hostile", made.hostile_assessment()),
        ("bare", made.bare_assessment()),
    ):
        (folder / f"{name}.html").write_text(readiness_html(assessment), "utf-8")
    return folder


def typed(browser, text: str) -> None:
    browser.run(
        f"(f => {{ f.value = {json.dumps(text)}; f.dispatchEvent(new Event('input')); }})"
        "(document.getElementById('find'))"
    )


@pytest.mark.parametrize("name", ["rich", "hostile", "bare"])
@pytest.mark.parametrize("width", [320, 390, 1280])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_it_asks_nobody_is_refused_nothing_and_fits_its_width(
    browser, pages, name, width, language
):
    page = pages / f"{name}.html"
    browser.go(page, width)
    browser.run(f"document.querySelector('button[data-show={language}]').click()")
    assert browser.requests == [page.as_uri()]
    assert browser.complaints == []
    assert browser.run(CHECKS.WIDE.format(width=width)) == []
    assert browser.run("document.documentElement.scrollWidth") <= width


def test_items_are_filtered_by_state_with_the_keyboard(browser, pages):
    browser.go(pages / "rich.html")
    assert browser.run(SEEN) == 25
    for _ in range(80):
        browser.press("Tab")
        if browser.run("document.activeElement.value") == "fail":
            break
    browser.press(" ")
    assert browser.run(SEEN) == 4
    assert browser.run("document.getElementById('shown').textContent") == "4"
    hidden = "document.querySelectorAll('section.group[hidden]').length"
    assert browser.run(hidden) > 10
    browser.run("document.getElementById('all-items').click()")
    assert browser.run(SEEN) == 25
    assert browser.run(hidden) == 0


@pytest.mark.parametrize("text", ["chinh sach la chan", "CHÍNH SÁCH LÀ chặn", "BND-01"])
def test_search_finds_words_with_and_without_their_marks(browser, pages, text):
    browser.go(pages / "rich.html")
    typed(browser, text)
    assert browser.run(SEEN) == 1
    typed(browser, "không có mục nào như vậy")
    assert browser.run(SEEN) == 0


def test_a_link_to_a_hidden_item_shows_it(browser, pages):
    browser.go(pages / "rich.html")
    typed(browser, "BND-01")
    browser.run("document.querySelector('.gates a').click()")
    browser.run("new Promise(done => setTimeout(done, 50))")
    assert browser.run("document.querySelector(location.hash).getClientRects().length") > 0


def test_without_scripts_everything_is_shown_and_no_dead_filter(browser, pages):
    browser.go(pages / "rich.html", scripts=False)
    assert browser.run(SEEN) == 25
    assert browser.run("document.querySelector('.filter').getClientRects().length") == 0


def test_colours_stand_out_and_the_keyboard_is_seen(browser, pages):
    CHECKS.test_the_colours_of_text_stand_out_from_their_ground(browser, pages / "rich.html")
    CHECKS.test_where_the_keyboard_is_can_be_seen(browser, pages / "rich.html")
