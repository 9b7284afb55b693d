"""Detectors for tests, and a search of texts as slow and plain as can be."""

from __future__ import annotations

import re

from auditor.inspect.detectors.rules import Detector
from auditor.inspect.detectors.search import Search
from auditor.inspect.detectors.spans import Span, undisputed

KEY = bytes(range(32))
WORDS = ("số cccd", "căn cước", "điện thoại", "mst", "tel:")


def luhn(value: bytes) -> bool:
    """Whether the last digit is the check digit."""
    digits = [int(chr(one)) for one in value if 48 <= one < 58]
    doubled = [sum(divmod(2 * one, 10)) for one in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


CHECKS = {"luhn": luhn, "even": lambda value: value[-1:] in b"02468"}


def detector(name="number", **changes) -> Detector:
    """A detector; what a test does not say is of no matter to it."""
    content = {
        "id": name,
        "title": {"vi": "Số", "en": "Number"},
        "kind": "identifier",
        "labels": ["B7"],
        "mark": "M",
        "sources": [{"title": "a test", "mark": "M"}],
        "examples": {"hit": ["1"], "miss": ["2"]},
        "shown": (2, 2),
    }
    return Detector.model_validate(content | changes)


PERSON = detector(
    "person",
    patterns=["[0-9]{12}"],
    bound="digits",
    context={"words": ["số cccd", "căn cước"], "within": 40},
    columns=["số cccd"],
    minimum={"unnamed_column": 20},
)
CARD = detector(
    "card",
    patterns=["[0-9]{4}(?:[ -]?[0-9]{4}){3}"],
    bound="digits",
    check="luhn",
    minimum={"alone": 1},
    columns=["card"],
)
PHONE = detector(
    "phone",
    patterns=[r"(?:\+84|0)9[0-9]{8}", "09[0-9]{2} [0-9]{3} [0-9]{3}"],
    bound="digits",
    context={"words": ["điện thoại", "tel:"], "within": 20, "required": False},
    minimum={"alone": 3},
    columns=["điện thoại"],
)
PLATE = detector(
    "plate",
    patterns=["[1-9][0-9][A-Z]-?[0-9]{4,5}"],
    bound="word",
    context={"words": ["biển số"], "within": 30},
)
NAME = detector("name", columns=["họ tên"], any_value=True, minimum={"column": 2}, shown=(1, 0))
SECRET = detector(
    "secret", kind="mark", labels=["state-secret"], words=["TUYỆT MẬT"], minimum={"alone": 1}
)
TOPIC = detector(
    "topic", kind="topic", words=["tần số", "băng tần"], case=False, minimum={"alone": 2}
)
ALL = (PERSON, CARD, PHONE, PLATE, NAME, SECRET, TOPIC)


def searched(search: Search, *texts: bytes, place: str = "here"):
    """An item of these pieces of one text, closed."""
    item = search.item(0, place)
    for text in texts:
        item.text(text)
    item.close()
    return item


def told(item):
    """What was found, to be compared."""
    return {
        one.detector.id: (
            one.certainty, one.matches, one.subjects.to_bytes(), one.samples, one.places
        )
        for one in item.found
    }  # fmt: skip


def slowly(search: Search, text: bytes) -> list[Span]:
    """All matches of a text, by nothing but ``re`` and every start and end there is."""
    data = b"\n" + text + b"\n"
    found: list[Span] = []
    for sought in search.sought:
        words = sorted(
            end for number in sought.words for _, end in _all_of(search.expressions[number], data)
        )
        candidates = []
        for number in sought.numbers:
            first: dict[int, int] = {}
            for start, end in _all_of(search.expressions[number], data):
                first[end] = min(start, first.get(end, start))
            for end, start in first.items():
                near = [
                    max(start - word, word - end, 0)
                    for word in words
                    if start - sought.within <= word <= end + sought.within
                ]
                if (near or not sought.near) and sought.passes(data[start:end]):
                    candidates.append((start, -end, min(near, default=-1)))
        last = 0
        for start, late, distance in sorted(candidates):
            if start >= last:
                found.append(Span(start, -late, sought, distance, data[start:-late]))
                last = -late
    return undisputed(found)


def _all_of(expression, data):
    flags = re.MULTILINE | (0 if expression.case else re.IGNORECASE)
    source = re.compile(f"(?:{expression.source})".encode(), flags)
    fewest, most = expression.widths
    before, after = expression.before, expression.after
    if expression.spaced:
        data, before, after = _blanks(data), "word", "word"
    for start in range(1, len(data) - 1):
        for end in range(start + fewest, min(start + most, len(data) - 1) + 1):
            if (
                source.fullmatch(data, start, end)
                and _apart(before, data[:start], -1)
                and _apart(after, data[end:], 0)
            ):
                yield start, end


def _blanks(data: bytes) -> bytes:
    out = bytearray(data)
    for place in range(len(data)):
        for size in (1, 2, 3):
            if len(data) >= place + size and _is_sign(data[place : place + size]):
                out[place : place + size] = b" " * size
    return bytes(out)


def _apart(bound, beside: bytes, edge: int) -> bool:
    """Whether no character of a word (or digit) stands at that edge of ``beside``."""
    if bound == "none":
        return True
    if bound == "digits":
        return chr(beside[edge]) not in "0123456789"
    return any(_is_sign(beside[-size:] if edge else beside[:size]) for size in (1, 2, 3))


def _is_sign(one: bytes) -> bool:
    """Whether that is one character, and none of a word."""
    try:
        letter = one.decode()
    except UnicodeDecodeError:
        return False
    if len(letter) != 1:
        return False
    code = ord(letter)
    if code < 0x80:
        return not letter.isalnum()
    return (
        0x80 <= code < 0xC0 or 0x2000 <= code < 0x2C00 or 0x3000 <= code < 0x3040
        or code in (0xFEFF, 0xFFFD)
    )  # fmt: skip
