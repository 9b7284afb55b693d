import random
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.inspect.charsets import HEAD, SAMPLE, TextDecoder
from auditor.inspect.vietnamese import TABLES, is_syllable

VIETNAMESE = (
    "Cộng hòa xã hội chủ nghĩa Việt Nam. Độc lập - Tự do - Hạnh phúc. Họ và tên: Nguyễn Văn An, "
    "số căn cước công dân 001090012345, nơi thường trú: phường Hàng Bạc, quận Hoàn Kiếm, thành "
    "phố Hà Nội. Khách hàng đã trả đủ tiền thuê đất, quyển sổ đỏ số thửa 12 tờ bản đồ 5; kỹ sư, "
    "nghỉ lễ, mỗi tháng, ngõ nhỏ, phở, mẫu giấy, uống rượu, thuỷ điện, khuỷu tay, quý ông.\n"
)
WESTERN = [
    "Le café était fermé à l'été ; même l'élève très fatigué préfère la crème brûlée où ça.",
    "El niño está aquí, mañana es día de vía libre; más también así: raíz, sí, mía, tía.",
    "São Paulo não é à toa: você está já em João, coração, ações, à mão, três, avó, avô.",
    "Müller, Straße, Größe, Köln, für, übrig, schön, Öl, Bäcker, Füße.",
    "Ångström är för åtta på då själv; blåbär, kött, gås, höst, vår.",
    "così, perché, più, città, è già, né, può, virtù, lunedì, caffè, università.",
    "Ærø, på, får, små, går, æble, øl, år, når, også, første, både.",
    "Là où il y a de la gêne, il n'y a pas de plaisir. Ça va déjà, là-bas, à côté.",
    "café", "día", "à bientôt", "Zoë", "naïve résumé", "£5 – “quoted” … €3", "señor", "là bé mà té",
]  # fmt: skip


def vni(text: str) -> bytes:
    """Text in VNI-Windows, after the tables of its input methods (not the decoder's)."""
    tones = {"\u0301": "ù", "\u0300": "ø", "\u0309": "û", "\u0303": "õ", "\u0323": "ï"}
    hats = {"": "â", "\u0301": "á", "\u0300": "à", "\u0309": "å", "\u0303": "ã", "\u0323": "ä"}
    breves = {"": "ê", "\u0301": "é", "\u0300": "è", "\u0309": "ú", "\u0303": "ü", "\u0323": "ë"}
    whole = dict(zip("íìỉĩịỵđơư", "íìæóòîñôö", strict=True))
    out = ""
    for letter in text:
        if letter.lower() in whole:
            found = whole[letter.lower()]
            out += found if letter.islower() else found.upper()
            continue
        base, *marks = unicodedata.normalize("NFD", letter)
        tone = next((mark for mark in marks if mark in tones), "")
        if "\u031b" in marks:
            base = whole[unicodedata.normalize("NFC", base + "\u031b").lower()]
            base = base if letter.islower() else base.upper()
        second = ""
        if "\u0302" in marks:
            second = hats[tone]
        elif "\u0306" in marks:
            second = breves[tone]
        elif tone:
            second = tones[tone]
        out += base + (second if letter.islower() else second.upper())
    return out.encode("cp1252")


def encoded(text: str, name: str) -> bytes:
    if name == "vni":
        return vni(text)
    if name == "windows-1258":
        out = b""
        for letter in text:
            try:
                out += letter.encode("cp1258")
            except UnicodeEncodeError:
                parts = unicodedata.normalize("NFD", letter)
                tone = next(mark for mark in parts if mark in "\u0300\u0301\u0303\u0309\u0323")
                base = unicodedata.normalize("NFC", parts.replace(tone, ""))
                out += base.encode("cp1258") + tone.encode("cp1258")
        return out
    codes = {letter: code for code, letter in reversed(list(enumerate(TABLES[name])))}
    return bytes(codes[letter] for letter in text)


def decoded(data: bytes, size: int = 0, declared: str = "") -> tuple[str, bytes]:
    decoder = TextDecoder(declared)
    step = size or max(len(data), 1)
    out = b"".join(decoder.feed(data[at : at + step]) for at in range(0, len(data), step))
    out += decoder.close()
    return decoder.name, out


@pytest.mark.parametrize("name", ["tcvn3", "vni", "viscii", "windows-1258"])
def test_legacy_vietnamese_text_is_told_and_comes_out_composed(name):
    assert decoded(encoded(VIETNAMESE, name)) == (name, VIETNAMESE.encode())


