"""The text that people read, whole: reviewed as text, as is the document that programs read."""

from __future__ import annotations

import json

from auditor.agent.notices import drafts, sending, syslog, wording
from auditor.store.findings import News
from tests.agent.notices.conftest import NOON, change, drop, notice, settings

NEWS = News(
    new=(change(1, severity="critical"),),
    back=(change(2, system=None, countries=()),),
    changed=(
        change(
            3,
            severity="medium",
            state="undecided",
            changes={"severity": ["low", "medium"], "countries": [["SG"], ["SG", "US"]]},
        ),
    ),
    gone=(change(4, severity="low", flows=0, outbound_bytes=0),),
)


def test_news_as_people_read_them(golden):
    one = notice(news=NEWS)
    golden("notices/news.txt", "\n".join([wording.subject(one), "", *wording.lines(one)]) + "\n")


def test_news_as_programs_read_them(golden):
    document = sending.document(notice(news=NEWS))
    golden("notices/news.json", json.dumps(document, ensure_ascii=False, indent=2) + "\n")


def test_news_as_a_collector_reads_them(golden):
    golden("notices/news.cef", "\n".join(syslog.messages(notice(news=NEWS), "agent")) + "\n")


def test_a_digest_as_people_read_it(golden):
    heard = settings(drop("notices"))
    trouble = drafts.trouble_drafts(
        "day", "job-failed", heard, NOON, detail="x.pcap: is no capture"
    )
    silence = drafts.silence_drafts("night", NOON, heard, NOON)
    gathered = [notice(2, content=each.content, severity="high") for each in (*trouble, *silence)]
    draft = drafts.digest("drop", [notice(news=NEWS), *gathered], NOON)
    one = notice(3, content=draft.content, severity=draft.severity, kind="digest")
    golden("notices/digest.txt", "\n".join([wording.subject(one), "", *wording.lines(one)]) + "\n")
