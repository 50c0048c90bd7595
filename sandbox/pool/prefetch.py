"""Whether another test of the same integration follows, so that it is worth warming a container for it."""

_more_to_come = False


def expect_more(*, more: bool) -> None:
    """Say whether the test that is about to run will be followed by another of the same integration.

    Args:
        more: If so, the next resync container warms while this one works. By default this is unknown, and none does.
    """
    global _more_to_come  # noqa: PLW0603 # as there is one pool a process
    _more_to_come = more


def more_to_come() -> bool:
    """What :func:`expect_more` was told last."""
    return _more_to_come
