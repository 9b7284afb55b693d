"""The report in a real browser: it asks nobody, complains of nothing, and fits a telephone."""

from __future__ import annotations

import base64
import re
from dataclasses import replace

import pytest

from auditor.model.run import from_json
from auditor.report import html
from tests.report.conftest import BEGIN, finding
from tests.report.destinations import destinations
from tests.report.lawful import lawful
from tests.store import made

HIDDEN = """
  [...document.querySelectorAll('main [lang={language}]')]
    .filter(each => !each.closest('.kept') && each.getClientRects().length > 0).length
"""
WIDE = """
  [...document.querySelectorAll('body *')]
    .filter(each => each.getBoundingClientRect().right > {width} + 1)
    .filter(each => {{
      for (let up = each.parentElement; up; up = up.parentElement) {{
        if (getComputedStyle(up).overflowX !== 'visible') return false;
      }}
      return true;
    }})
    .slice(0, 5).map(each => each.outerHTML.slice(0, 120))
"""


def shown(browser, language: str) -> int:
    """How many texts of a language can be seen."""
    return browser.run(HIDDEN.format(language=language))


def tabbed_to(browser, selector: str, *, back: bool = False) -> None:
    for _ in range(60):
        browser.press("Tab", shift=back)
        if browser.run(f"document.activeElement.matches({selector!r})"):
            return
    raise AssertionError(f"{selector} cannot be reached with the Tab key")


def test_the_watch_itself_sees_requests_and_refusals(browser, tmp_path):
    page = tmp_path / "bad.html"
    page.write_text(
        "<!doctype html><meta http-equiv='Content-Security-Policy' content=\"style-src 'none'\">"
        "<p style='color: red'>x</p><img src='http://127.0.0.1:9/x.png'>"
        "<script>nothing.here()</script>"
    )
    browser.go(page)
    assert "http://127.0.0.1:9/x.png" in browser.requests
    text = "\n".join(browser.complaints)
    assert "Content Security Policy" in text
    assert "nothing is not defined" in text


@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_asks_nobody_and_nothing_is_refused_or_broken(browser, report, width):
    browser.go(report, width)
    assert browser.requests == [report.as_uri()]
    assert browser.complaints == []
    assert len(browser.run("document.querySelector('main').innerText")) > 5000


@pytest.mark.parametrize("width", [320, 390, 820, 1280])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_nothing_runs_out_of_the_page_to_the_side(browser, report, width, language):
    browser.go(report, width)
    browser.run(f"document.querySelector('button[data-show={language}]').click()")
    assert browser.run(WIDE.format(width=width)) == []
    assert browser.run("document.documentElement.scrollWidth") <= width


def test_the_language_is_switched_from_the_keyboard(browser, report):
    browser.go(report)
    assert shown(browser, "vi") > 50
    assert shown(browser, "en") == 0
    tabbed_to(browser, "button[data-show=en]")
    browser.press("Enter")
    assert browser.run("document.documentElement.lang") == "en"
    assert browser.run("document.title").startswith("Cross-border")
    assert shown(browser, "en") > 50
    assert shown(browser, "vi") == 0
    tabbed_to(browser, "button[data-show=vi]", back=True)
    browser.press(" ")
    assert browser.run("document.documentElement.lang") == "vi"
    assert shown(browser, "en") == 0


def test_the_language_is_switched_where_scripts_may_not_run(browser, report):
    browser.go(report, scripts=False)
    assert shown(browser, "en") == 0
    tabbed_to(browser, "#in-english")
    browser.press(" ")
    assert shown(browser, "en") > 50
    assert shown(browser, "vi") == 0


def test_where_the_keyboard_is_can_be_seen(browser, report):
    browser.go(report)
    for _ in range(12):
        browser.press("Tab")
        style = browser.run(
            "(s => [s.outlineStyle, s.outlineWidth, s.boxShadow])"
            "(getComputedStyle(document.activeElement))"
        )
        assert (style[0] != "none" and style[1] != "0px") or style[2] != "none"
        assert browser.run("document.activeElement.getClientRects().length") > 0


