"""Decides which of our images to remove: a pure function of what the engine has and what is needed."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from sandbox.images.image_record import Uses

NAMESPACE = "ocean-sandbox"
# Who has just looked an image up may be about to use it; what a build has just left, it may go on with.
FRESH_SECONDS = 300
# How often a use is noted on the engine (sandbox.images.pruning): a note that is later than ours by more is somebody else's.
NOTE_SECONDS = 60
DAY_SECONDS = 86_400


def image_label(namespace: str = NAMESPACE) -> str:
    """The label with an image's name."""
    return f"{namespace}.image"


def front_label(namespace: str = NAMESPACE) -> str:
    """The label with the tag of the front whose CA an image trusts."""
    return f"{namespace}.front"


def stage_label(namespace: str = NAMESPACE) -> str:
    """The label that a stage of a build has from its first step on; on an image that was built to its end it is empty."""
    return f"{namespace}.stage"


@dataclass(frozen=True)
class StoredImage:
    """An image on the engine.

    Args:
        id: Its identifier.
        parent: That of the image it was made from; empty where the engine does not know.
        tags: Its full names.
        size: Bytes, together with all that it stands on.
        created: When it was made, in seconds.
        labels: Its labels, with those that it inherited.
        used: When a use of it was last noted, in seconds; None if never.
    """

    id: str
    parent: str = ""
    tags: tuple[str, ...] = ()
    size: int = 0
    created: float = 0.0
    labels: dict[str, str] = field(default_factory=dict)
    used: float | None = None


@dataclass(frozen=True)
class Removal:
    """Something that may go.

    Args:
        reference: The tag, or the identifier of what has none.
        name: What it is, for people.
        size: Bytes that this frees, when all before it are gone.
        used: When it was used last, in seconds.
        image: The identifier of the image.
    """

    reference: str
    name: str
    size: int
    used: float
    image: str


@dataclass(frozen=True)
class Plan:
    """What is there, and what is to go.

    Args:
        removals: What is to go, in this order.
        tags: How many images with a name are ours.
        stages: How many left-over stages of builds are.
        size: Bytes that all of it takes.
        fresh: How many are not needed, and stay because they were used within the last minutes.
    """

    removals: Sequence[Removal]
    tags: int
    stages: int
    size: int
    fresh: int

    @property
    def freed(self) -> int:
        """Bytes that the removals free."""
        return sum(each.size for each in self.removals)


@dataclass(frozen=True)
class Limits:
    """When what is not needed goes.

    Args:
        days: Days for which what was needed counts as needed, and after which the rest goes.
        size: Bytes that our images may use; beyond that, what is not needed is removed sooner, the oldest first.
    """

    days: float
    size: int


def plan(
    images: Iterable[StoredImage],
    uses: Uses,
    *,
    in_use: Collection[str],
    now: float,
    limits: Limits,
    at_once: bool = False,
    namespace: str = NAMESPACE,
) -> Plan:
    """Say what is to go.

    Never: what a container uses, what anybody here needs that was seen lately, what somebody elsewhere may need, and
    what was used within the last minutes.

    Args:
        images: All that the engine has.
        uses: What is needed, as far as it is known here.
        in_use: Identifiers of images that containers use.
        now: The time, in seconds.
        limits: Age and size.
        at_once: Whether what is not needed goes whatever its age, and whatever the size.
        namespace: What our tags and labels begin with.
    """
    ours = _Ours({each.id: each for each in images}, namespace)
    since = now - limits.days * DAY_SECONDS
    current, last = uses.current(since), uses.last()
    unneeded: list[Removal] = []
    going: set[str] = set()
    used: dict[str, float] = {}
    for tag, image in ours.tagged:
        noted = image.used if image.used is not None else (0.0 if tag in last else now)
        used[tag] = max(noted, last.get(tag, 0.0))
        # Beyond what this record knows, somebody with another cache uses it as well.
        is_superseded = tag in last and noted <= last[tag] + NOTE_SECONDS
        if tag not in current and image.id not in in_use and (is_superseded or used[tag] < since):
            unneeded.append(Removal(tag, tag, 0, used[tag], image.id))
            going.add(tag)
    users_of = _users_of(ours.stages, uses)
    for stage in ours.stages:
        theirs = [tag for tag in users_of[stage.id] if tag in used]
        is_needed = any(tag not in going for tag in theirs) and stage.created >= since
        if not is_needed and stage.id not in in_use:
            at = max([stage.created, *(used[tag] for tag in theirs if tag in going)])
            unneeded.append(Removal(stage.id, ours.name_of(stage, users_of[stage.id]), 0, at, stage.id))
    old = [each for each in unneeded if now - each.used >= FRESH_SECONDS]
    size = total = ours.size_without(())
    removals: list[Removal] = []
    for each in sorted(old, key=lambda removal: (removal.used, removal.reference)):
        if at_once or each.used < since or size > limits.size:
            left = ours.size_without([*(removal.reference for removal in removals), each.reference])
            removals.append(replace(each, size=size - left))
            size = left
    return Plan(removals, len(ours.tagged), len(ours.stages), total, len(unneeded) - len(old))