@pytest.mark.parametrize("name", ["tcvn3", "vni", "viscii", "windows-1258"])
@pytest.mark.parametrize(
    "text", ["Nguyễn Văn Hưởng", "số căn cước: 001090012345, họ tên: Trần Thị Hồng"]
)
def test_two_words_are_enough_to_tell(name, text):
    assert decoded(encoded(text, name))[1].decode() == text


@pytest.mark.parametrize("name", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_wide_unicode_is_told_with_and_without_a_mark(name, mark):
    assert decoded((mark + VIETNAMESE).encode(name)) == (name, VIETNAMESE.encode())


def test_utf8_passes_as_it_is_without_its_mark():
    assert decoded(b"\xef\xbb\xbf" + VIETNAMESE.encode()) == ("utf-8", VIETNAMESE.encode())
    decomposed = unicodedata.normalize("NFD", VIETNAMESE).encode()
    assert decoded(decomposed) == ("utf-8", decomposed)


def test_a_bad_byte_in_utf8_passes():
    data = VIETNAMESE.encode() + b"\xff" + VIETNAMESE.encode()
    assert decoded(data) == ("utf-8", data)


@pytest.mark.parametrize("text", WESTERN)
def test_western_text_is_never_taken_for_vietnamese(text):
    assert decoded(text.encode("cp1252")) == ("windows-1252", text.encode())


def test_random_bytes_are_never_taken_for_vietnamese():
    luck = random.Random(5712)
    for size in (10, 100, 3000):
        for _ in range(100):
            data = luck.randbytes(size)
            name, out = decoded(data)
            assert name in ("utf-8", "windows-1252")
            assert name != "utf-8" or out == data


def test_text_that_begins_with_much_ascii_is_told_by_what_follows():
    data = b"id,name\n" * 20_000 + encoded(VIETNAMESE, "vni")
    assert decoded(data) == ("vni", b"id,name\n" * 20_000 + VIETNAMESE.encode())


@pytest.mark.parametrize(
    ("declared", "data", "name"),
    [
        ("koi8-r", "Привет, мир".encode("koi8-r"), "koi8-r"),
        ("shift_jis", "日本語のテキスト".encode("shift_jis"), "shift_jis"),
        ("iso-2022-jp", "日本語".encode("iso-2022-jp"), "iso2022_jp"),
        ("x-viet-vni", vni("ở đây"), "vni"),
        ("iso-8859-1", encoded(VIETNAMESE, "tcvn3"), "tcvn3"),
        ("windows-1252", VIETNAMESE.encode(), "utf-8"),
        ("no-such-charset\0", b"caf\xe9", "windows-1252"),
        ("zip", b"caf\xe9", "windows-1252"),
        ("unicode_escape", b"caf\xe9", "windows-1252"),
    ],
)
def test_what_is_declared_counts_where_it_fits(declared, data, name):
    found, out = decoded(data, declared=declared)
    assert found == name
    assert b"\xef\xbf\xbd" not in out


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(["utf-8", "tcvn3", "vni", "viscii", "windows-1258", "utf-16-le", "cp1252"]),
    st.integers(1, 5000),
    st.sampled_from([0, 1, HEAD - 1, HEAD, SAMPLE, SAMPLE + 1]),
)
def test_cuts_change_nothing(name, size, ascii_before):
    text = "a" * ascii_before + VIETNAMESE * 30
    if name == "cp1252":
        data = text.encode(name, "replace")
    else:
        data = encoded(text, name) if name in TABLES else text.encode(name)
    assert decoded(data, size) == decoded(data)


@settings(max_examples=25, deadline=None)
@given(st.binary(max_size=300), st.integers(1, 7), st.sampled_from(["", "tcvn", "vni", "cp1258"]))
def test_no_bytes_raise_and_cuts_change_nothing(data, size, declared):
    assert decoded(data, size, declared) == decoded(data, 0, declared)


def test_syllables_are_told_from_other_words():
    for word in ("nguyễn", "khuỷu", "quý", "giếng", "nghiêng", "đường", "ước", "thuở", "xoài"):
        assert is_syllable(word), word
    for word in ("été", "niño", "für", "học̀", "lọỏ", "château", "mắtr", "cảp"):
        assert not is_syllable(word), word
