"""How far two flow tables of the same captures agree."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing two engines say differently about one conversation.

    Attributes:
        source: the file.
        conversation: protocol and both ends.
        what: ``packets``, ``bytes``, ``payload``, ``initiator``, ``host``, ``tunnel``, ``unseen``,
            ``start``, ``end``; ``conversation`` where only one engine has it.
        first, second: the two values as text; null = that engine has nothing there.
    """

    source: str
    conversation: str
    what: str
    first: str | None
    second: str | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two engines over the same captures.

    Attributes:
        first, second: names of the engines.
        files: captures compared.
        conversations: conversations of either engine.
        only_first, only_second: of these, known to one engine only.
        equal: of these, with equal packets and IP bytes in both directions.
        attributes: per attribute, how many of the conversations that both know agree in it.
        differences: every single difference.
    """

    first: str
    second: str
    files: int = 0
    conversations: int = 0
    only_first: int = 0
    only_second: int = 0
    equal: int = 0
    attributes: dict[str, int] = field(default_factory=dict)
    differences: tuple[Difference, ...] = ()

    @property
    def both(self) -> int:
        """Conversations that both engines know."""
        return self.conversations - self.only_first - self.only_second
