"""Whether another test of the same integration follows, so that it is worth warming a container for it."""

_more_to_come = False
_same_code = True


def expect_more(*, more: bool, same_code: bool = True) -> None:
    """Say whether the test that is about to run will be followed by another of the same integration.

    Args:
        more: If so, the next resync container warms while this one works. By default this is unknown, and none does.
        same_code: Whether its code will be the same: not where somebody is editing it.
    """
    global _more_to_come, _same_code  # as there is one pool a process
    _more_to_come, _same_code = more, same_code


def more_to_come() -> bool:
    """What :func:`expect_more` was told last."""
    return _more_to_come


def expects_same_code() -> bool:
    """Likewise: whether there is a next test, whose code is likely to be that of the last."""
    return _more_to_come and _same_code
