from __future__ import annotations

import pytest

from auditor.checklist.sources import markup
from auditor.checklist.sources.markup import elements, root_name
from auditor.model import markup as markup_model
from auditor.model.errors import InputError


@pytest.fixture
def written(tmp_path):
    def write(content):
        path = tmp_path / "x.xml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def test_only_the_elements_asked_for_come_in_the_order_of_the_file(written):
    path = written('<r><a id="1"><b>x</b></a><c/><o n="2"><a id="3"/></o><a/></r>')
    found = [(node.name, node.attributes) for node in elements(path, {"a"}, {"o"})]
    assert found == [("a", {"id": "1"}), ("o", {"n": "2"}), ("a", {"id": "3"}), ("a", {})]


def test_an_element_brings_its_text_its_children_and_its_line(written):
    (node,) = elements(written("<r>\n\n<a>one<b> two </b>three</a></r>"), {"a"})
    assert node.line == 3
    assert node.text == "onethree"
    assert node.inner("b") == "two"
    assert node.inner("c") == ""


def test_a_wanted_element_inside_another_is_given_once(written):
    (node,) = elements(written("<r><a><a/></a></r>"), {"a"})
    assert [child.name for child in node.children] == ["a"]


def test_namespaces_are_taken_off(written):
    path = written('<x:r xmlns:x="urn:x" xmlns:y="urn:y"><x:a y:k="v"/></x:r>')
    (node,) = elements(path, {"a"})
    assert node.attributes == {"k": "v"}
    assert root_name(path) == "r"


BOMB = """<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>
<r><a>&b;</a></r>"""
EXTERNAL = """<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]>
<r><a>&a;</a></r>"""
PARAMETER = """<?xml version="1.0"?><!DOCTYPE r [<!ENTITY % p SYSTEM "http://x.example/p"> %p;]>
<r><a/></r>"""


@pytest.mark.parametrize("text", [BOMB, EXTERNAL, PARAMETER])
def test_entities_are_refused_where_they_are_declared(text, written):
    with pytest.raises(InputError, match="entities"):
        list(elements(written(text), {"a"}))
    with pytest.raises(InputError, match="entities"):
        root_name(written(text))


def test_a_document_type_without_entities_is_read(written):
    assert root_name(written("<!DOCTYPE r><r/>")) == "r"


def test_a_document_type_elsewhere_is_never_fetched(written):
    path = written('<!DOCTYPE r SYSTEM "http://x.example/r.dtd"><r><a>t</a></r>')
    assert [node.text for node in elements(path, {"a"})] == ["t"]


def test_deep_nesting_is_refused(written):
    with pytest.raises(InputError, match="deeper"):
        list(elements(written("<a>" * 5000 + "</a>" * 5000), {"b"}))


def test_an_element_with_too_many_others_inside_is_refused(written, monkeypatch):
    monkeypatch.setattr(markup, "CHILDREN", 10)
    with pytest.raises(InputError, match="more than 10"):
        list(elements(written("<r><a>" + "<b/>" * 11 + "</a></r>"), {"a"}))


def test_long_text_is_cut(written):
    (node,) = elements(written("<r><a>" + "x" * 100_000 + "</a></r>"), {"a"})
    assert len(node.text) == markup.CHARACTERS


def test_a_file_larger_than_the_limit_is_refused_unread(written, monkeypatch):
    monkeypatch.setattr(markup, "BYTES", 3)
    with pytest.raises(InputError, match="larger"):
        list(elements(written("<r/>"), {"a"}))


@pytest.mark.parametrize("text", ["<r><a>", "<r></x>", "no xml", "", "<r>\0</r>", "<r/><r/>"])
def test_damaged_xml_is_told_with_its_line(text, written):
    with pytest.raises(InputError, match="damaged XML at line 1"):
        list(elements(written(text), {"a"}))


def test_elements_before_the_damage_do_not_hide_it(written):
    stream = elements(written("<r>" + "<a/>" * 100_000 + "<b></r>"), {"a"})
    with pytest.raises(InputError, match="damaged"):
        list(stream)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "iso-8859-1"])
def test_the_encodings_of_xml_are_read(encoding, written):
    name = {"utf-8-sig": "UTF-8", "utf-16": "UTF-16"}.get(encoding, encoding)
    text = f'<?xml version="1.0" encoding="{name}"?><r><a>é</a></r>'
    assert [node.text for node in elements(written(text.encode(encoding)), {"a"})] == ["é"]


def test_an_unknown_encoding_is_told(written):
    with pytest.raises(InputError, match="XML"):
        list(elements(written('<?xml version="1.0" encoding="x-none"?><r/>'), {"a"}))


@pytest.mark.parametrize("start", ["<r><a ", "<r><!-- ", "<!-- ", "<r a='"])
def test_a_tag_that_never_ends_is_refused_before_it_keeps_the_parser_busy(
    written, monkeypatch, start
):
    monkeypatch.setattr(markup, "AT_ONCE", 100)
    monkeypatch.setattr(markup_model, "LONGEST_TAG", 1000)
    path = written(start + "x" * 5_000)
    with pytest.raises(InputError, match="holds a tag longer"):
        list(elements(path, {"a"}))
    path = written("<r>" + "x" * 5_000 + "<a/></r>")
    assert len(list(elements(path, {"a"}))) == 1, "text may be long"
