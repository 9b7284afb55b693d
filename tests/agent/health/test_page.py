from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from auditor.agent.health.page import ago, clock


@pytest.mark.parametrize(
    ("length", "vi", "en"),
    [
        (timedelta(seconds=5), "5 giây trước", "5 seconds ago"),
        (timedelta(seconds=119), "119 giây trước", "119 seconds ago"),
        (timedelta(minutes=2), "2 phút trước", "2 minutes ago"),
        (timedelta(hours=47), "47 giờ trước", "47 hours ago"),
        (timedelta(days=2), "2 ngày trước", "2 days ago"),
        (timedelta(seconds=-5), "theo đồng hồ là tương lai", "in the future, by the clock"),
    ],
)
def test_how_long_ago_is_told_in_the_unit_that_suits(length, vi, en):
    assert (ago(length).vi, ago(length).en) == (vi, en)


def test_times_are_those_of_the_agency(tmp_path):
    moment = datetime(2026, 11, 21, 18, 30, tzinfo=UTC)
    assert clock(moment, ZoneInfo("Asia/Ho_Chi_Minh")).vi == "01:30:00 22/11/2026"
