"""The real captures agree with tshark and nDPI as far as docs/agreement.md says.

They are read where ``AUDITOR_CORPUS`` names their folder; ``make agreement`` writes the page.
"""

import os
import shutil
from pathlib import Path

import pytest

from tests.differential.agreement import NO_NAME, Agreement, Difference, measured, page
from tests.differential.ndpi import answers, comparable
from tests.differential.reasons import reason_of_ja4

CORPUS = os.environ.get("AUDITOR_CORPUS")


@pytest.fixture(scope="module")
def found():
    if not CORPUS:
        pytest.skip("AUDITOR_CORPUS is unset: it names the folder of the real captures")
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed: `make test` installs it")
    return measured(Path(CORPUS))


def test_all_real_captures_are_read(found):
    assert found.captures > 200
    assert not found.refused
    assert found.compared["conversation"] > 2400
    assert found.compared["host"] > 500


def test_conversations_agree_with_tshark(found):
    assert found.share("conversation") >= 99.5, page(found)


def test_server_names_agree_with_ndpi(found):
    assert found.agreed("host") >= 99, page(found)
    assert found.standing("host", NO_NAME) < 8


def test_every_difference_has_its_reason(found):
    filled = [kind for kind in found.compared if found.equal[kind]]
    assert [one for one in found.differences if not one.reason and one.kind in filled] == []


def test_ndpis_lines_are_understood(tmp_path):
    path = tmp_path / "a.pcap.out"
    path.write_text(
        "Guessed flow protos:\t0\n\n"
        "\t1\tTCP [2600:1901::7a0b::]:443 <-> [2001:db8::1]:40000 [VLAN: 7][proto: GTP:91.220/"
        "TLS.Cloudflare][IP: 0/Unknown][Hostname/SNI: A.example][(Advertised) ALPNs: h2;http/1.1]"
        "[JA4: t13d1516h2_8daaf6152771_02713d6af862]\n"
        "\t2\tUDP 10.0.0.1:5 -> 10.0.0.2:53 [proto: 5/DNS][Confidence: DPI]\n"
        "\t3\tICMP 10.0.0.1:0 -> 10.0.0.2:0 [proto: 81/ICMP][Confidence: DPI]\n"
    )
    tls, dns = answers(path)
    assert tls.pair == (6, ("2001:db8::1", 40000), ("2600:1901:0:7a0b::", 443))
    assert (tls.protocol, tls.host, tls.alpn) == ("TLS", "A.example", "h2")
    assert tls.ja4 == "t13d1516h2_8daaf6152771_02713d6af862"
    assert (dns.protocol, dns.host, dns.alpn) == ("DNS", "", "")


def test_a_fingerprint_is_explained_only_by_what_the_packets_show():
    ours, theirs = ("t13i1910h2_9dc949149365_d811adc85aab",), "t13d1910h2_9dc949149365_d811adc85aab"
    assert "`d` without an SNI" in reason_of_ja4(ours, theirs, "h2", set())
    assert reason_of_ja4(ours, theirs, "h2", {"a.example"}) == ""
    ours, theirs = ("t12d6707h1_2955a3196ffa_000000000000",), "t12d6707ht_2955a3196ffa_e3b0c44298fc"
    assert "first and last" in reason_of_ja4(ours, theirs, "http/1.1", {"a.example"})
    assert reason_of_ja4(ours, theirs, "hq", {"a.example"}) == ""
    assert reason_of_ja4(ours, theirs.replace("ffa", "ffb"), "http/1.1", {"a.example"}) == ""
    assert reason_of_ja4((), theirs, "http/1.1", {"a.example"}) == ""


def test_names_are_compared_as_ndpi_keeps_them():
    assert comparable("A.Example:8080") == "a.example"
    assert comparable("a.example.") == "a.example"
    assert comparable("x" * 90 + ".example") == ("x" * 90 + ".example")[-79:]


def test_text_from_a_capture_is_no_markup_in_the_page():
    pair = (17, ("10.0.0.1", 5), ("2001:db8::1", 53))
    odd = Difference("a.pcap", "host", pair, "a|b<script>\n", "none", "odd")
    text = page(Agreement(captures=1, differences=[odd]))
    line = "| a.pcap | UDP 10.0.0.1:5 – [2001:db8::1]:53 | a\\|b&lt;script>? | none | odd |"
    assert line in text
