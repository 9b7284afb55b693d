"""nftables: the text that ``nft list ruleset`` prints, token by token."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal

from auditor.checklist.sources.firewall import Firewall, Unread
from auditor.checklist.sources.nftables import NARROW, ChainText, Clause, RuleText, Table, nftables

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKEN: Final = re.compile(r'"([^"\n]*)"|([{};])|(!=|==|,)|(#[^\n]*)|(\n)|([^\s{};,"]+)')
_VERDICTS: Final[dict[str, Literal["accept", "deny", "return"]]] = {
    "accept": "accept", "drop": "deny", "reject": "deny", "return": "return",
}  # fmt: skip
_ALONE: Final = ("masquerade", "notrack", "random", "persistent", "fully-random")

Token = tuple[str, int]


def nftables_text(text: str) -> Firewall:
    """The firewall that the text describes."""
    reading = _Reading(list(_tokens(text)))
    reading.all()
    return nftables(reading.tables, reading.unread)


def _tokens(text: str) -> Iterator[Token]:
    line = 1
    for quoted, brace, sign, comment, newline, word in _TOKEN.findall(text):
        if newline:
            yield "\n", line
            line += 1
        elif not comment:
            # quotes are kept as a mark: "drop" in quotes is a name
            yield (brace or sign or word or f'"{quoted}'), line


class _Reading:
    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.at = 0
        self.tables: list[Table] = []
        self.unread: list[Unread] = []

    def all(self) -> None:
        """Reads every table."""
        while (statement := self.statement()) is not None:
            match [word for word, _ in statement]:
                case ["table", family, name, "{"]:
                    self.table(Table(family, name.lstrip('"')))
                case ["table", name, "{"]:
                    self.table(Table("ip", name.lstrip('"')))
                case ["flush" | "define" | "include", *_]:
                    self.tell(statement)
                case _:
                    self.tell(statement)
                    if statement[-1][0] == "{":
                        self.skipped()

    def statement(self) -> list[Token] | None:
        """The tokens up to a line's end, ``;``, an opening block, or its end; null = no more.

        Braces that follow a word of a condition (sets in a rule) belong to the statement.
        """
        found: list[Token] = []
        depth = 0
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            self.at += 1
            if token[0] in ("\n", ";") and depth == 0:
                if found:
                    return found
            elif token[0] == "\n":
                continue
            elif token[0] == "{":
                found.append(token)
                if depth == 0 and found[0][0] in ("table", "chain", "set", "map", "flowtable"):
                    return found
                depth += 1
            elif token[0] == "}":
                if depth == 0:
                    if found:
                        self.at -= 1
                        return found
                    return [token]
                found.append(token)
                depth -= 1
            else:
                found.append(token)
        return found or None

    def tell(self, statement: list[Token]) -> None:
        """Counts a statement that was not understood."""
        if statement[0][0] not in ("}", "flush"):
            words = " ".join(word for word, _ in statement[:2])
            self.unread.append(Unread(f"line {statement[0][1]}", words[:40]))

    def skipped(self) -> None:
        """Leaves a block."""
        depth = 1
        while depth and self.at < len(self.tokens):
            depth += {"{": 1, "}": -1}.get(self.tokens[self.at][0], 0)
            self.at += 1

    def table(self, table: Table) -> None:
        """Reads the block of a table."""
        self.tables.append(table)
        while (statement := self.statement()) is not None:
            match [word for word, _ in statement]:
                case ["}"]:
                    return
                case ["chain", name, "{"]:
                    chain = ChainText(name.lstrip('"'), f"line {statement[0][1]}")
                    table.chains[chain.name] = chain
                    self.chain(table, chain)
                case ["set", name, "{"]:
                    self.named(table, name.lstrip('"'))
                case ["map" | "flowtable" | "ct" | "counter" | "quota" | "limit", *_, "{"]:
                    self.skipped()
                case ["counter" | "quota" | "limit" | "ct" | "comment", *_]:
                    continue  # named objects decide nothing
                case _:
                    self.tell(statement)
        self.unread.append(Unread("end", "a block is not closed: cut off"))

    def named(self, table: Table, name: str) -> None:
        """Reads the block of a named set; the elements alone count."""
        elements: tuple[str, ...] | None = None
        while (statement := self.statement()) is not None and statement[0][0] != "}":
            words = [word for word, _ in statement]
            if words[:2] == ["elements", "="]:
                elements = tuple(_elements(words[3:-1]))
            elif words[0] == "flags" and "dynamic" in words:
                self.tell(statement)
        table.sets[name] = elements or ()

    def chain(self, table: Table, chain: ChainText) -> None:
        """Reads the block of a chain."""
        while (statement := self.statement()) is not None:
            words = [word for word, _ in statement]
            if words == ["}"]:
                return
            if words[0] == "type" and "hook" in words[:-1]:
                chain.kind, chain.hook = words[1], words[words.index("hook") + 1]
            elif words[0] == "policy":
                chain.policy = "deny" if words[1:2] == ["drop"] else "accept"
            elif words[0] != "comment":
                chain.rules.append(_rule(words, f"line {statement[0][1]}"))
        table.unread.append(Unread("end", "a block is not closed: cut off"))


def _elements(words: list[str]) -> Iterator[str]:
    """The elements of a set; what follows one (timeout, counter) is left out."""
    fresh = True
    for word in words:
        if word == ",":
            fresh = True
        elif fresh:
            yield word.lstrip('"')
            fresh = False


def _rule(words: list[str], place: str) -> RuleText:
    rule = RuleText(place)
    at = 0
    while at < len(words):
        at = _part(rule, words, at)
    return rule


def _part(rule: RuleText, words: list[str], at: int) -> int:
    """Takes in the part that begins here; gives where the next one begins."""
    word = words[at]
    following = words[at + 1] if at + 1 < len(words) else ""
    if word in _VERDICTS:
        rule.verdict = _VERDICTS[word]
        return len(words) if word == "reject" and following == "with" else at + 1
    if word in ("jump", "goto"):
        rule.verdict = "jump" if word == "jump" else "goto"
        rule.target = following.lstrip('"')
        return at + 2
    if word == "counter":
        if following == "packets" and at + 2 < len(words) and words[at + 2].isdigit():
            rule.hits = int(words[at + 2])
            return at + 5
        return at + (2 if following == "name" else 1) + (following == "name")
    if word == "comment":
        rule.comment = following.lstrip('"')[:200]
        return at + 2
    if word == "log":
        at += 1
        while at + 1 < len(words) and words[at] in (
            "prefix", "level", "group", "flags", "snaplen", "queue-threshold",
        ):  # fmt: skip
            at += 2
        return at
    if word == "limit":
        rule.clauses.append(Clause("limit"))
        at += 1
        while at < len(words) and words[at] not in (*_VERDICTS, "jump", "goto", "counter", "log"):
            at += 1
        return at
    if word in ("dnat", "snat", "redirect"):
        place = words.index("to", at) + 1 if "to" in words[at:] else len(words)
        if word != "snat":
            rule.published = words[place] if place < len(words) else ""
        return len(words)
    if word in _ALONE:
        return at + 1
    return _condition(rule, words, at)


def _condition(rule: RuleText, words: list[str], at: int) -> int:
    first, second = words[at], words[at + 1] if at + 1 < len(words) else ""
    if first == "meta":
        at += 1
        first, second = second, words[at + 1] if at + 1 < len(words) else ""
    key: str
    match first, second:
        case "ip" | "ip6", "saddr" | "daddr":
            key, start = second, at + 2
            family = "ipv4" if first == "ip" else "ipv6"
            rule.clauses.append(Clause("family", (family,)))
        case ("ip", "protocol") | ("ip6", "nexthdr"):
            key, start = "l4proto", at + 2
        case "tcp" | "udp" | "sctp" | "dccp", "dport" | "sport":
            rule.clauses.append(Clause("l4proto", (first,)))
            key, start = ("dport" if second == "dport" else "limit"), at + 2
        case "th", "dport":
            key, start = "dport", at + 2
        case "iifname" | "iif" | "oifname" | "oif", _:
            key, start = first[:3], at + 1
        case "l4proto", _:
            key, start = "l4proto", at + 1
        case "nfproto", _:
            key, start = "family", at + 1
        case "ct", "state" | "status":
            key, start = second, at + 2
        case _ if f"{first} {second}" in NARROW:
            key, start = f"{first} {second}", at + 2
        case _ if f"meta {first}" in NARROW:
            key, start = f"meta {first}", at + 1
        case _:
            rule.unread = " ".join(words[at : at + 2])
            return _to_verdict(words, at)
    if start < len(words) and words[start] == "vmap":
        if key == "state" and "new" not in words[start:]:
            return len(words)  # new connections go on
        rule.unread = "vmap"
        return len(words)
    negated = start < len(words) and words[start] == "!="
    start += negated or (start < len(words) and words[start] == "==")
    values, after = _values_at(words, start)
    if not values:
        rule.unread = " ".join(words[at : at + 2])
        return _to_verdict(words, at)
    rule.clauses.append(Clause(key, values, negated))
    return after


def _to_verdict(words: list[str], at: int) -> int:
    """Where the verdict stands, past a condition that is not known."""
    at += 1
    while at < len(words) and words[at] not in (*_VERDICTS, "jump", "goto", "counter", "comment"):
        at += 1
    return at


def _values_at(words: list[str], at: int) -> tuple[tuple[str, ...], int]:
    """The values written here (one, several with commas, or a set), and where they end."""
    if at < len(words) and words[at] == "{":
        end = words.index("}", at) if "}" in words[at:] else len(words)
        return tuple(_elements(words[at + 1 : end])), end + 1
    values: list[str] = []
    while at < len(words):
        values.append(words[at].lstrip('"'))
        at += 1
        if at >= len(words) or words[at] != ",":
            break
        at += 1
    return tuple(values), at
