from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

import pytest

from auditor.model.run import CountryTotal
from auditor.report import html
from auditor.report.flow_map import SEAS, WORLD, FlowMap, Panel, flow_map
from auditor.report.world import world
from tests.report.parsed import Page

if TYPE_CHECKING:
    from auditor.model.run import Run


def sent(run: Run, *amounts: tuple[str, int], home: str = "VN") -> Run:
    by_country = tuple(CountryTotal(code, 1, outbound, 1, 1) for code, outbound in amounts)
    totals = replace(run.totals, by_country=by_country)
    return replace(run, totals=totals, home=home)


def drawn(run: Run) -> FlowMap:
    found = flow_map(run)
    assert found is not None
    return found


def test_areas_of_circles_are_in_proportion_to_bytes(run: Run) -> None:
    panel = drawn(sent(run, ("US", 4_000_000), ("DE", 1_000_000))).panels[0]
    heavy, light = panel.spots
    assert heavy.radius == pytest.approx(2 * light.radius)
    assert heavy.stroke == pytest.approx(2 * light.stroke)
    assert heavy.radius == WORLD.radius


def test_the_key_has_circles_of_round_amounts_by_the_same_measure(run: Run) -> None:
    panel = drawn(sent(run, ("US", 4_000_000))).panels[0]
    assert [text.en for _, text in panel.key] == ["2 MB", "200 kB", "20 kB"]
    assert panel.key[0][0] == pytest.approx(WORLD.radius * 0.5**0.5)


def test_nobody_who_got_something_is_too_small_to_be_seen(run: Run) -> None:
    panel = drawn(sent(run, ("US", 10**12), ("DE", 1), ("FR", 0))).panels[0]
    assert min(spot.radius for spot in panel.spots) > WORLD.radius / 20


def test_a_run_in_which_nothing_is_known_to_have_left_is_drawn_all_the_same(run: Run) -> None:
    panel = drawn(sent(run, ("US", 0))).panels[0]
    assert panel.key == ()
    assert len(panel.spots) == 1


def test_destinations_without_a_point_are_told_not_drawn(run: Run) -> None:
    one = sent(run, ("EU", 9), ("US", 5), ("zz<b>", 1))
    assert [each.country for each in drawn(one).missing] == ["EU", "zz<b>"]
    text = Page(html(one)).shown("vi")
    assert "Không vẽ trên bản đồ (không có điểm đặt): Châu Âu (không rõ nước) , zz<b>." in text


def test_there_is_no_map_where_no_destination_has_a_point(run: Run) -> None:
    assert flow_map(sent(run)) is None
    assert flow_map(sent(run, ("EU", 5))) is None
    assert "<figure" not in html(sent(run))


def boxes(panel: Panel) -> list[object]:
    labels = [panel.home_label, *(spot.label for spot in panel.spots)]
    return [label.box for label in labels if label]


@pytest.mark.parametrize("many", [1, 12, 240])
def test_no_names_overlap_on_either_panel(run: Run, many: int) -> None:
    codes = [code for code in sorted(world().points) if code != "VN"]
    near = ["SG", "HK", "TW", "MO", "CN", "LA", "KH", "TH", "MY", "PH", "JP", "KR"]
    ordered = [*near, *(code for code in codes if code not in near)][:many]
    amounts = [(code, 10**9 // (place + 1)) for place, code in enumerate(ordered)]
    for panel in drawn(sent(run, *amounts)).panels:
        found = boxes(panel)
        assert not any(a.meets(b) for a, b in combinations(found, 2))  # type: ignore[attr-defined]
        if panel.frame is SEAS:
            assert len(found) >= min(many, 5)


def test_who_is_named_on_the_inset_is_not_named_on_the_world_again(run: Run) -> None:
    whole, seas = drawn(sent(run, ("SG", 5), ("US", 3))).panels
    assert [spot.label is None for spot in whole.spots] == [True, False]
    assert [spot.code for spot in seas.spots] == ["SG"]
    assert seas.spots[0].label is not None
    assert whole.inset == SEAS.window


def test_another_home_has_the_world_alone(run: Run) -> None:
    (panel,) = drawn(sent(run, ("VN", 5), ("US", 3), home="SG")).panels
    assert panel.home == world().points["SG"]
    assert panel.inset is None
    (without,) = drawn(sent(run, ("US", 3), home="??")).panels
    assert without.home is None
    assert [spot.arc for spot in without.spots] == [""]


@pytest.mark.parametrize("home", ["VN", "SG"])
def test_every_panel_shows_hoang_sa_and_truong_sa_by_name_in_both_languages(
    run: Run, home: str
) -> None:
    one = sent(run, ("US", 3), home=home)
    for panel in drawn(one).panels:
        assert [len(each.marks) > 4 for each in panel.islands] == [True, True]
    page = Page(html(one))
    for language, country in (("vi", "(Việt Nam)"), ("en", "(Viet Nam)")):
        text = page.shown(language)
        panels = len(drawn(one).panels)
        for name in ("Hoàng Sa", "Trường Sa"):
            assert text.count(f"{name} ") >= panels
            assert (f"{name} {country}" in text) == (panels == 2 or language == "vi")


def test_screen_readers_are_told_what_the_panels_show(run: Run) -> None:
    page = Page(html(run))
    pictures = [attributes for tag, attributes in page.tags if attributes.get("role") == "img"]
    assert len(pictures) == 2
    ids = {attributes.get("id") for _, attributes in page.tags}
    for picture in pictures:
        assert set(str(picture["aria-labelledby"]).split()) <= ids
    assert "Bản đồ thế giới: dữ liệu ra nước ngoài / World map: data leaving" in page.shown("en")
    assert not [attributes for _, attributes in page.tags if "tabindex" in attributes]


def test_the_map_adds_little_to_the_page(run: Run) -> None:
    more = len(html(run).encode()) - len(html(sent(run)).encode())
    assert more < 75_000