def test_a_link_to_a_folded_record_opens_it_and_the_keyboard_does_too(browser, report, tmp_path):
    run = from_json((report.parent / "run.json").read_text("utf-8"), "run.json")
    peers = run.findings[0].evidence.peers
    placed = tuple(replace(each, address=peers[0].name) for each in destinations()[:2])
    page = tmp_path / "report.html"
    page.write_text(html(replace(run, destinations=placed)), "utf-8")
    browser.go(page)
    assert browser.run("document.querySelectorAll('details[open]').length") == 0
    browser.run("document.querySelector('article a[href=\"#d1\"]').click()")
    assert browser.run("document.querySelector('#d1').open") is True
    browser.run("document.querySelector('#d2 summary').focus()")
    browser.press("Enter")
    assert browser.run("document.querySelector('#d2').open") is True


def test_it_prints_to_pages(browser, report):
    browser.go(report)
    data = browser.call("Page.printToPDF", preferCSSPageSize=True)["data"]
    pdf = base64.b64decode(data)
    assert pdf.startswith(b"%PDF-")
    counts = [int(number) for number in re.findall(rb"/Count (\d+)", pdf)]
    assert max(counts) >= 5
    assert browser.complaints == []


def test_the_colours_of_text_stand_out_from_their_ground(browser, report):
    """WCAG 2.1, 1.4.3: a contrast of 4.5, for large text 3; in light and in dark."""
    script = """
      (() => {
        const light = c => {
          const [r, g, b] = c.map(v => v / 255)
            .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
          return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const parts = text => (text.match(/[\\d.]+/g) || []).map(Number);
        const bad = new Set();
        for (const each of document.querySelectorAll('body *')) {
          const words = [...each.childNodes]
            .filter(n => n.nodeType === 3 && n.data.trim()).map(n => n.data.trim()).join(' ');
          if (!words || !each.getClientRects().length || each.closest('svg')) continue;
          let ground = [255, 255, 255], up = each;
          for (; up; up = up.parentElement) {
            const c = parts(getComputedStyle(up).backgroundColor);
            if (c.length === 3 || c[3] === 1) { ground = c.slice(0, 3); break; }
          }
          if (!up) continue;
          const style = getComputedStyle(each), ink = parts(style.color).slice(0, 3);
          const two = [light(ink), light(ground)].sort((a, b) => b - a);
          const contrast = (two[0] + 0.05) / (two[1] + 0.05);
          const size = parseFloat(style.fontSize), bold = +style.fontWeight >= 700;
          const large = size >= 24 || (bold && size >= 18.66);
          if (contrast < (large ? 3 : 4.5))
            bad.add(`${words.slice(0, 30)}: ${style.color} on ${ground}: ${contrast.toFixed(2)}`);
        }
        return [...bad].slice(0, 10);
      })()
    """
    for scheme in ("light", "dark"):
        browser.call(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": scheme}],
        )
        browser.go(report)
        assert browser.run(script) == [], scheme
    browser.call("Emulation.setEmulatedMedia", features=[])


@pytest.mark.parametrize("width", [320, 1280])
def test_deadlines_dossiers_claims_and_decisions_fit_as_well(browser, tmp_path, width):
    run = made.run(1, *lawful(finding), finished=BEGIN)
    page = tmp_path / "law.html"
    page.write_text(html(run), encoding="utf-8")
    browser.go(page, width)
    assert browser.complaints == []
    for language in ("vi", "en"):
        browser.run(f"document.querySelector('button[data-show={language}]').click()")
        assert browser.run(WIDE.format(width=width)) == []
    assert not browser.run("document.querySelector('details.sanctions').open")
    tabbed_to(browser, "details.sanctions summary")
    browser.press("Enter")
    assert browser.run("document.querySelector('details.sanctions').open")
