from __future__ import annotations

import ipaddress

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.readers.records import gathering, kernels, pairing
from auditor.readers.records.kernels import NOTHING, added, ipv4_keys, text_keys

ODD = ["", "1", "1.2.3", "1.2.3.4.5", "1.2.3.", ".1.2.3", "1..2.3", "256.1.1.1", "1.2.3.04",
       "01.2.3.4",
       "1.2.3.4 ", "1,2,3,4", "::1", "1.2.3.999999999999",
       "a.b.c.d", "١.٢.٣.٤", "-1.2.3.4"]  # fmt: skip


@pytest.mark.parametrize("module", [gathering, kernels, pairing], ids=lambda each: each.__name__)
def test_compiled_code_calls_none_of_another_file_of_this_room(module):
    """Compiled code is kept between runs, and numba would not notice a change in that file."""
    mine = [each for each in vars(module).values() if getattr(each, "py_func", None)]
    assert mine
    for function in mine:
        for name in function.py_func.__code__.co_names:
            called = getattr(vars(module).get(name), "py_func", None)
            if called is not None and function.py_func.__module__ == module.__name__:
                where = called.__module__
                assert where == module.__name__ or where.startswith("auditor.readers.capture.")


def test_addresses_have_the_number_that_they_are():
    addresses = ["0.0.0.1", "1.2.3.4", "255.255.255.255", "10.0.0.1"]
    keys, others = ipv4_keys(pa.array(addresses))
    assert keys.tolist() == [int(ipaddress.ip_address(address)) for address in addresses]
    assert others == 0


def test_what_is_no_address_has_none():
    keys, others = ipv4_keys(pa.array([*ODD, None]))
    assert set(keys.tolist()) == {-1}
    assert others == len(ODD) + 1


@given(
    st.lists(
        st.one_of(st.none(), st.text("0123456789.", max_size=16), st.ip_addresses(v=4).map(str))
    )
)
def test_the_standard_library_agrees(texts):
    wanted = []
    for text in texts:
        try:
            wanted.append(int(ipaddress.IPv4Address(text)) if text is not None else -1)
        except ValueError:
            wanted.append(-1)
    keys, others = ipv4_keys(pa.array(texts, pa.string()))
    assert keys.tolist() == wanted
    assert others == wanted.count(-1)


def test_a_slice_is_read_from_where_it_begins():
    texts = pa.array(["x", "1.2.3.4", None, "5.6.7.8", "y"])
    assert ipv4_keys(texts.slice(1, 3))[0].tolist() == [0x01020304, -1, 0x05060708]
    assert text_keys(texts.slice(3)).tolist() == text_keys(pa.array(["5.6.7.8", "y"])).tolist()
    assert ipv4_keys(pa.array([], pa.string()))[1] == 0
    assert len(text_keys(pa.nulls(0, pa.string()))) == 0


@given(st.lists(st.text(max_size=5), unique=True, max_size=50))
def test_different_texts_have_different_numbers(texts):
    assert len(set(text_keys(pa.array(texts, pa.string())).tolist())) == len(texts)


def test_numbers_of_several_columns_depend_on_their_places_but_not_on_what_is_null():
    def key(*columns):
        keys = np.zeros(1, np.int64)
        for place, value in enumerate(columns):
            added(keys, np.array([NOTHING if value is None else value]), place)
        return int(keys[0])

    assert key(1, 2) != key(2, 1)
    assert key(1, None) != key(None, 1)
    assert key(0) != key(None)
    assert key(1, None) == key(1)
    assert key(-1, 5) != key(None, 5)
