"""Notices by e-mail (RFC 5321, 5322): text in both languages, and the document as an attachment.

The server is spoken to under TLS with a verified certificate, or it is this machine. A server that
does not offer STARTTLS where it is asked for gets nothing: somebody may have taken it away.
"""

from __future__ import annotations

import base64
import smtplib
import socket
import threading
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from typing import IO, TYPE_CHECKING, Any, Final

from auditor.agent.addresses import mailbox
from auditor.agent.notices.sending import TIMEOUT, Undelivered, body, secret, told, trusting
from auditor.agent.notices.wording import lines, subject

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator
    from datetime import datetime

    from auditor.agent.channels import Mail
    from auditor.store.outbox import Notice

WHOLE: Final = 3 * TIMEOUT
"""Seconds for all of it: a server that dribbles is hung up on."""
MOST_SAID: Final = 1 << 18
"""Bytes that a server may say in all: an answer may have any number of lines."""


def sent(mail: Mail, notice: Notice, now: datetime) -> str:
    """Hands the notice to the mail server.

    Returns:
        which recipients the server refused, if some; empty = it took it for all.

    Raises:
        Undelivered: it did not take it.
    """
    del now  # the message says when the notice came up
    place = f"{mail.server}:{mail.port}"
    password = secret(mail.password_env, mail.password_file, "mail.password")
    said = _forms(mail.user or "", password or "")
    context = None if mail.tls == "none" else trusting(mail.ca, place)
    try:
        with _connected(mail, context) as server:
            if password is not None and mail.user is not None:
                server.login(mail.user, password)
            refused = server.send_message(written(mail, notice))
    except smtplib.SMTPRecipientsRefused as error:
        code, answer = next(iter(error.recipients.values()))
        raise _undelivered(place, "no recipient is taken", code, answer, said) from None
    except smtplib.SMTPAuthenticationError as error:
        # by the next notice it would not be taken any better: all of them wait
        why = f"{place}: the sign-in is refused: {error.smtp_code} {_words(error.smtp_error)}"
        raise Undelivered(told(why, said), slow=True) from None
    except smtplib.SMTPResponseException as error:
        raise _undelivered(place, "refused", error.smtp_code, error.smtp_error, said) from None
    except UnicodeEncodeError:
        why = f"{place}: the user or password has letters that SMTP's sign-in cannot carry"
        raise Undelivered(why, slow=True) from None
    except (OSError, smtplib.SMTPException, ValueError) as error:
        why = told(f"{place}: {str(error) or type(error).__name__}", said)
        raise Undelivered(why) from None
    if refused:
        return told("refused for " + ", ".join(sorted(refused)))
    return ""


@contextmanager
def _connected(mail: Mail, context: ssl.SSLContext | None) -> Iterator[smtplib.SMTP]:
    """A session under TLS (or with this machine), hung up on when it takes too long."""
    server: _Watched
    if mail.tls == "tls":
        server = _WatchedTls(mail.server, mail.port, timeout=TIMEOUT, context=context)
    else:
        server = _Watched(mail.server, mail.port, timeout=TIMEOUT)
    try:
        if mail.tls == "starttls":
            server.starttls(context=context)
        yield server
        with suppress(OSError, smtplib.SMTPException):  # it has the message; goodbyes are manners
            server.quit()
    finally:
        server.ended.set()
        server.close()


class _Watched(smtplib.SMTP):
    """A session whose whole length is limited, not only each wait in it; ``ended`` ends the watch.

    The greeting is read while the object is made, so the watch begins before.
    """

    def __init__(self, host: str, port: int, **more: Any) -> None:  # noqa: ANN401 - the library's
        self.ended = threading.Event()
        threading.Thread(target=self._watched, name="mail watch", daemon=True).start()
        try:
            super().__init__(host, port, **more)
        except BaseException:
            self.ended.set()
            raise

    def getreply(self) -> tuple[int, bytes]:
        """As the library's, for answers that end."""
        if self.file is None and self.sock is not None:
            self.file = _Bounded(self.sock.makefile("rb"))
        return super().getreply()

    def _watched(self) -> None:
        wait = WHOLE
        while not self.ended.wait(wait):
            wait = 0.1
            if self.sock is not None:
                with suppress(OSError):
                    self.sock.shutdown(socket.SHUT_RDWR)


class _Bounded:
    """What a server says, as far as one may listen."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._left = MOST_SAID
        self.close = file.close

    def readline(self, most: int) -> bytes:
        """The next line.

        Raises:
            OSError: there were too many.
        """
        line = self._file.readline(most)
        self._left -= len(line)
        if self._left < 0:
            raise OSError("the server says more than any server has to say")
        return line


class _WatchedTls(_Watched, smtplib.SMTP_SSL):
    """The same, under TLS from the first byte."""


def written(mail: Mail, notice: Notice) -> EmailMessage:
    """The message: the same one whenever the notice is sent.

    Line breaks in whatever it tells cannot become headers: the library refuses them, and the
    subject has none.
    """
    message = EmailMessage(POLICY)
    sender = mailbox(mail.sender)
    message["Subject"] = subject(notice)
    message["From"] = sender
    message["To"] = [mailbox(each) for each in mail.to]
    message["Date"] = notice.created
    message["Message-ID"] = f"<{notice.id}@{sender.domain.encode('idna').decode()}>"
    message["X-Auditor-Notice"] = notice.id
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answers of absent people
    message.set_content("\n".join(lines(notice)) + "\n", cte="quoted-printable")
    message.add_attachment(
        body(notice), maintype="application", subtype="json", filename=f"{notice.id}.json"
    )
    return message


def _forms(user: str, password: str) -> tuple[str, ...]:
    """The password as it goes over the line: an answer that repeats it must not stand anywhere."""
    if not password:
        return ()
    sent = (f"\0{user}\0{password}", password)
    return (password, *(base64.b64encode(each.encode()).decode() for each in sent))


def _undelivered(
    place: str, what: str, code: int, answer: bytes | str, said: tuple[str, ...]
) -> Undelivered:
    """5xx is for good (RFC 5321, 4.2.1), 4xx for now."""
    why = told(f"{place}: {what}: {code} {_words(answer)}", said)
    return Undelivered(why, slow=code >= 500, alone=code >= 500)


def _words(answer: bytes | str) -> str:
    return answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
