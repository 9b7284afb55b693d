"""Messages: a bounded number is told, the same in whatever order they came."""

from hypothesis import given
from hypothesis import strategies as st

from auditor.inspect.messages import FURTHER, MOST_MESSAGES, Messages

CAME = st.lists(
    st.tuples(
        st.sampled_from("ab"),
        st.one_of(st.integers(0, 60).map(lambda number: f"file {number}"), st.just(FURTHER)),
        st.integers(1, 3),
    ),
    max_size=150,
)


def counted(came):
    messages = Messages()
    for each in came:
        messages.add(*each)
    return messages


@given(CAME, st.randoms(use_true_random=False), st.integers(0, 150))
def test_neither_order_nor_parts_change_what_is_told(came, chance, cut):
    whole = list(counted(came).told())
    shuffled = chance.sample(came, len(came))
    joined = counted(shuffled[cut:])
    joined.join(counted(shuffled[:cut]))
    assert list(joined.told()) == whole
    assert sum(count for _, _, count in whole) == sum(count for _, _, count in came)
    for code in "ab":
        named = [message for one, message, _ in whole if one == code and message != FURTHER]
        assert len(named) <= MOST_MESSAGES and named == sorted(named)


def test_a_message_that_is_told_has_its_whole_count():
    messages = counted(
        [("a", f"file {number:03}", 2) for number in (*range(99, -1, -1), *range(5))]
    )
    told = {message: count for _, message, count in messages.told()}
    assert told["file 004"] == 4 and told["file 019"] == 2 and told[FURTHER] == 160
