"""The part of a result that can be compared with another: what does not vary between runs."""

from harness.diagnosis.difference import Outcome
from harness.execution import snapshot
from harness.execution.result import ResyncResult

_LISTS = ("actions", "scorecards", "pages")


def outcome_of(name: str, result: ResyncResult) -> Outcome:
    """The outcome of a resync.

    Args:
        name: What to call it.
        result: What the resync came to.
    """
    plain = snapshot.as_snapshot(result, ())
    failed = [] if result.reconciliation_success else ["the resync did not complete"]
    made = result.default_resources
    return Outcome(
        name,
        entities=plain["upserted_entities"],
        deleted=plain["deleted_entities"],
        calls=snapshot.third_party_calls(result),
        errors=plain["errors"] + failed,
        resources={
            **{f"blueprint {name}": blueprint for name, blueprint in made.blueprints.items()},
            **{f"{kind[:-1]} {each.get('identifier')}": each for kind in _LISTS for each in getattr(made, kind)},
            "mapping": made.mapping,
        },
        warnings=list(map(str, result.warnings)),
    )
