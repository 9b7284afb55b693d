"""What is told to whom."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest

from auditor.agent.notices import drafts, wording
from auditor.model.text import Text
from auditor.store.assessments import Changes, Expiring, ItemChange
from auditor.store.findings import News
from tests.agent.notices.conftest import NOON, Run, change, drop, notice, settings

NEWS = News(new=(change(1),), gone=(change(2, severity="low", flows=0, outbound_bytes=0),))


def told(news=NEWS, *channels, job="night"):
    heard = settings(*(channels or (drop("notices"),)))
    return drafts.news_drafts(news, Run, job, heard, NOON)


def test_news_say_what_run_what_changed_and_what_is_not_known():
    (draft,) = told()
    assert (draft.channel, draft.kind, draft.job, draft.run_id) == (
        "drop",
        "news",
        "night",
        Run.run_id,
    )
    content = draft.content
    assert content["counts"] == {"new": 1, "back": 0, "changed": 0, "gone": 1}
    assert content["run"]["id"] == Run.run_id and content["agency"] == Run.agency
    assert content["doubts"] == {
        "problems": 1,
        "undecided_flows": 3,
        "undecided_outbound_bytes": 7000,
    }
    first = content["changes"][0]
    assert first["title"]["vi"] == "Dữ liệu cá nhân ra nước ngoài"
    assert first["countries"] == ["SG"] and first["outbound_bytes"] == 2_400_000_000
    assert json.loads(json.dumps(content)) == content
    assert draft.severity == "high"


def test_what_is_claimed_to_be_exempt_is_told_with_the_state_it_had():
    claimed = change(3, state="exempt", changes={"state": ["open", "exempt"]})
    lines = "\n".join(wording.lines(notice(news=News(changed=(claimed,)))))
    assert "Cao · Được khai là miễn · " in lines and "High · Exempt: claimed · " in lines
    assert "trạng thái: Cần xem xét → Được khai là miễn" in lines


def test_nothing_new_is_no_notice():
    assert told(News()) == []
    assert told(News(same=(change(1),))) == []


def test_the_same_run_told_twice_is_one_notice():
    assert [draft.id for draft in told()] == [draft.id for draft in told()]
    assert told()[0].id != told(job="day")[0].id


def test_channels_hear_of_their_jobs_and_kinds_alone():
    channels = (
        drop("a", name="all"),
        drop("b", name="nights", jobs=("night",)),
        drop("c", name="days", jobs=("day",)),
        drop("d", name="troubles", about=("trouble",)),
    )
    assert [draft.channel for draft in told(NEWS, *channels)] == ["all", "nights"]
    heard = settings(*channels)
    whole = drafts.trouble_drafts(None, "disk", heard, NOON)
    assert [draft.channel for draft in whole] == ["all", "nights", "days", "troubles"]
    of_day = drafts.trouble_drafts("day", "job-failed", heard, NOON, but="all")
    assert [draft.channel for draft in of_day] == ["days", "troubles"]
    silent = drafts.silence_drafts("night", NOON, heard, NOON)
    assert [draft.channel for draft in silent] == ["all", "nights"]


def test_what_is_less_severe_than_wanted_is_not_told():
    assert told(NEWS, drop("x", at_least="critical")) == []
    (draft,) = told(NEWS, drop("x", at_least="high"))
    assert draft.content["counts"]["gone"] == 0
    lighter = change(3, severity="low", changes={"severity": ["critical", "low"]})
    (draft,) = told(News(changed=(lighter,)), drop("x", at_least="high"))
    assert draft.content["changes"][0]["changes"] == {"severity": ["critical", "low"]}


def test_what_is_gone_wakes_nobody():
    (draft,) = told(News(gone=(change(1, severity="critical"),)))
    assert draft.severity == "info"


def test_fifty_are_listed_the_heaviest_first_and_the_rest_is_counted():
    many = [change(number, severity="low") for number in range(70)]
    (draft,) = told(News(new=(*many, change(99, severity="critical"))))
    assert len(draft.content["changes"]) == 50 and draft.content["more"] == 21
    assert draft.content["changes"][0]["id"] == "f0099"
    assert draft.content["counts"]["new"] == 71


def test_foreign_text_is_made_harmless():
    evil = change(recipient="a\x00b\u202ec\nd\udcff" + "x" * 5000, title=Text("v\r\n", "e\x1b[0m"))
    (draft,) = told(News(new=(evil,)))
    text = json.dumps(draft.content, ensure_ascii=False)
    text.encode()
    assert not any(character in text for character in "\x00\u202e\x1b\udcff")
    assert len(text) < 3000
    bad = drafts.trouble_drafts("night", "source", settings(drop("x")), NOON, detail="/a\udcff\nb")
    assert bad[0].content["detail"] == "/a\\xff b"


def test_troubles_and_their_end_are_told_once_each():
    heard = settings(drop("x"))
    first = drafts.trouble_drafts("night", "job-failed", heard, NOON, occasion="17")
    again = drafts.trouble_drafts(
        "night", "job-failed", heard, NOON + timedelta(hours=1), occasion="17"
    )
    other = drafts.trouble_drafts("night", "job-failed", heard, NOON, occasion="18")
    over = drafts.recovery_drafts("night", "job-failed", heard, NOON, occasion="17")
    assert first[0].id == again[0].id
    assert len({first[0].id, other[0].id, over[0].id}) == 3
    assert (over[0].kind, over[0].content["kind"], over[0].severity) == (
        "trouble",
        "recovery",
        "info",
    )
    assert drafts.recovery_drafts("night", "silence", heard, NOON)[0].kind == "silence"


def test_a_trouble_without_words_of_its_own_is_told_all_the_same():
    (draft,) = drafts.trouble_drafts(None, "flood", settings(drop("x")), NOON, detail="wet")
    assert (draft.content["what"], draft.content["detail"]) == ("flood", "wet")
    assert draft.content["text"]["en"] == wording.TROUBLES["agent"].en


def test_a_checklist_is_told_when_it_says_otherwise():
    heard = settings(drop("x"))
    nothing = Changes(first=True, verdict=None, items=(), expiring=())
    assert drafts.assessment_drafts(nothing, "dkkd", "night", "1", heard, NOON) == []
    changes = Changes(
        first=False,
        verdict=("ready", "not-ready"),
        items=(ItemChange("NET-01", Text("Tường lửa", "Firewall"), "pass", "fail"),),
        expiring=(Expiring("GOV-02", Text("Quyết định", "Decision"), date(2026, 12, 1)),),
    )
    (draft,) = drafts.assessment_drafts(changes, "dkkd", "night", "2", heard, NOON)
    assert draft.severity == "medium"
    text = "\n".join(wording.lines(notice(content=draft.content)))
    for word in ("Tường lửa", "Firewall", "NET-01", "GOV-02", "2026-12-01", "dkkd"):
        assert word in text


def test_a_digest_has_fifty_changes_in_all_and_counts_the_rest():
    many = News(new=tuple(change(number) for number in range(40)))
    gathered = [notice(number, news=many) for number in range(60)]
    content = drafts.digest("drop", gathered, NOON).content
    assert len(content["notices"]) == 50 and content["more_notices"] == 10
    assert [len(each["changes"]) for each in content["notices"][:3]] == [40, 10, 0]
    assert [each["more"] for each in content["notices"][:3]] == [0, 30, 40]
    assert len(gathered[1].content["changes"]) == 40  # what waits is left as it was
    text = "\n".join(wording.lines(notice(content=content, kind="digest")))
    assert "và 10 thông báo khác" in text and "and 10 more notices" in text


@pytest.mark.parametrize("kind", ["news", "trouble", "silence", "recovery", "digest", "test"])
def test_every_kind_is_told_in_vietnamese_first_and_never_as_a_verdict(kind):
    heard = settings(drop("x"))
    made = {
        "news": lambda: told(NEWS)[0].content,
        "trouble": lambda: drafts.trouble_drafts(None, "disk", heard, NOON)[0].content,
        "silence": lambda: drafts.silence_drafts("night", None, heard, NOON)[0].content,
        "recovery": lambda: drafts.recovery_drafts("night", "silence", heard, NOON)[0].content,
        "digest": lambda: drafts.digest("drop", [notice(news=NEWS)], NOON).content,
        "test": lambda: drafts.trial("drop", NOON),
    }[kind]()
    assert made["kind"] == kind
    one = notice(content=made)
    text = "\n".join([wording.subject(one), *wording.lines(one)])
    assert text.index(made["title"]["vi"]) < text.index(made["title"]["en"])
    assert "violation" not in text.lower() and "vi phạm" not in text.lower()


def test_no_word_of_any_trouble_is_a_verdict():
    for text in (*wording.TROUBLES.values(), *wording.TITLES.values(), wording.INDICATOR):
        assert "violation" not in text.en.lower() and "vi phạm" not in text.vi.lower()
