from __future__ import annotations

import random
from itertools import combinations

from auditor.report.labels import Box, Mark, labelled

FRAME = Box(0, 0, 400, 300)


def test_boxes_that_only_touch_do_not_meet() -> None:
    assert Box(0, 0, 10, 10).meets(Box(9, 9, 5, 5))
    assert not Box(0, 0, 10, 10).meets(Box(10, 0, 5, 5))
    assert Box(0, 0, 10, 10).meets(Box(5, 5, 0, 0))


def test_a_lonely_mark_has_its_name_at_its_right() -> None:
    (label,) = labelled([Mark(100, 100, 5, 8)], [], FRAME, 10)
    assert label is not None
    assert (label.anchor, label.leader) == ("start", None)
    assert label.x > 105


def test_a_name_goes_elsewhere_where_something_is_in_its_way() -> None:
    (label,) = labelled([Mark(100, 100, 5, 8)], [Box(106, 90, 60, 20)], FRAME, 10)
    assert label is not None
    assert label.anchor == "end"


def test_a_name_far_from_its_mark_is_tied_to_it_by_a_line() -> None:
    (label,) = labelled([Mark(200, 150, 5, 8)], [Box(185, 135, 30, 30)], FRAME, 10)
    assert label is not None
    assert label.leader is not None


def test_a_name_without_room_is_left_out() -> None:
    assert labelled([Mark(200, 150, 5, 8)], [FRAME], FRAME, 10) == [None]


def test_no_names_overlap_nor_leave_the_map_however_crowded_it_is() -> None:
    choice = random.Random(7)
    for _ in range(40):
        marks = [
            Mark(choice.uniform(0, 400), choice.uniform(0, 300), choice.uniform(2, 20), 12)
            for _ in range(14)
        ]
        boxes = [label.box for label in labelled(marks, [], FRAME, 10) if label]
        assert boxes
        assert not any(a.meets(b) for a, b in combinations(boxes, 2))
        for box in boxes:
            assert box.x >= 0 and box.x + box.width <= 400
            assert box.y >= 0 and box.y + box.height <= 300
