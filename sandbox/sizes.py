"""Numbers and sizes for people."""


def count(number: int, noun: str) -> str:
    """``1 image``, ``2 images``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def gigabytes(size: int) -> str:
    """A size in bytes as ``1.2 GB``, or as ``3.4 MB`` where it is small."""
    return f"{size / 1000**3:.1f} GB" if size >= 100 * 1000**2 else f"{size / 1000**2:.1f} MB"