class _Ours:
    """Those of an engine's images that are ours, and none of anybody else's that stand on them."""

    def __init__(self, images: dict[str, StoredImage], namespace: str) -> None:
        self._images = images
        self._namespace = namespace
        parents = {each.parent for each in images.values()}
        self.tagged = [(tag, each) for each in images.values() for tag in each.tags if self._is_ours(tag, each)]
        self.stages = [
            each for each in images.values() if not each.tags and each.id not in parents and self._is_left_over(each)
        ]

    def _is_ours(self, tag: str, image: StoredImage) -> bool:
        if tag.startswith(f"{self._namespace}/base-"):  # pulled or imported: it has no label
            return True
        return tag.startswith(f"{self._namespace}/") and image_label(self._namespace) in image.labels

    def _is_left_over(self, image: StoredImage) -> bool:
        """Whether one of our builds left it behind, or took its name away."""
        stage = image.labels.get(stage_label(self._namespace))
        if stage is None:  # what was built before stages had a label stands on the builder, as nobody else's does
            return image.labels.get(image_label(self._namespace)) == "builder"
        # The last step of our builds empties the label; an image of somebody else that stands on ours inherits it empty.
        parent = self._images.get(image.parent)
        return bool(stage) or (parent is not None and bool(parent.labels.get(stage_label(self._namespace))))

    def name_of(self, stage: StoredImage, users: Sequence[str]) -> str:
        """What a left-over is, for people: of the build of which tag, where that is known."""
        short = stage.id.removeprefix("sha256:")[:12]
        if users:
            return f"{short}, a stage of {users[0]}"
        is_stage = stage.labels.get(stage_label(self._namespace)) != ""
        name = stage.labels.get(image_label(self._namespace), "")
        return f"{short}, a stage of a build" if is_stage else f"{short}, {name} without a name"

    def size_without(self, gone: Collection[str]) -> int:
        """Bytes that they take together, each layer once, when these tags and identifiers are gone."""
        seen: set[str] = set()
        total = 0
        left = [each.id for tag, each in self.tagged if tag not in gone]
        left += [each.id for each in self.stages if each.id not in gone]
        for identifier in left:
            image = self._images.get(identifier)
            while image is not None and image.id not in seen and not self._is_foreign(image):
                seen.add(image.id)
                below = self._images.get(image.parent)
                total += max(0, image.size - (below.size if below else 0))
                image = below
        return total

    def _is_foreign(self, image: StoredImage) -> bool:
        return bool(image.tags) and not any(self._is_ours(tag, image) for tag in image.tags)


def _users_of(stages: Sequence[StoredImage], uses: Uses) -> dict[str, list[str]]:
    """By the identifier of each stage, the tags whose builds it ended up in; a build prints the first twelve digits."""
    found: dict[str, list[str]] = {stage.id: [] for stage in stages}
    by_digits = {stage.id.removeprefix("sha256:")[:12]: stage.id for stage in stages}
    for tag, theirs in uses.stages.items():
        for each in theirs:
            if (identifier := by_digits.get(each[:12])) is not None:
                found[identifier].append(tag)
    return found
