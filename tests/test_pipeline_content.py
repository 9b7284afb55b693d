"""What the audit of a capture says of its content, and what it never says."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from random import Random

import pytest

from auditor import pipeline, report
from auditor.model.run import to_json

ROOT = Path(__file__).parents[1]
DOCUMENTS = ROOT / "samples" / "pcaps" / "documents.pcap"
EXAMPLES = ROOT / "policies" / "examples"
ORDER = pipeline.Order(
    paths=(DOCUMENTS,),
    policies=ROOT / "policies",
    geoip=ROOT / "geoip",
    inventory=EXAMPLES / "inventory.yaml",
    dossiers=EXAMPLES / "dossiers.yaml",
)
KEY = bytes(range(32))
FRANCE, GERMANY, CLOUD = "OVH SAS", "Hetzner Online GmbH", "Amazon.com, Inc."


class Quiet:
    def stage(self, name, total=None):
        pass

    def advance(self, size):
        pass


def audit(**changes) -> pipeline.Audit:
    order = replace(ORDER, **{"hash_key": KEY, **changes})
    return pipeline.audit(order, lambda: datetime(2026, 11, 22, tzinfo=UTC), Quiet())


@pytest.fixture(scope="module")
def done() -> pipeline.Audit:
    return audit()


@pytest.fixture(scope="module")
def written(done) -> dict[str, bytes]:
    """Everything that is written down or shown, as bytes."""
    tables = {}
    for name, write in (
        ("flows.parquet", pipeline.write_parquet),
        ("flows.csv", pipeline.write_csv),
        ("flows.jsonl", pipeline.write_json_lines),
    ):
        file = BytesIO()
        write(done.table, file)
        tables[name] = file.getvalue()
    return {
        "run.json": to_json(done.run).encode(),
        "report.html": report.html(done.run).encode(),
        **tables,
    }


@pytest.fixture(scope="module")
def secrets(scene) -> dict[str, set[str]]:
    """Every value that a person of the scene could be known by."""
    found = {"numbers": set(), "names": set(), "phones": set(), "addresses": set()}
    for one in scene:
        found["numbers"].add(one.number)
        found["names"].add(one.name)
        found["phones"].add(one.phone)
        found["addresses"].add(one.address)
    return found


@pytest.fixture(scope="module")
def scene():
    """The persons whom the generator draws for the scene: it is run once more, and watched."""
    drawn = []
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "samples"))
        spec = importlib.util.spec_from_file_location(
            "samples_documents", ROOT / "samples" / "documents_scene.py"
        )
        loaded = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(loaded)
        people = loaded.people

        def watched(rng: Random, count: int):
            drawn.extend(people(rng, count))
            return drawn[-count:]

        patch.setattr(loaded, "people", watched)
        assert loaded.documents() == DOCUMENTS.read_bytes()
        for name in ("documents_scene", "papers", "people", "wire"):
            sys.modules.pop(name, None)
    return drawn


def finding(done, rule, system, recipient, category=None):
    (one,) = [
        each
        for each in done.run.findings
        if (each.rule, each.system, each.recipient, each.category)
        == (rule, system, recipient, category)
    ]
    return one


def recognised(one):
    return {each.detector: each for each in one.evidence.recognised}


def test_the_workbook_in_the_zip_in_the_mail_names_its_citizens(done):
    one = finding(done, "personal-data-abroad", "hr", FRANCE, "B7")
    number = recognised(one)["personal-number"]
    assert (number.flows, number.matches, number.distinct, number.exact) == (1, 120, 120, True)
    assert (number.certainty, number.subject, number.withheld) == ("firm", "person", False)
    assert number.places == (
        "SMTP mail / danh-sach.zip / danh-sach/cong-dan.xlsx / column so_dinh_danh",
    )
    assert (one.evidence.subjects, one.evidence.subjects_basis) == (120, "counted")
    assert one.evidence.read_bytes == one.evidence.outbound_bytes


def test_samples_are_masked(done, secrets):
    shown = [
        (each.detector, sample)
        for one in done.run.findings
        for each in one.evidence.recognised
        for sample in each.samples
    ]
    assert {"personal-number", "phone", "full-name", "vietqr", "email-address"} <= {
        detector for detector, _ in shown
    }
    for detector, sample in shown:
        assert "*" in sample
        assert len(re.sub(r"[*…]", "", sample)) <= 6, (detector, sample)
    assert not {sample for _, sample in shown} & set().union(*secrets.values())


def test_what_a_system_does_not_declare_is_recognised_in_its_content(done):
    flows = done.flows.set_index("dst_port")
    upload = flows.loc[195 * 256 + 149]
    assert upload["system_id"] == "web"  # which declares that it holds nothing
    assert upload["class_basis"] == "content"
    sure = dict(zip(upload["content_labels"], upload["content_certainties"], strict=True))
    assert sure["B7"] == "firm"
    assert set(upload["categories"]) == {"B1", "B2", "B3", "B4", "B7"}
    assert upload["level"] == "personal"
    assert (upload["subjects"], upload["subjects_basis"]) == (40, "counted")
    for category in ("B1", "B2", "B3", "B4", "B7"):
        assert finding(done, "personal-data-abroad", "web", FRANCE, category).state == "open"


def test_the_call_of_the_interface_holds_four_kinds_of_values(done):
    one = finding(done, "clear-text-sensitive-personal", "citizen-portal", CLOUD)
    found = recognised(one)
    assert {name: (each.distinct, each.certainty) for name, each in found.items()} == {
        "vietqr": (1, "firm"),
        "tax-code": (1, "firm"),
        "phone": (1, "likely"),
        "email-address": (1, "likely"),
    }
    assert found["tax-code"].subject == "organisation"
    category = finding(done, "personal-data-abroad", "citizen-portal", CLOUD, "S-k")
    assert set(recognised(category)) == {"vietqr"}


def test_a_secrecy_mark_is_the_first_finding_and_nothing_beside_it_is_shown(done):
    one = finding(done, "secrecy-mark-abroad", "land-registry", GERMANY)
    assert (one.severity, one.state, one.category) == ("critical", "open", None)
    found = recognised(one)
    assert set(found) == {"secrecy-mark-high", "personal-number", "phone"}
    assert one.evidence.recognised[0].detector == "secrecy-mark-high"
    assert found["secrecy-mark-high"].certainty == "firm"
    assert {each.places for each in found.values()} == {("HTTP request body",)}  # no file's name
    for of_system in done.run.findings:
        if (of_system.system, of_system.recipient) == ("land-registry", GERMANY):
            for each in of_system.evidence.recognised:
                assert (each.samples, each.withheld) == ((), True)


def test_many_different_packed_names_under_one_domain_are_a_channel(done):
    one = finding(done, "covert-channel-abroad", "citizen-portal", GERMANY)
    (channel,) = one.evidence.recognised
    assert (one.severity, one.evidence.flows, channel.flows) == ("high", 40, 40)
    assert channel.samples == ()
    assert channel.places == ("DNS queries under example.org: 1,920 bytes in 40 different labels",)


def test_what_is_only_fetched_is_no_transfer(done):
    assert [one for one in done.run.findings if one.recipient == "The University of Tokyo"] == []
    row = done.flows[done.flows["dst_ip"] == "133.11.93.40"].iloc[0]
    assert (row["class_basis"], list(row["categories"])) == ("declared", [])
    assert list(row["content_labels"]) == []
    assert row["inbound_bytes"] > 2_000
    came = [each for each in done.counted if each.outbound is False]
    assert {each.recipient for each in came} == {"The University of Tokyo"}
    assert {each.detector: each.count for each in came}["personal-number"] == 30


def test_what_became_of_the_bytes_adds_up_to_what_crossed(done):
    out, into = done.run.totals.content
    assert (out.outbound, into.outbound) == (True, False)
    assert out.bytes == done.run.totals.outbound_bytes
    assert into.bytes == done.run.totals.inbound_bytes
    for each in (out, into):
        assert each.read + each.raw + sum(each.unread.values()) + each.logged == each.bytes
    assert out.unread == {}


def test_content_that_is_left_alone_leaves_no_trace():
    left = audit(content=False)
    assert left.run.settings["content"] == "left alone"
    assert (left.run.totals.content, left.counted) == ((), ())
    assert all(one.evidence.recognised == () for one in left.run.findings)
    assert not {"secrecy-mark-abroad", "covert-channel-abroad"} & {
        one.rule for one in left.run.findings
    }
    for name in ("content_labels", "content_certainties", "read_bytes", "raw_bytes", "unread_why"):
        assert left.flows[name].isna().all(), name
    assert set(left.flows["class_basis"].dropna()) == {"declared"}


def test_the_same_key_counts_on_and_two_threads_count_what_one_counts(done):
    both = audit(jobs=2)
    assert both.counted == done.counted
    assert to_json(both.run) == to_json(done.run)


def test_another_key_tells_nothing_of_the_same_values(done):
    other = audit(hash_key=KEY[::-1])
    assert [replace(each, state=b"") for each in other.counted] == [
        replace(each, state=b"") for each in done.counted
    ]
    assert len(done.counted) > 10
    for one, another in zip(done.counted, other.counted, strict=True):
        assert one.state != another.state
    assert to_json(other.run) == to_json(done.run)  # the key is no part of what was found


def test_no_value_of_any_person_is_written_down(written, secrets):
    assert len(secrets["numbers"]) == 120 + 6 + 1 + 40 + 30
    capture = DOCUMENTS.read_bytes()
    assert sum(number.encode() in capture for number in secrets["numbers"]) > 50
    for name, content in written.items():
        for kind, values in secrets.items():
            for value in values:
                for form in (value, json.dumps(value)[1:-1]):
                    assert form.encode() not in content, (name, kind)


@pytest.mark.parametrize(
    "value",
    [b"nguyen.van.mau", b"000201010212", b"A000000727", b"mat-khau-mau", "hư cấu".encode()],
)
def test_nothing_else_of_what_was_sent_is_written_down(written, value):
    for name in ("run.json", "report.html", "flows.parquet", "flows.csv", "flows.jsonl"):
        assert value not in written[name], name


def test_a_finding_says_what_its_detectors_cannot_tell(done):
    account = finding(done, "personal-data-abroad", "citizen-portal", CLOUD, "S-k")
    said = " ".join(each.en for each in account.not_known)
    assert "people or organisations" in said and "own reading" in said
    mail = finding(done, "personal-data-abroad", "citizen-portal", CLOUD, "B10")
    assert "does not name mail addresses" in " ".join(each.en for each in mail.not_known)
