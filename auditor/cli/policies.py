"""The commands on what the law and its experts wrote down: rules, lists, detectors."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from auditor.cli.options import MISTAKES, InventoryFile, Mappings, Policies
from auditor.cli.run_folder import RunFlows, run_in
from auditor.cli.terminal import complain, say, say_json
from auditor.model.errors import AuditorError, InputError, PolicyError

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    import pandas as pd

    from auditor.inspect import Detector
    from auditor.model.finding import Finding
    from auditor.model.inventory import Inventory
    from auditor.model.regimes import RegimeFile
    from auditor.model.run import Run
    from auditor.policy import Difference, Law

RunPlace = Annotated[
    Path, typer.Argument(metavar="RUN", readable=False, help="Folder of a run, or its run.json.")
]
RegisterFile = Annotated[
    Path | None,
    typer.Option("--dossiers", readable=False, help="Register of dossiers (dossiers.yaml)."),
]

app = typer.Typer()
policy_app = typer.Typer(help="Look at and check rules and detectors.", no_args_is_help=True)
app.add_typer(policy_app, name="policy")


@policy_app.command("lint")
def policy_lint(
    policies: Policies = None,
    inventory: InventoryFile = None,
    dossiers: RegisterFile = None,
    mapping: Mappings = None,
) -> None:
    """Check every policy file and detector; all mistakes at once, each with its line."""
    from auditor import classify, pipeline, policy
    from auditor.checklist.catalogue import load
    from auditor.checklist.lint import mistakes
    from auditor.geo import services
    from auditor.model.register import load_register
    from auditor.readers.tables.mapping import load_mapping

    folder = policies or pipeline.data_folder("policies")
    found: list[str] = []
    catalogue = regimes = codes = None
    try:
        catalogue = classify.catalogue(folder)
        codes = catalogue.by_code
        found += policy.lint_regimes(folder / "regimes.yaml", catalogue)
        regimes = None if found else policy.load_regimes(folder / "regimes.yaml", catalogue)
        systems = classify.inventory(inventory, catalogue) if inventory else None
        if dossiers and regimes:
            load_register(dossiers, catalogue, systems, regimes)
    except AuditorError as error:
        found += str(error).splitlines()
    found = policy.lint(folder / "rules.yaml", catalogue, regimes) + found
    names = folder / services.FILE_NAME
    if names.exists():
        found += services.services_mistakes(names)
    try:
        found += [f"{folder}/checklists: {line}" for line in mistakes(load(folder))]
    except AuditorError as error:
        found += str(error).splitlines()
    for path in mapping or ():
        try:
            load_mapping(path)
        except AuditorError as error:
            found += str(error).splitlines()
    found += _detector_mistakes(folder, codes)
    for line in found:
        say(line)
    if found:
        raise typer.Exit(MISTAKES)
    say(f"{folder}: no mistakes")


@policy_app.command("test")
def policy_test(policies: Policies = None) -> None:
    """Run the examples of rules, checklist items and detectors through what decides real ones."""
    from auditor import classify, inspect, pipeline, policy
    from auditor.checklist.catalogue import load
    from auditor.checklist.lint import tried

    folder = policies or pipeline.data_folder("policies")
    results = policy.tested(policy.load_rules(folder / "rules.yaml"))
    for result in results:
        if not result.passed:
            say(f"{result.rule}: example {result.expected} {result.number} gives {result.got}")
    items = tried(load(folder).checklist)
    for case in items:
        if not case.passed:
            say(f"{case.item}: example {case.number} gives {case.got}, not {case.expected}")
    trials = inspect.tried(folder, classify.catalogue(folder).by_code)
    for trial in trials:
        if not trial.passed:
            say(f"{trial.detector}: example {trial.number} is no {trial.expected}")
    passed = [rule.passed for rule in results] + [case.passed for case in items]
    passed += [trial.passed for trial in trials]
    failed = passed.count(False)
    say(f"{len(passed)} examples, {failed} failed")
    if failed:
        raise typer.Exit(MISTAKES)


@policy_app.command("show")
def policy_show(policies: Policies = None) -> None:
    """Show rules, categories, regimes, detectors: what each rests on, and how sure that is."""
    from auditor import classify, inspect, pipeline, policy

    folder = policies or pipeline.data_folder("policies")
    for rule in policy.load_rules(folder / "rules.yaml").rules:
        say(f"{rule.id}  [{rule.severity}]")
        say(f"  {rule.title.vi}")
        say(f"  {rule.title.en}")
        for basis in rule.legal:
            say(f"  ({basis.mark}) {basis.instrument}, {basis.article}")
        say()
    catalogue = classify.catalogue(folder)
    for category in catalogue.by_code.values():
        checked = "" if category.verified else ", chưa đối chiếu / unverified"
        say(f"{category.code}  [{category.level}; {category.mark}{checked}]")
        say(f"  {category.title.vi}")
        say(f"  {category.title.en}")
        say()
    for line in _regime_lines(policy.load_regimes(folder / "regimes.yaml", catalogue)):
        say(line)
    for detector in inspect.detectors_in(folder, catalogue.by_code):
        say(f"{detector.id}  [{', '.join(detector.labels)}]")
        say(f"  {detector.title.vi}")
        say(f"  {detector.title.en}")
        say(f"  ({detector.mark}) {'; '.join(source.title for source in detector.sources)}")
        say(f"  {_minimums(detector)}")
        say()


@policy_app.command("explain")
def policy_explain(
    finding: Annotated[str, typer.Argument(help="Id of a finding, or its beginning.")],
    run: RunPlace,
    policies: Policies = None,
    inventory: InventoryFile = None,
) -> None:
    """Show the whole chain behind a finding, from packet to article."""
    from auditor import policy, report

    told = run_in(run)
    one = _finding(told, finding)
    law, systems = _law_and_systems(policies, inventory)
    table = policy.candidates(_frames(run, told))
    for line in report.explanation_lines(told, one, policy.explained(one, table, law, systems)):
        say(line)


@policy_app.command("diff")
def policy_diff(
    old: Annotated[Path, typer.Argument(readable=False, help="Folder of policies.")],
    new: Annotated[Path, typer.Argument(readable=False, help="Another one.")],
    run: RunPlace,
    inventory: InventoryFile = None,
    dossiers: RegisterFile = None,
    as_json: Annotated[bool, typer.Option("--json", help="All of it as one JSON object.")] = False,
) -> None:
    """Show which findings a changed policy adds, removes and changes in the flows of a run."""
    from dataclasses import asdict

    from auditor import policy
    from auditor.model.register import load_register

    told = run_in(run)
    table = policy.candidates(_frames(run, told))
    found = []
    for folder in (old, new):
        law, systems = _law_and_systems(folder, inventory)
        register = (
            load_register(dossiers, law.catalogue, systems, law.regimes) if dossiers else None
        )
        found.append(policy.findings(table, law, systems, register))
    if told.agency is not None and inventory is None:
        complain(
            "Cuộc kiểm tra có bản kê khai; nêu --inventory để xét giống lần trước.\n"
            "  The run had an inventory; give --inventory to judge as it did."
        )
    changes = policy.differences(*found)
    if as_json:
        say_json({"run_id": told.run_id, "changes": [asdict(each) for each in changes]})
        return
    for each in changes:
        for line in _difference(each):
            say(line)
    counts = {kind: sum(each.kind == kind for each in changes) for kind in _KINDS}
    say(", ".join(f"{_KINDS[kind]}: {count:,}" for kind, count in counts.items()))


_KINDS: Final = {
    "added": "thêm / added",
    "removed": "bớt / removed",
    "changed": "đổi / changed",
}


def _difference(each: Difference) -> Iterator[str]:
    sign = {"added": "+", "removed": "-", "changed": "~"}[each.kind]
    yield f"{sign} {each.id}  {each.rule}  [{each.severity}, {each.state}]"
    yield f"    {each.title.vi}"
    yield f"    {each.title.en}"
    who = f"{each.system or '-'} -> {each.recipient}, {each.category or '-'}"
    yield f"    {who}: {each.flows:,} luồng / flows, {each.outbound_bytes:,} byte"
    for name, was, now in each.changes:
        yield f"    {name}: {was} -> {now}"
    for basis in each.legal:
        yield f"    {basis}"


def _law_and_systems(policies: Path | None, inventory: Path | None) -> tuple[Law, Inventory | None]:
    from auditor import classify, pipeline, policy

    folder = policies or pipeline.data_folder("policies")
    catalogue = classify.catalogue(folder)
    systems = classify.inventory(inventory, catalogue) if inventory else None
    return policy.load_law(folder, catalogue), systems


def _finding(run: Run, wanted: str) -> Finding:
    found = [each for each in run.findings if each.id.startswith(wanted)]
    if len(found) == 1:
        return found[0]
    known = ", ".join(each.id for each in (found or run.findings)[:5])
    raise InputError(
        f"{len(found)} findings begin with {wanted!r}",
        place=run.run_id,
        hint=f"Ids of this run: {known or 'none'}, …",
    )


def _frames(place: Path, run: Run) -> Iterator[pd.DataFrame]:
    """The flows of a run as the audit judges them."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from auditor.model.flow_table import Stage, schema_at, to_pandas

    schema = schema_at(Stage.CLASSIFY)

    def missing(there: pa.Schema) -> list[str]:
        return [f"has no column {name}" for name in schema.names if name not in there.names]

    def prepared(part: pa.Table) -> pa.Table:
        kept = part.filter(pc.is_null(part["witness_of"])).select(schema.names).cast(schema)
        lengths = [
            pc.fill_null(pc.list_value_length(kept[name]), 0)
            for name in ("content_labels", "content_certainties")
        ]
        if not lengths[0].equals(lengths[1]):
            raise ValueError("not every label of content has its certainty")
        return kept

    return map(to_pandas, RunFlows(place, run, schema.names, missing, prepared))


