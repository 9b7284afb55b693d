from __future__ import annotations

from dataclasses import replace

from auditor.inspect.announcements import MOST_PATH, MOST_WAITING, Announcements
from tests.inspect.recorder import head

CLIENT, SERVER = "192.0.2.7", "198.51.100.1"
PASSIVE = replace(head(50000), ends=(CLIENT, SERVER))
LISTENER = SERVER, 50000, CLIENT


def announced(*paths: str) -> Announcements:
    announcements = Announcements()
    for path in paths:
        announcements.add(LISTENER, path)
    return announcements


def test_an_announced_connection_is_known_whichever_end_seems_to_have_begun_it():
    turned = replace(PASSIVE, src_port=50000, dst_port=40000, ends=(SERVER, CLIENT))
    for flow in (PASSIVE, turned):
        known = announced("a.csv").known(flow)
        assert (known.app, known.file) == ("ftp-data", "a.csv")


def test_each_connection_takes_one_announcement_in_their_order():
    announcements = announced("a.csv", "b.csv")
    assert [announcements.known(PASSIVE).file for _ in range(3)] == ["a.csv", "b.csv", None]


def test_another_client_and_another_port_are_not_meant():
    announcements = announced("a.csv")
    for flow in (
        replace(PASSIVE, ends=("192.0.2.8", SERVER)),
        replace(PASSIVE, dst_port=50001),
    ):
        assert announcements.known(flow) is flow


def test_of_too_many_announcements_the_oldest_are_forgotten():
    announcements = announced("a.csv")
    for port in range(MOST_WAITING):
        announcements.add(("203.0.113.1", port, CLIENT), "x" * 2 * MOST_PATH)
    assert announcements.known(PASSIVE).file is None
    last = replace(PASSIVE, ends=(CLIENT, "203.0.113.1"), dst_port=MOST_WAITING - 1)
    assert announcements.known(last).file == "x" * MOST_PATH
