"""Who and what an OSCAL document names: parties, the tool, the evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.report.readiness.oscal_parts import (
    VERSION,
    Part,
    both,
    distinct,
    filled,
    identity,
    markup,
    markup_line,
    one_line,
    prop,
    reference,
    title,
    token,
    when,
)
from auditor.report.readiness.words import ROLE

if TYPE_CHECKING:
    from auditor.model.readiness import EvidenceRow, Readiness


def metadata(readiness: Readiness, name: str) -> Part:
    """Title, version and the parties that the document names."""
    subject = readiness.subject
    named = {
        "agency": subject.agency,
        "owner": subject.owner,
        "operator": subject.operator,
    }
    parties: list[Part] = []
    responsible: list[Part] = []
    roles = {token(role): role for role in named}
    for role, party in named.items():
        if party.strip():
            party_id = identity("party", party)
            parties.append({"uuid": party_id, "type": "organization", "name": one_line(party)})
            responsible.append({"role-id": token(role), "party-uuids": [party_id]})
    for item in readiness.items:
        given = [(each.person, each.role, each.unit) for each in item.attestations]
        if item.waiver:
            given.append((item.waiver.approver, item.waiver.role, ""))
        for person, role, unit in given:
            roles[token(role)] = role
            part = {
                "uuid": person_id(person, unit),
                "type": "person",
                "name": one_line(person),
                "props": prop("unit", unit),
            }
            parties.append(filled(part))
    return filled(
        {
            "title": markup_line(f"{name} - {subject.name or subject.system}"),
            "last-modified": when(readiness.at),
            "version": one_line(readiness.checklist_version),
            "oscal-version": VERSION,
            "props": [
                *prop("language", "vi"),
                *prop("fingerprint", readiness.fingerprint),
                *prop("checklist", readiness.checklist),
                *prop("checklist-sha256", readiness.checklist_sha256),
                *prop("auditor-version", readiness.auditor_version),
            ],
            "roles": [{"id": key, "title": _role_title(role)} for key, role in roles.items()],
            "parties": distinct(parties),
            "responsible-parties": responsible,
            "remarks": both(readiness.checklist_note),
        }
    )


def _role_title(role: str) -> str:
    known = ROLE.get(role)
    return f"{known.vi} / {known.en}" if known else markup_line(role)


def person_id(person: str, unit: str) -> str:
    """The party of a named person."""
    return identity("person", person, unit)


def tool_id(readiness: Readiness) -> str:
    """The program itself."""
    return identity("tool", readiness.auditor_version)


def assets(readiness: Readiness) -> Part:
    """The program as the tool that observations come from."""
    return {
        "components": [
            {
                "uuid": tool_id(readiness),
                "type": "software",
                "title": "auditor",
                "description": markup(f"auditor {readiness.auditor_version}"),
                "status": {"state": "operational"},
            }
        ],
        "assessment-platforms": [{"uuid": identity("platform"), "title": "auditor"}],
    }


def row_id(readiness: Readiness, row: EvidenceRow) -> str:
    """A piece of evidence with its content: another content is another resource."""
    return identity(readiness.subject.system, row.id, row.sha256)


def resources(readiness: Readiness) -> list[Part]:
    """The checklist and every registered piece of evidence."""
    plan = {
        "uuid": identity(readiness.checklist_sha256, "checklist"),
        "title": markup_line(readiness.checklist_title.vi),
        "description": both(readiness.checklist_title),
        "props": [
            *prop("checklist", readiness.checklist),
            *prop("version", readiness.checklist_version),
            *prop("sha256", readiness.checklist_sha256),
        ],
    }
    return [plan, *distinct([_resource(readiness, row) for row in readiness.evidence])]


def _resource(readiness: Readiness, row: EvidenceRow) -> Part:
    """A piece of evidence; one that was registered by metadata only has no link."""
    link = filled(
        {
            "href": reference(row.file),
            "hashes": [{"algorithm": "SHA-256", "value": row.sha256}] if row.sha256 else [],
        }
    )
    dates = ("dated", "effective", "collected", "registered")
    return filled(
        {
            "uuid": row_id(readiness, row),
            "title": title(row.id, row.kind_title),
            "props": [
                *prop("evidence", row.id),
                *prop("kind", row.kind),
                *prop("form", row.form),
                *prop("state", row.state),
                *(part for name in dates for part in prop(name, getattr(row, name))),
                *prop("signer", row.signer),
                *prop("registered-by", row.by),
                *(
                    prop("digital-signature", row.signature.vi, row.signature.en)
                    if row.signature
                    else []
                ),
            ],
            "document-ids": [{"identifier": one_line(row.number)}] if row.number else [],
            "rlinks": [link] if row.file else [],
        }
    )
