"""A first mapping, written for a file of any kind."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from auditor.model.documents import parse
from auditor.model.errors import InputError
from auditor.readers.logs.drafts import guess_of
from auditor.readers.logs.guess import written
from auditor.readers.logs.mapping import Mapping
from auditor.readers.streams import Source

SAMPLES = Path(__file__).parents[3] / "samples" / "logs"
FILES = [*sorted((SAMPLES / "table").iterdir()), SAMPLES / "parquet" / "firewall.parquet"]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_sample_has_a_first_mapping(path, packed, tmp_path):
    if packed:
        (tmp_path / "packed").write_bytes(gzip.compress(path.read_bytes()))
        path = tmp_path / "packed"
    guess = guess_of(Source(path))
    assert parse(written(guess), Mapping, "draft.yaml") == guess.mapping


def test_what_is_no_table_has_none(tmp_path):
    (tmp_path / "text").write_text("Không phải bảng\n", encoding="utf-8")
    for name in ("text", "missing"):
        with pytest.raises(InputError) as caught:
            guess_of(Source(tmp_path / name))
        assert caught.value.place == str(tmp_path / name)
