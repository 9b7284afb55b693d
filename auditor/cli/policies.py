"""The commands on what the law and its experts wrote down: rules, lists, detectors."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from auditor.cli.options import MISTAKES, InventoryFile, Mappings, Policies
from auditor.cli.terminal import say
from auditor.model.errors import AuditorError, PolicyError

if TYPE_CHECKING:
    from collections.abc import Container

    from auditor.inspect import Detector

app = typer.Typer()
policy_app = typer.Typer(help="Look at and check rules and detectors.", no_args_is_help=True)
app.add_typer(policy_app, name="policy")


@policy_app.command("lint")
def policy_lint(
    policies: Policies = None,
    inventory: InventoryFile = None,
    dossiers: Annotated[
        Path | None, typer.Option("--dossiers", readable=False, help="A register.")
    ] = None,
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
    """Show rules and detectors: what each asks, what it rests on, and how sure that is."""
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
    for detector in inspect.detectors_in(folder, catalogue.by_code):
        say(f"{detector.id}  [{', '.join(detector.labels)}]")
        say(f"  {detector.title.vi}")
        say(f"  {detector.title.en}")
        say(f"  ({detector.mark}) {'; '.join(source.title for source in detector.sources)}")
        say(f"  {_minimums(detector)}")
        say()


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
