"""Who is told? Drafts of what is new or in trouble, and their delivery from the outbox."""

from auditor.agent.notices.delivery import Delivered, deliver, tried
from auditor.agent.notices.drafts import (
    assessment_drafts,
    news_drafts,
    recovery_drafts,
    silence_drafts,
    trouble_drafts,
)

__all__ = [
    "Delivered",
    "assessment_drafts",
    "deliver",
    "news_drafts",
    "recovery_drafts",
    "silence_drafts",
    "tried",
    "trouble_drafts",
]
