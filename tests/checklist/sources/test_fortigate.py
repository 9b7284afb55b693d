"""FortiGate's text as a tree of sections."""

from auditor.checklist.sources.fortigate import tree


def test_sections_are_kept_by_domain_and_nested_ones_are_left_out():
    found = tree(
        "config vdom\nedit root\nnext\nend\n"
        "config vdom\nedit root\nconfig firewall policy\nedit 1\nset name \"a b\"\n"
        "config inner\nedit 9\nset x y\nnext\nend\nset action accept\nnext\nend\nend\n"
    )  # fmt: skip
    (entry,) = found.of("root", "firewall policy")
    assert entry.settings == {"name": ["a b"], "action": ["accept"]}
    assert not found.of("root", "inner")
    assert not found.unread


def test_quoted_values_may_run_over_lines_and_hold_quotes():
    text = 'config a\nset note "one \\"two\\"\nthree"\nset b c\nend\n'
    (entry,) = tree(text).of("", "a")
    assert entry.first("note") == 'one "two"\nthree'
    assert entry.first("b") == "c"


def test_what_a_terminal_leaves_is_no_configuration_line():
    assert not tree("FGT-01 # show\nFGT-01 (policy) # show\n#conf\nconfig a\nend\n").unread


def test_a_text_that_is_cut_off_is_told():
    assert "cut off" in tree("config firewall policy\nedit 1\nset action accept\n").unread[0].what


def test_lines_that_do_not_fit_are_told_with_their_number():
    (line,) = tree("config a\nfrobnicate very secret words\nend\n").unread
    assert line.place == "line 2"
    assert line.what == "frobnicate very"


def test_append_and_unset_change_a_setting():
    (entry,) = tree("config a\nset m x\nappend m y\nset n z\nunset n\nend\n").of("", "a")
    assert entry.settings == {"m": ["x", "y"]}


def test_deep_nesting_ends_the_reading_and_is_told():
    assert "deeply" in tree("config a\nedit 1\n" * 200).unread[0].what


def test_a_line_of_quotes_and_backslashes_is_read_in_time():
    tree("config a\nset b " + '"\\' * 300_000 + "\nend\n")


def test_many_ends_without_a_beginning_are_told_but_counted_only_so_far():
    assert len(tree("end\n" * 50_000).unread) == 1_000
