from __future__ import annotations

from datetime import UTC, datetime

import pytest

from auditor.store import captured, opened
from auditor.store.tables import files

MOMENT = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("states", "counted"),
    [
        ((), False),
        (("taken",), True),
        (("known",), True),
        (("waiting",), False),
        (("quarantined",), False),
        (("taken", "known"), True),
        (("taken", "waiting"), False),
    ],
)
def test_a_file_counts_as_audited_once_all_jobs_that_saw_it_took_it(tmp_path, states, counted):
    store = opened(tmp_path)
    try:
        with store.writing() as connection:
            for number, state in enumerate(states):
                connection.execute(
                    files.insert(),
                    {
                        "job": f"job-{number}", "name": "/r/a.pcap", "stamp": "1", "size": 1,
                        "state": state, "first_seen": MOMENT, "steady_since": MOMENT,
                    },
                )  # fmt: skip
        with store.reading() as connection:
            assert captured.audited(connection, "/r/a.pcap") is counted
            assert not captured.audited(connection, "/r/b.pcap")
    finally:
        store.close()