def _regime_lines(file: RegimeFile) -> Iterator[str]:
    for regime in file.regimes:
        ends = f" – {regime.until}" if regime.until else ""
        yield f"{regime.id}  [{regime.since}{ends}]"
        yield f"  {regime.title.vi}"
        yield f"  {regime.title.en}"
        yield f"  {regime.needs}" + (f", {regime.days} ngày / days" if regime.days else "")
        yield from (f"  ({each.mark}) {each.instrument}, {each.article}" for each in regime.legal)
        for duty in regime.duties:
            yield f"  {duty.id}: {duty.what.vi}"
            yield f"    ({duty.basis.mark}) {duty.basis.instrument}, {duty.basis.article}"
        yield ""
    for ground in file.grounds:
        yield f"{ground.id}  [{', '.join(ground.regimes)}]"
        yield f"  {ground.title.vi}"
        yield f"  {ground.title.en}"
        yield f"  ({ground.basis.mark}) {ground.basis.instrument}, {ground.basis.article}"
        yield ""
    for threshold in file.thresholds:
        least = threshold.category or f"> {threshold.above:,}"
        yield f"{threshold.id}  [{least}; {threshold.since}]"
        yield f"  {threshold.title.vi}"
        yield f"  {threshold.title.en}"
        for each in threshold.legal:
            yield f"  ({each.mark}) {each.instrument}, {each.article}"
        yield ""


def _detector_mistakes(folder: Path, codes: Container[str] | None) -> list[str]:
    """What is wrong with detectors, each with its line; nothing while the lists are wrong."""
    from auditor import inspect

    if codes is None:
        return []
    try:
        inspect.detectors_in(folder, codes, examples=True)
    except PolicyError as error:
        return error.message.splitlines()
    return []


def _minimums(detector: Detector) -> str:
    """How many different values make a hit, by the way they are found."""
    least = detector.minimum
    ways = {
        "near a word": least.with_context if detector.context else None,
        "alone": least.alone,
        "in a named column": least.column if detector.columns else None,
        "in any column": least.unnamed_column,
        "by its format": 1 if detector.facts else None,
    }
    told = ", ".join(f"{count:,} {way}" for way, count in ways.items() if count is not None)
    return f"at least {told}" if told else "found by another part of the program"
