"""Whatever a file holds, importing it ends in ranges or in an error that names the file."""

from __future__ import annotations

import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.geo.ranges import KINDS, PUBLISHERS, imported, open_ranges
from auditor.model.errors import GeoDataError

NOW = datetime(2026, 11, 22, tzinfo=UTC)
WORDS = [
    *("prefixes", "ipv6_prefixes", "ip_prefix", "ipv6_prefix", "ipv4Prefix", "scope", "region"),
    *("service", "network_border_group", "syncToken", "createDate", "creationTime", "values"),
    *("changeNumber", "cloud", "properties", "addressPrefixes", "regions", "cidrs", "cidr", "tags"),
    *("result", "ipv4_cidrs", "ipv6_cidrs", "addresses", "ipv6_addresses", "prefix", "GCD_ICMPv4"),
    *("203.0.113.0/24", "2001:db8::/32", "10.0.0.1/8", "GLOBAL", "2026-06-17-00-00-00", "name"),
]
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(WORDS),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=6)
    ),
    max_leaves=12,
)
lines = st.lists(
    st.text(max_size=12) | st.sampled_from([f"{word},VN," for word in WORDS] + WORDS), max_size=6
)
contents = st.one_of(
    st.binary(max_size=60),
    st.dictionaries(st.sampled_from(WORDS), values, max_size=8).map(
        lambda value: json.dumps(value).encode()
    ),
    lines.map(lambda each: "\n".join(each).encode("utf-8", "surrogatepass")),
)


@settings(max_examples=100, deadline=None)
@given(
    contents,
    st.sampled_from(["", *(form.name for form in PUBLISHERS)]),
    st.sampled_from(["", "", "", *KINDS]),
    st.sampled_from(["x", "ips-v4", "anycast.txt", "a.csv", "b.json"]),
)
def test_any_content_gives_ranges_that_open_again_or_an_error_about_the_file(
    regions, content, publisher, kind, name
):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, name)
        file.write_bytes(content)
        problems = []
        try:
            imported(
                file,
                Path(folder, "geoip"),
                regions=regions,
                now=NOW,
                note=problems.append,
                kind=kind,
                publisher=publisher,
            )
        except GeoDataError:
            return
        assert len(open_ranges(Path(folder, "geoip"), problems.append)) == 1
        assert "geo-ranges-unusable" not in {problem.code for problem in problems}
