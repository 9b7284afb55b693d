"""Mail against a real SMTP server with STARTTLS, sign-in and a certificate of our own."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import suppress
from email import message_from_bytes
from email.policy import default

import pytest

from auditor.agent.channels import Mail
from auditor.agent.notices import mail
from auditor.agent.notices.sending import Undelivered
from auditor.model.text import Text
from auditor.store.findings import News
from tests.agent.notices.conftest import NOON, change, notice
from tests.agent.notices.receivers import Post, mute


@pytest.fixture
def password(tmp_path):
    file = tmp_path / "password"
    file.touch(mode=0o600)
    file.write_text("t0p secret\n")
    return file


def to(server, authority, **more):
    values = {"server": "localhost", "port": server.port, "ca": str(authority.ca)}
    values |= {"sender": "Kiểm tra <auditor@example.vn>", "to": ("an@example.vn", "be@example.vn")}
    return Mail(**(values | more))


def read(envelope):
    return message_from_bytes(envelope.original_content, policy=default)


def test_a_notice_arrives_under_starttls_signed_in_in_both_languages(authority, password):
    with Post(authority.context(), "t0p secret") as server:
        settings = to(server, authority, user="robot", password_file=str(password))
        assert mail.sent(settings, notice(), NOON) == ""
    assert server.sessions == [(True, True)]
    (envelope,) = server.got
    assert envelope.mail_from == "auditor@example.vn"
    assert envelope.rcpt_tos == ["an@example.vn", "be@example.vn"]
    message = read(envelope)
    assert message["Subject"].startswith("[auditor] Cao: Có thay đổi")
    assert message["From"] == "Kiểm tra <auditor@example.vn>"
    assert message["Message-ID"] == f"<{notice().id}@example.vn>"
    assert message["X-Auditor-Notice"] == notice().id
    assert message["Auto-Submitted"] == "auto-generated"
    text = message.get_body(("plain",)).get_content()
    assert text.index("Dữ liệu cá nhân ra nước ngoài") < text.index("Personal data leaves")
    assert "2,4 GB" in text and "2.4 GB" in text
    assert "không phải là kết luận" in text
    (attached,) = message.iter_attachments()
    assert json.loads(attached.get_content())["changes"][0]["id"] == "f0001"


def test_a_notice_arrives_under_tls_from_the_first_byte(authority, password):
    with Post(authority.context(), "t0p secret", implicit=True) as server:
        settings = to(server, authority, tls="tls", user="robot", password_file=str(password))
        assert mail.sent(settings, notice(), NOON) == ""
    assert server.sessions == [(True, True)]


def test_the_same_notice_is_the_same_message_but_for_the_boundary(authority):
    with Post(authority.context()) as server:
        for _ in range(2):
            mail.sent(to(server, authority), notice(), NOON)
    first, second = map(read, server.got)
    assert first.items()[:7] == second.items()[:7]
    assert first.get_body().get_content() == second.get_body().get_content()


def test_a_server_that_does_not_offer_starttls_gets_nothing(authority):
    with Post() as server, pytest.raises(Undelivered, match="STARTTLS"):
        mail.sent(to(server, authority), notice(), NOON)
    assert server.got == []


def test_a_certificate_of_somebody_else_is_not_trusted(authority, tmp_path):
    other = type(authority)(tmp_path / "other")
    for implicit, tls in ((False, "starttls"), (True, "tls")):
        with (
            Post(other.context(), implicit=implicit) as server,
            pytest.raises(Undelivered, match="CERTIFICATE_VERIFY_FAILED"),
        ):
            mail.sent(to(server, authority, tls=tls), notice(), NOON)
        assert server.got == []


def test_a_certificate_of_another_name_is_not_trusted(authority):
    with (
        Post(authority.context("mail.example.vn")) as server,
        pytest.raises(Undelivered, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        mail.sent(to(server, authority), notice(), NOON)
    assert server.got == []


def test_a_wrong_password_is_told_without_it(authority, tmp_path):
    file = tmp_path / "wrong"
    file.touch(mode=0o600)
    file.write_text("hunter2hunter2")
    with Post(authority.context(), "t0p secret") as server:
        settings = to(server, authority, user="robot", password_file=str(file))
        with pytest.raises(Undelivered, match="sign-in is refused: 535") as caught:
            mail.sent(settings, notice(), NOON)
    assert "hunter2" not in caught.value.why
    assert caught.value.slow and not caught.value.alone
    assert server.got == []


def test_a_password_that_is_not_there_keeps_the_notice(authority, monkeypatch):
    monkeypatch.delenv("NOT_THERE", raising=False)
    with Post(authority.context()) as server:
        settings = to(server, authority, user="robot", password_env="NOT_THERE")  # noqa: S106 - a name
        with pytest.raises(Undelivered, match="NOT_THERE is not set"):
            mail.sent(settings, notice(), NOON)


def test_one_recipient_refused_is_remarked_all_refused_is_undelivered(authority):
    with Post(authority.context(), refused=["be@example.vn"]) as server:
        assert "be@example.vn" in mail.sent(to(server, authority), notice(), NOON)
        assert len(server.got) == 1
        with pytest.raises(Undelivered, match="no recipient is taken: 550") as caught:
            mail.sent(to(server, authority, to=("be@example.vn",)), notice(), NOON)
    assert caught.value.alone and caught.value.slow


def test_a_passing_refusal_is_not_a_lasting_one(authority):
    with Post(authority.context(), answers=["451 later", "554 never"]) as server:
        with pytest.raises(Undelivered, match="451") as passing:
            mail.sent(to(server, authority), notice(), NOON)
        with pytest.raises(Undelivered, match="554") as lasting:
            mail.sent(to(server, authority), notice(), NOON)
    assert not passing.value.slow and not passing.value.alone
    assert lasting.value.slow and lasting.value.alone


def test_letters_beyond_ascii_stand_in_addresses_and_subjects(authority):
    with Post(authority.context()) as server:
        settings = to(server, authority, to=("nguyễn@ví-dụ.vn",))
        assert mail.sent(settings, notice(), NOON) == ""
    assert server.got[0].rcpt_tos == ["nguyễn@ví-dụ.vn"]


def test_line_breaks_in_what_is_told_become_no_headers(authority):
    evil = "x\r\nBcc: evil@example.com\r\n\r\nbody\u2028\x85\u202e"
    news = News(new=(change(title=Text(evil, evil), recipient=evil, system=evil),))
    told = notice(news=news)
    told.content["job"] = evil  # the settings refuse such a name: even so
    told.content["title"] = {"vi": evil, "en": evil}
    with Post(authority.context()) as server:
        mail.sent(to(server, authority), told, NOON)
    message = read(server.got[0])
    assert message["Bcc"] is None
    assert server.got[0].rcpt_tos == ["an@example.vn", "be@example.vn"]
    assert "Bcc: evil@example.com" in message["Subject"]


def test_nobody_listening_is_undelivered(authority):
    with mute() as port:
        pass
    settings = Mail(server="localhost", port=port, sender="a@b.vn", to=("c@d.vn",))
    with pytest.raises(Undelivered, match="refused"):
        mail.sent(settings, notice(), NOON)


def test_a_server_that_says_nothing_is_hung_up_on(monkeypatch):
    monkeypatch.setattr(mail, "TIMEOUT", 0.2)
    with mute() as port:
        settings = Mail(server="localhost", port=port, sender="a@b.vn", to=("c@d.vn",))
        with pytest.raises(Undelivered, match="timed out"):
            mail.sent(settings, notice(), NOON)


@pytest.mark.parametrize("greeting", [b"2", b"220 hello\r\n250-"])
def test_a_server_that_dribbles_is_hung_up_on(monkeypatch, greeting):
    monkeypatch.setattr(mail, "WHOLE", 0.3)
    ended = threading.Event()

    def dribble(server):
        connection, _ = server.accept()
        with connection, suppress(OSError):
            connection.sendall(greeting)
            while not ended.wait(0.05):
                connection.sendall(b"x")

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=dribble, args=(server,))
        thread.start()
        port = server.getsockname()[1]
        settings = Mail(server="localhost", port=port, sender="a@b.vn", to=("c@d.vn",))
        with pytest.raises(Undelivered):
            mail.sent(settings, notice(), NOON)
        ended.set()
        thread.join()


def test_a_server_whose_answer_has_no_end_is_hung_up_on():
    def talk(server):
        connection, _ = server.accept()
        with connection, suppress(OSError):
            while True:
                connection.sendall(b"220-" + b"x" * 8000 + b"\r\n")

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=talk, args=(server,))
        thread.start()
        port = server.getsockname()[1]
        settings = Mail(server="localhost", port=port, sender="a@b.vn", to=("c@d.vn",))
        with pytest.raises(Undelivered, match="says more than any server"):
            mail.sent(settings, notice(), NOON)
        thread.join()


def test_a_password_as_it_goes_over_the_line_is_not_repeated():
    forms = mail._forms("robot", "hunter2")
    for line in (b"hunter2", b"aHVudGVyMg==", b"AHJvYm90AGh1bnRlcjI="):
        told = mail._undelivered("here", "refused", 535, b"no: " + line, forms).why
        assert line.decode() not in told and "no: …" in told
