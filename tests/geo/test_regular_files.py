"""Files of a geo folder that are no files: pipes, folders, links that lead nowhere."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest

from auditor.geo import open_geodata
from auditor.geo.distances import Distances
from auditor.geo.ranges.stored import opened
from auditor.geo.registrations import load_registrations
from auditor.geo.regular_files import content_of, is_named
from auditor.geo.verification import verified
from auditor.model.errors import GeoDataError, PolicyError

GEOIP = Path(__file__).parents[2] / "geoip"
TODAY = date(2026, 11, 22)


def test_content_is_read_up_to_one_byte_more_than_allowed(tmp_path):
    (tmp_path / "file").write_bytes(b"0123456789")
    assert content_of(tmp_path / "file", 3) == b"0123"
    assert content_of(tmp_path / "file", 30) == b"0123456789"


@pytest.mark.parametrize("read", [opened, load_registrations, Distances.load])
def test_a_pipe_in_the_place_of_a_file_is_an_error_and_nothing_is_waited_for(tmp_path, read):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(GeoDataError, match="no regular file"):
        read(tmp_path / "pipe")


def test_a_pipe_that_is_called_a_database_is_left_out(world, problems):
    os.mkfifo(world / "pipe.mmdb")
    open_geodata(world, GEOIP, GEOIP.parent / "policies", TODAY, problems.append)
    (told,) = [each for each in problems if each.code == "geo-database-unusable"]
    assert "no regular file" in told.message


def test_verification_tells_of_pipes_and_waits_for_none(world):
    os.mkfifo(world / "pipe.mmdb")
    os.mkfifo(world / "MANIFEST.yaml")
    wrong = {each.name: each.wrong for each in verified(world, TODAY) if each.wrong}
    assert set(wrong) == {"pipe.mmdb", "MANIFEST.yaml"}
    assert all("no regular file" in told for (told,) in wrong.values())


@pytest.mark.parametrize(
    "name", ["overrides.yaml", "regions.yaml", "distances.csv", "as-countries.csv"]
)
def test_a_link_that_leads_nowhere_is_an_error_and_not_a_file_that_is_not_there(world, name):
    (world / name).symlink_to(world / "gone")
    assert is_named(world / name)
    with pytest.raises((GeoDataError, PolicyError)):
        open_geodata(world, GEOIP, GEOIP.parent / "policies", TODAY, lambda _: None)
