"""The channels of ``agent.yaml``: by which ways people are told, of what, and when."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from auditor.agent.addresses import host, is_loopback, mailbox, open_webhook_address
from auditor.agent.fields import Clock, Name, Part, Variable, Where
from auditor.model.finding import Severity


def _mailbox(text: str) -> str:
    mailbox(text)
    return text


def _open_url(text: str) -> str:
    open_webhook_address(text)
    return text


Server = Annotated[str, AfterValidator(host)]
"""A server's name or address."""
Mailbox = Annotated[str, AfterValidator(_mailbox)]
"""Somebody's e-mail address."""


def _one_secret(env: object, file: object, name: str, use: str) -> None:
    if (env is None) == (file is None):
        raise ValueError(f"name exactly one of {name}_env and {name}_file: {use}")


class Mail(Part):
    """SMTP: ``tls`` is starttls (587), tls (465) or none (only to this machine).

    Attributes:
        ca: certificates that sign the server's, where they are not the system's.
        user: who signs in; with it, where the password is.
        sender, to: ``an@example.vn`` or ``An Ninh <an@example.vn>``.
    """

    server: Server
    port: int = Field(default=587, ge=1, le=65_535)
    tls: Literal["starttls", "tls", "none"] = "starttls"
    ca: Where | None = None
    user: str | None = Field(default=None, min_length=1)
    password_env: Variable | None = None
    password_file: Where | None = None
    sender: Mailbox
    to: tuple[Mailbox, ...] = Field(min_length=1, max_length=100)

    @model_validator(mode="after")
    def _safe(self) -> Mail:
        if self.tls == "none" and not is_loopback(self.server):
            raise ValueError("none is only for a server on this machine; write starttls or tls")
        if self.user is not None:
            _one_secret(self.password_env, self.password_file, "password", "the user signs in")
        elif self.password_env is not None or self.password_file is not None:
            raise ValueError("a password without user: name the user that signs in")
        return self


class Webhook(Part):
    """JSON by POST, signed with HMAC-SHA256 of the time and the body.

    Attributes:
        url: https://, or http:// on this machine; ``url_env`` or ``url_file`` where it is a secret.
        ca: certificates that sign the server's, where they are not the system's.
        secret_env, secret_file: what signs; the receiver knows by it who told.
    """

    url: Annotated[str, AfterValidator(_open_url)] | None = None
    url_env: Variable | None = None
    url_file: Where | None = None
    ca: Where | None = None
    secret_env: Variable | None = None
    secret_file: Where | None = None

    @model_validator(mode="after")
    def _safe(self) -> Webhook:
        if [self.url, self.url_env, self.url_file].count(None) != 2:
            raise ValueError("name exactly one of url, url_env and url_file")
        _one_secret(self.secret_env, self.secret_file, "secret", "what is told is signed with it")
        return self


class Syslog(Part):
    """CEF in RFC 5424 messages over TCP (RFC 6587, octet counts) or TLS (RFC 5425).

    Attributes:
        ca: certificates that sign the server's, where they are not the system's.
        certificate, private_file: this machine's, for a server that asks for one (PEM).
    """

    server: Server
    port: int = Field(default=6514, ge=1, le=65_535)
    tls: bool = True
    ca: Where | None = None
    certificate: Where | None = None
    private_file: Where | None = None

    @model_validator(mode="after")
    def _safe(self) -> Syslog:
        if (self.certificate is None) != (self.private_file is None):
            raise ValueError("certificate and private_file belong together: name both or neither")
        if not self.tls and (self.ca is not None or self.certificate is not None):
            raise ValueError("certificates without tls: leave them out, or write tls: true")
        return self


class Drop(Part):
    """A folder that gets one JSON file per notice."""

    folder: Where


class Quiet(Part):
    """Hours in which nothing is sent, but for what is at least as severe as ``but``.

    Trouble of the agent has the severity high, or critical where it can do nothing at all; silence
    has medium.
    """

    begin: Clock
    end: Clock
    but: Severity | None = "critical"

    @model_validator(mode="after")
    def _some(self) -> Quiet:
        if self.begin == self.end:
            raise ValueError("begin and end are the same: no hours, or all of them; leave it out")
        return self


class Channel(Part):
    """One way to tell people: exactly one of mail, webhook, syslog and drop.

    Attributes:
        jobs: names of the jobs it hears of; empty = all.
        about: news of findings, trouble of the agent, silence of sources.
        at_least: findings less severe than this are not told.
        digest: all that gathered since yesterday goes out as one message at this time, whatever
            its severity; what is to be told at once has a channel of its own.
    """

    name: Name
    mail: Mail | None = None
    webhook: Webhook | None = None
    syslog: Syslog | None = None
    drop: Drop | None = None
    jobs: tuple[str, ...] = ()
    about: tuple[Literal["news", "trouble", "silence"], ...] = Field(
        default=("news", "trouble", "silence"), min_length=1
    )
    at_least: Severity = "low"
    quiet: Quiet | None = None
    digest: Clock | None = None

    @model_validator(mode="after")
    def _one(self) -> Channel:
        if [self.mail, self.webhook, self.syslog, self.drop].count(None) != 3:
            raise ValueError("name exactly one of mail, webhook, syslog and drop")
        if self.quiet is not None and self.digest is not None:
            raise ValueError("a digest is sent at its time alone: leave out quiet")
        return self
