from auditor.inspect.documents.places import in_vietnam


def test_boxes_are_in_vietnam_elsewhere_or_unknown():
    assert in_vietnam((105.0, 20.0, 106.0, 21.0)) == ", in Vietnam"
    assert in_vietnam((111.2, 15.9, 112.8, 17.1)) == ", in Vietnam"
    assert in_vietnam((-180, -90, 180, 90)) == ", in Vietnam"
    assert in_vietnam((2.0, 48.0, 3.0, 49.0)) == ", elsewhere"
    assert in_vietnam((0, 0, 0, 0)) == ""
    assert in_vietnam((585000, 2325000, 586000, 2326000)) == ""
    assert in_vietnam((float("nan"), 0, 1, 1)) == ""
    assert in_vietnam(None) == ""
