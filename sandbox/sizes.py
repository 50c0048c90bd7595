"""Numbers and sizes for people."""


def count(number: int, noun: str, plural: str | None = None) -> str:
    """``1 image``, ``2 images``; ``plural`` where that is not the noun with an s."""
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"


def gigabytes(size: int) -> str:
    """A size in bytes as ``1.2 GB``, or as ``3.4 MB`` where it is small."""
    return f"{size / 1000**3:.1f} GB" if size >= 100 * 1000**2 else f"{size / 1000**2:.1f} MB"
