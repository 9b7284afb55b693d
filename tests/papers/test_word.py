"""Templates: the program's own, an agency's, and broken ones."""

from __future__ import annotations

import importlib.util
import io
import re
import zipfile
from pathlib import Path

import docx as word
import pytest

from auditor import papers
from auditor.model.errors import PolicyError
from auditor.papers.word import TEMPLATES
from tests.papers.conftest import AT, material, member, word_texts

ROOT = Path(__file__).parents[2]


def script():
    path = ROOT / "docs" / "make_paper_templates.py"
    spec = importlib.util.spec_from_file_location("make_paper_templates", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", script().NAMES)
def test_the_templates_in_the_package_are_fresh(name):
    made, kept = script().template(name), (TEMPLATES / f"{name}.docx").read_bytes()
    for part in ("word/document.xml", "word/styles.xml", "word/header1.xml"):
        assert member(made, part) == member(kept, part), "run: python docs/make_paper_templates.py"


def own(folder: Path, text: str) -> Path:
    """The program's template with one more paragraph at its end."""
    document = word.Document(str(TEMPLATES / "review.docx"))
    document.add_paragraph(text)
    document.save(str(folder / "review.docx"))
    return folder


def test_an_agencys_own_template_is_used_and_the_others_are_the_programs(tmp_path):
    folder = own(tmp_path, "Mẫu riêng của {{ issuer }}")
    assert "Mẫu riêng của Sở Mẫu" in word_texts(papers.docx(papers.review(material()), AT, folder))
    assert word_texts(papers.docx(papers.form_09(material()), AT, folder))


@pytest.mark.parametrize(
    "text",
    [
        "{{ nothing_of_that_name }}",
        "{% for x in %}",
        "{{ issuer.__class__.__mro__[1].__subclasses__() }}",
        "{{ 1 // 0 }}",
    ],
)
def test_a_template_that_cannot_be_filled_in_is_named(tmp_path, text):
    folder = own(tmp_path, text)
    with pytest.raises(PolicyError, match="no template that can be filled in") as caught:
        papers.docx(papers.review(material()), AT, folder)
    assert caught.value.place == str(tmp_path / "review.docx")


def broken(kind: str) -> bytes:
    if kind == "text":
        return b"no Word document"
    if kind == "empty":
        return b""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("a.txt", "b")
    return out.getvalue()


@pytest.mark.parametrize("kind", ["text", "empty", "zip"])
def test_a_file_that_is_no_word_document_is_named(tmp_path, kind):
    (tmp_path / "review.docx").write_bytes(broken(kind))
    with pytest.raises(PolicyError, match="no template that can be filled in"):
        papers.docx(papers.review(material()), AT, tmp_path)


def test_a_folder_in_a_templates_place_is_named(tmp_path):
    (tmp_path / "review.docx").mkdir()
    with pytest.raises(PolicyError, match="is no file"):
        papers.docx(papers.review(material()), AT, tmp_path)


def test_the_titles_of_a_table_stay_on_one_page_with_its_first_row():
    inside = member(papers.docx(papers.review(material()), AT)).decode()
    titles = re.findall(r'<w:pStyle w:val="TieuDeBang"/>(.{0,20})', inside)
    assert len(titles) > 20
    assert all(after.startswith("<w:keepNext/>") for after in titles)
