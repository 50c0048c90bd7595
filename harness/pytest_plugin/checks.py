"""Checks that fail a test although none of its assertions failed."""

from collections.abc import Sequence

from harness.testing import session
from harness.testing.harness import IntegrationTestHarness


def egress(harness: IntegrationTestHarness) -> str:
    """Why the running test must not pass: its resyncs tried to reach what nothing answers. Empty where all is well.

    Args:
        harness: A harness of the test.
    """
    attempts = dict.fromkeys(attempt for result in session.results(harness) for attempt in result.egress_attempts)
    if not (harness.fail_on_egress and attempts):
        return ""
    listed = "\n".join(f"    {attempt}" for attempt in attempts)
    return (
        f"The integration tried to reach what the sandbox does not answer:\n{listed}\n"
        "What to do: the sandbox answers HTTP and HTTPS; have the test's configuration switch off what speaks anything else. "
        "fail_on_egress = False on the class, or in IntegrationTestHarness(...), allows it."
    )


def warnings(harness: IntegrationTestHarness, *, by_default: bool) -> str:
    """Why the running test must not pass: its resyncs or events have warnings. Empty where all is well.

    Args:
        harness: A harness of the test.
        by_default: Whether warnings fail a test that does not say so itself.
    """
    fails = by_default if harness.fail_on_warnings is None else harness.fail_on_warnings
    found = dict.fromkeys(warning for result in session.results(harness) for warning in result.warnings)
    if not (fails and found):
        return ""
    listed = "\n".join(f"    {warning}" for warning in found)
    return (
        f"{len(found)} warning{'' if len(found) == 1 else 's'}:\n{listed}\n"
        "What to do: fix the mapping or the blueprint; fail_on_warnings = False on the class allows them."
    )


def unused_stubs(harness: IntegrationTestHarness, *, by_default: bool) -> str:
    """Why the tests of a harness must not pass: some of its stubs, or of Port's faults, did nothing. Empty where all is well.

    Args:
        harness: A harness that has resynced for the last time; before that, a stub may still be used.
        by_default: Whether unused stubs fail a test that does not say so itself.
    """
    fails = by_default if harness.fail_on_unused_stubs is None else harness.fail_on_unused_stubs
    if not (fails and harness.results):
        return ""
    last = harness.results[-1]
    found: dict[str, Sequence[object]] = {
        "Unused stubs": last.unused_stubs,
        "Faults of Port that matched no call": last.unused_faults,
    }
    listed = "\n".join(
        "\n".join([f"{what} ({len(unused)}):", *(f"    {each}" for each in unused)])
        for what, unused in found.items()
        if unused
    )
    return listed and (
        f"{listed}\n"
        "What to do: remove them, or fix what they wait for; fail_on_unused_stubs = False on the class allows them."
    )
