"""A first mapping, written for a file of any kind."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from auditor.model.documents import parse
from auditor.model.errors import InputError
from auditor.readers.tables.first_mapping import guess_of
from auditor.readers.tables.mapping import Mapping

SAMPLES = Path(__file__).parents[3] / "samples" / "logs"
FILES = [*sorted((SAMPLES / "table").iterdir()), SAMPLES / "parquet" / "firewall.parquet"]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_sample_has_a_first_mapping(path, packed, tmp_path):
    if packed:
        (tmp_path / "packed").write_bytes(gzip.compress(path.read_bytes()))
        path = tmp_path / "packed"
    mapping = parse(guess_of(path), Mapping, "draft.yaml")
    assert {"src_ip", "dst_ip"} <= mapping.columns.given.keys()


def test_what_is_no_table_has_none(tmp_path):
    (tmp_path / "text").write_text("Không phải bảng\n", encoding="utf-8")
    (tmp_path / "cut").write_bytes(FILES[-1].read_bytes()[:-9])
    for name in ("text", "missing", "cut"):
        with pytest.raises(InputError) as caught:
            guess_of(tmp_path / name)
        assert caught.value.place == str(tmp_path / name)
