"""Notices by HTTPS POST, signed.

The body is the JSON document; the same bytes whenever the notice is sent. With it go:

====================  ============================================================================
Auditor-Notice        the notice's id: a receiver that has seen it answers 2xx and does nothing
Auditor-Timestamp     seconds since 1970 of this delivery
Auditor-Signature     ``v1=`` and the hex HMAC-SHA256, under the shared secret (UTF-8), of the
                      timestamp, a full stop, and the body
====================  ============================================================================

A receiver computes the same over the bytes it got, compares in constant time, and refuses a
timestamp more than five minutes off its own clock. 2xx is delivered; what else it answers is not:
408, 425, 429 and 5xx are tried again soon (``Retry-After`` is kept), anything else every hour.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

from auditor import __version__
from auditor.agent.addresses import webhook_address
from auditor.agent.notices.sending import TIMEOUT, Undelivered, body, secret, told, trusting

if TYPE_CHECKING:
    from pathlib import Path

    from auditor.agent.channels import Webhook
    from auditor.store.outbox import Notice

LONGEST_WAIT: Final = timedelta(days=1)
"""What a receiver may ask for by ``Retry-After``."""
PASSING: Final = (408, 425, 429)
ABOUT_THE_BODY: Final = (400, 413, 415, 422)
"""Answers that speak of this one notice; others speak of the receiver, and all notices wait."""


def sent(webhook: Webhook, notice: Notice, now: datetime) -> str:
    """Posts the notice.

    Returns:
        nothing to remark.

    Raises:
        Undelivered: the receiver did not answer 2xx.
    """
    url = webhook.url or secret(webhook.url_env, webhook.url_file, "webhook.url") or ""
    key = secret(webhook.secret_env, webhook.secret_file, "webhook.secret") or ""
    try:
        webhook_address(url)
    except ValueError as error:
        raise Undelivered(f"the webhook's address {error}", slow=True) from None
    content = body(notice)
    stamp = str(int(now.timestamp()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"auditor/{__version__}",
        "Auditor-Notice": notice.id,
        "Auditor-Timestamp": stamp,
        "Auditor-Signature": f"v1={signature(key, stamp, content)}",
    }
    status, wait = asyncio.run(_answer(url, webhook.ca, headers, content, (url, key)))
    if 200 <= status < 300:
        return ""
    why = f"the receiver answers {status}"
    if 300 <= status < 400:
        why += ", to go elsewhere: write the final address"
    passing = status in PASSING or status >= 500
    raise Undelivered(
        why,
        slow=not passing,
        alone=status in ABOUT_THE_BODY,
        wait=_waiting(wait, now) if passing else None,
    )


def signature(key: str, stamp: str, content: bytes) -> str:
    """HMAC-SHA256 (RFC 2104) of ``stamp.content``, in hex."""
    return hmac.new(key.encode(), stamp.encode() + b"." + content, hashlib.sha256).hexdigest()


async def _answer(
    url: str, ca: Path | None, headers: dict[str, str], content: bytes, secrets: tuple[str, ...]
) -> tuple[int, str]:
    """The status and the wait asked for; nothing else of the answer is read.

    The limit is for all of it: a receiver that answers byte by byte is hung up on.
    """
    import httpx

    for name in ("httpx", "httpcore"):  # they log addresses, which may be secrets
        logging.getLogger(name).setLevel(logging.WARNING)
    try:
        async with (
            asyncio.timeout(TIMEOUT),
            httpx.AsyncClient(
                verify=trusting(ca, "webhook"),
                trust_env=False,
                follow_redirects=False,
                timeout=TIMEOUT,
            ) as client,
            client.stream("POST", url, content=content, headers=headers) as response,
        ):
            return response.status_code, response.headers.get("Retry-After", "")
    except (TimeoutError, httpx.TimeoutException):
        raise Undelivered(f"the receiver did not answer within {TIMEOUT:.0f} s") from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        raise Undelivered(_why(error, secrets)) from None


def _why(error: Exception, secrets: tuple[str, ...]) -> str:
    return told(f"the receiver cannot be reached: {str(error) or type(error).__name__}", secrets)


def _waiting(text: str, now: datetime) -> timedelta | None:
    """``Retry-After`` (RFC 9110, 10.2.3): seconds, or a date; null = nothing sensible."""
    if text.isascii() and text.isdigit() and len(text) < 10:
        wait = timedelta(seconds=int(text))
    else:
        try:
            date = parsedate_to_datetime(text)
        except (ValueError, OverflowError, TypeError):  # the library's parser fails in many ways
            return None
        wait = (date if date.tzinfo else date.replace(tzinfo=UTC)) - now
    return min(max(wait, timedelta(0)), LONGEST_WAIT)
