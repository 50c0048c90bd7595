"""What fails a test although none of its assertions did."""

from collections.abc import Sequence

from harness import current
from harness.harness import IntegrationTestHarness


def egress(harness: IntegrationTestHarness) -> str:
    """Why the running test must not pass: its resyncs tried to reach the outside. Empty where all is well.

    Args:
        harness: A harness of the test.
    """
    attempts = dict.fromkeys(attempt for result in current.results(harness) for attempt in result.egress_attempts)
    if not (harness.fail_on_egress and attempts):
        return ""
    listed = "\n".join(f"    {attempt}" for attempt in attempts)
    return (
        f"The integration tried to reach the outside, past the proxy:\n{listed}\n"
        "What to do: let its client use the proxy of the environment (HTTPS_PROXY), or mend what it reaches for; "
        "fail_on_egress = False on the class, or in IntegrationTestHarness(...), allows it."
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
        "of the stubs answered nothing": last.unused_stubs,
        "of Port's faults met no call": last.unused_faults,
    }
    listed = "\n".join(
        "\n".join([f"{len(unused)} {what}:", *(f"    {each}" for each in unused)])
        for what, unused in found.items()
        if unused
    )
    return listed and (
        f"{listed}\n"
        "What to do: remove them, or mend what they wait for; fail_on_unused_stubs = False on the class allows them."
    )
