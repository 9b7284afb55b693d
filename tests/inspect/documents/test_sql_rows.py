from auditor.inspect.documents.sql_rows import RowPattern


def taken(pattern, text, at=0):
    return pattern.rows(text, at, len(text))


def test_rows_written_alike_come_by_columns():
    pattern = RowPattern("INSERT INTO t VALUES", escapes=True)
    pattern.learn(["1", "'x'"])
    text = ",(2,'a'),\n(3,'b''(),');\nINSERT INTO t VALUES (4,'c\\'') ;"
    end, columns = taken(pattern, text)
    assert text[end:] == " ;"
    assert columns == [["2", "3", "4"], ["a", "b''(),", "c\\'"]]


def test_a_null_among_strings_makes_the_column_one_of_both():
    pattern = RowPattern("", escapes=False)
    pattern.learn(["NULL", "N'x'"])
    assert taken(pattern, ",('y','z')") == (0, [])
    pattern.learn(["'y'", "NULL"])
    assert taken(pattern, ",('y',N'z'),(NULL,NULL)")[1] == [["y", None], ["z", None]]


def test_rows_end_where_another_kind_of_row_stands():
    pattern = RowPattern("", escapes=True)
    pattern.learn(["1"])
    end, columns = taken(pattern, ",(1),(2),(f(3)),(4),(4)")
    assert (end, columns) == (8, [["1", "2"]])


def test_after_too_many_failures_nothing_is_tried():
    pattern = RowPattern("", escapes=True)
    for _ in range(9):
        pattern.learn(["f(1)"])
    assert taken(pattern, ",(1)") == (0, [])


def test_a_row_that_stands_by_itself_has_none_after_it():
    pattern = RowPattern("INSERT INTO t VALUES", escapes=True)
    pattern.learn(["1"])
    for behind in ("", ";", " ;\nINSERT INTO u VALUES (1)", " RETURNING id, (1)"):
        assert taken(pattern, behind) == (0, [])
    assert taken(pattern, " ; INSERT INTO t VALUES (2)")[1] == [["2"]]
