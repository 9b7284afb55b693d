"""A probe: one question, answered from facts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from auditor.checklist.facts import Facts
from auditor.model.readiness import Answer, Coverage, Outcome, Reference
from auditor.model.text import Text

REFERENCES: Final = 20
"""References that an outcome shows; the rest is counted."""

Arguments = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Probe:
    """One question.

    Attributes:
        id: how items name it.
        question: what it answers.
        needs: what it looks at: ``traffic``, ``network``, ``inventory``, ``baseline``, or kinds
            of evidence (for generic probes the argument ``kind`` names it).
        proves: ``both`` = it may say that something holds; ``failure`` = at best nothing speaks
            against it (``clear``).
        arguments: names of the arguments it understands.
        answer: the outcome for these facts. It may raise ``InputError`` for evidence that cannot
            be read.
    """

    id: str
    question: Text
    needs: tuple[str, ...]
    proves: Literal["both", "failure"]
    answer: Callable[[Facts, Arguments], Found]
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """What a probe's function gives back; ``asked`` makes an ``Outcome`` of it.

    Attributes:
        references: all of them; they are cut and counted later.
    """

    answer: Answer
    vi: str
    en: str
    references: Sequence[Reference] = ()
    rests_on: str = ""
    way_out: Text | None = None
    coverage: Coverage | None = None


def asked(probe: Probe, facts: Facts, arguments: Arguments) -> Outcome:
    """The probe's outcome; evidence that cannot be read makes it ``unknown``, a crash ``error``."""
    from auditor.model.errors import AuditorError

    try:
        found = probe.answer(facts, arguments)
    except AuditorError as error:
        found = Found(
            "unknown",
            f"Không đọc được bằng chứng: {error.place}: {error.message}",
            f"Evidence cannot be read: {error.place}: {error.message}",
            way_out=Text(f"Xem lại tệp. {error.hint}", error.hint),
        )
    except Exception as error:  # noqa: BLE001 - one probe's crash must not end the check
        found = Found(
            "error",
            f"Phép kiểm tra bị lỗi ({type(error).__name__}); kết quả không dùng được.",
            f"The probe broke down ({type(error).__name__}); it says nothing.",
            way_out=Text(
                "Chạy lại với --debug và gửi thông báo cho người bảo trì.",
                "Run again with --debug and give the message to the maintainers.",
            ),
        )
    if found.answer == "pass" and probe.proves == "failure":
        raise AssertionError(f"{probe.id} can only prove failure, but says pass")
    return Outcome(
        probe.id,
        found.answer,
        Text(found.vi, found.en),
        found.rests_on,
        found.way_out,
        tuple(found.references[:REFERENCES]),
        max(0, len(found.references) - REFERENCES),
        found.coverage,
    )


def unknown(vi: str, en: str, way_vi: str, way_en: str) -> Found:
    """Nothing can be told: what is missing, and what to supply."""
    return Found("unknown", vi, en, way_out=Text(way_vi, way_en))
