"""The fastest handshake with each address, over a whole run, as far as it can be believed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from auditor.geo.addresses import numbered
from auditor.geo.physics import Handshakes
from auditor.geo.placement import NO_HANDSHAKE, known

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from auditor.geo.decision import Decision
    from auditor.geo.geodata import GeoData
    from auditor.model.inventory import Network
    from auditor.model.problem import Note


class Nearest:
    """The fastest handshakes.

    Args:
        addresses: text, each once.
        rtt_us: of each, in µs (int64); -1 = none that is believed.
    """

    def __init__(self, addresses: pa.Array, rtt_us: np.ndarray) -> None:
        self._addresses = addresses
        self._rtt_us = rtt_us

    def of(self, texts: pa.Array) -> np.ndarray:
        """For each address the fastest handshake in µs (int64); -1 = none."""
        if not len(self._addresses):
            return np.full(len(texts), NO_HANDSHAKE, dtype=np.int64)
        at = pc.fill_null(pc.index_in(texts, value_set=self._addresses), -1)
        places = np.asarray(at).astype(np.int64)
        return np.where(places < 0, NO_HANDSHAKE, self._rtt_us[places])


def nearest(
    parts: Iterable[pa.Table],
    geodata: GeoData,
    home: str,
    home_networks: Sequence[Network],
    inputs: Mapping[int, str],
    note: Note,
) -> Nearest:
    """The fastest handshakes in ``parts`` (stage ``read`` or later).

    What seems to answer in others' stead is found by where destinations are said to be, without
    physics; ``inputs`` are the names of the inputs by ``input_id``, for what is noted.
    """
    handshakes = Handshakes()
    if geodata.distances:
        for part in parts:
            handshakes.add(part)
    texts = handshakes.addresses()
    if not texts:
        return Nearest(pa.array([], pa.string()), np.empty(0, dtype=np.int64))
    about = known(numbered(texts), geodata, geodata.newest(), home_networks)
    claims = [
        _kilometres(about.decided(at, home.upper(), None, None), geodata.distances)
        for at in about.first.tolist()
    ]
    rtt_us, problems = handshakes.believed(np.array(claims)[about.codes], inputs)
    for problem in problems:
        note(problem)
    return Nearest(pa.array(texts, pa.string()), rtt_us)


def _kilometres(decision: Decision, distances: Mapping[str, int]) -> float:
    """The least distance to where a destination is said to be; nan = not known, or at home."""
    places = (decision.country,) if decision.country else decision.candidates
    known_km = [distances[place] for place in places if place in distances]
    return float(min(known_km)) if known_km and len(known_km) == len(places) else float("nan")
