from __future__ import annotations

from auditor.model.countries import NAMES
from auditor.report.world import world


def test_every_country_with_a_name_has_a_point_but_those_without_a_place() -> None:
    assert set(NAMES) - set(world().points) <= {"AQ", "AP", "EU", "BV", "HM"}
    assert {"SG", "HK", "MO", "US", "VN"} <= set(world().points)


def test_points_lie_on_the_map() -> None:
    for x, y in world().points.values():
        assert 0 <= x <= world().width
        assert 0 <= y <= world().height


def test_outlines_are_path_data_and_nothing_else() -> None:
    for outline in world().countries.values():
        assert outline.startswith("M")
        assert set(outline) <= set("Mlz0123456789- ")


def test_both_archipelagos_are_there_as_vietnams() -> None:
    names = [each.name.vi for each in world().islands]
    assert names == ["Quần đảo Hoàng Sa (Việt Nam)", "Quần đảo Trường Sa (Việt Nam)"]
    assert all(len(each.marks) >= 5 for each in world().islands)
