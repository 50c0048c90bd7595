"""Which images may go, and which never: decided from a list of images as the engine gives it, and from what is needed."""

from pathlib import Path
from typing import Any

import pytest

from sandbox.images.image_record import User, Uses
from sandbox.images.retention import FRESH_SECONDS, Limits, Plan, StoredImage, plan

HOUR, DAY = 3600.0, 86_400.0
NOW = 1_800_000_000.0
LIMITS = Limits(days=7, size=5_000)
IN_FORCE = str(Path(__file__).parent)


def ago(seconds: float) -> float:
    return NOW - seconds


def make_image(name: str, *, used: float | None = DAY, size: int = 100, **options: Any) -> StoredImage:
    """An image of ours with a name, last used so many seconds ago; None where nobody has noted that."""
    labels = {"ocean-sandbox.image": name.partition(":")[0], "ocean-sandbox.stage": ""}
    parts: dict[str, Any] = {"tags": (f"ocean-sandbox/{name}",), "labels": labels, "created": ago(30 * DAY)}
    at = None if used is None else ago(used)
    return StoredImage(f"sha256:{name}", **{"size": size, "used": at, **parts, **options})


def make_stage(digits: str, *, created: float = DAY, **options: Any) -> StoredImage:
    """What a build of ours left, made so many seconds ago."""
    labels = {"ocean-sandbox.stage": "build"}
    return StoredImage(f"sha256:{digits:0<64}", **{"size": 100, "labels": labels, "created": ago(created), **options})


def needs(name: str, tags: dict[str, float], place: str = IN_FORCE) -> dict[User, dict[str, float]]:
    """What one user has needed, each so many seconds ago."""
    return {User(name, place): {f"ocean-sandbox/{tag}": ago(seconds) for tag, seconds in tags.items()}}


def decide(images: list[StoredImage], uses: Uses | None = None, **options: Any) -> Plan:
    return plan(images, uses or Uses(), **{"in_use": set(), "now": NOW, "limits": LIMITS, **options})


def gone(images: list[StoredImage], uses: Uses | None = None, **options: Any) -> list[str]:
    return [each.reference.removeprefix("ocean-sandbox/") for each in decide(images, uses, **options).removals]


# What was superseded ---------------------------------------------------------------------------------------------


def superseded(seconds: float = DAY, **options: Any) -> tuple[list[StoredImage], Uses]:
    """Two versions of one image, the first of which was used last so many seconds ago."""
    images = [make_image("it:1", used=seconds, **options), make_image("it:2", used=60)]
    return images, Uses(needs("it", {"it:1": seconds, "it:2": 60}))


@pytest.mark.parametrize(
    ("seconds", "options", "expected"),
    [
        (DAY, {}, []),
        (8 * DAY, {}, ["it:1"]),
        (DAY, {"at_once": True}, ["it:1"]),
        (DAY, {"limits": Limits(7, 199)}, ["it:1"]),
        (DAY, {"limits": Limits(7, 200)}, []),
        (DAY, {"limits": Limits(0.5, 5_000)}, ["it:1"]),
        (FRESH_SECONDS - 1, {"at_once": True}, []),
        (FRESH_SECONDS - 1, {"limits": Limits(7, 0)}, []),
        (FRESH_SECONDS + 1, {"at_once": True}, ["it:1"]),
    ],
    ids=str,
)
def test_what_was_superseded_goes_by_age_by_size_or_at_once(
    seconds: float, options: dict[str, Any], expected: list[str]
) -> None:
    assert gone(*superseded(seconds), **options) == expected


def test_what_a_container_uses_stays() -> None:
    assert gone(*superseded(30 * DAY), at_once=True, in_use={"sha256:it:1"}) == []


def test_what_somebody_with_another_record_has_used_since_stays() -> None:
    images = [make_image("it:1", used=HOUR), make_image("it:2", used=60)]
    uses = Uses(needs("it", {"it:1": 2 * DAY, "it:2": 60}))

    assert gone(images, uses, at_once=True, limits=Limits(7, 0)) == []


def test_what_another_checkout_needs_stays() -> None:
    images, uses = superseded()
    other = needs("it", {"it:1": 3 * DAY}, str(Path(IN_FORCE).parent))

    assert gone(images, Uses(uses.tags | other), at_once=True) == []


@pytest.mark.parametrize(
    ("place", "seen", "expected"),
    [(IN_FORCE, 6 * DAY, []), (IN_FORCE, 8 * DAY, ["it:1"]), (f"{IN_FORCE}/removed", HOUR, ["it:1"])],
    ids=["seen lately", "not seen lately", "its folder is gone"],
)
def test_what_is_needed_is_what_was_seen_lately_and_is_still_there(
    place: str, seen: float, expected: list[str]
) -> None:
    images = [make_image("it:1", used=seen)]

    assert gone(images, Uses(needs("it", {"it:1": seen}, place)), at_once=True, limits=Limits(7, 0)) == expected


def test_the_oldest_go_first_and_no_more_than_the_size_asks_for() -> None:
    versions = {f"it:{number}": (10 - number) * HOUR for number in range(10)}
    images = [make_image(tag, used=seconds) for tag, seconds in versions.items()]

    assert gone(images, Uses(needs("it", versions)), limits=Limits(7, 650)) == ["it:0", "it:1", "it:2", "it:3"]


# What nobody here knows --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("used", "expected"), [(6 * DAY, []), (8 * DAY, ["it:1"]), (None, [])], ids=["lately", "long ago", "just loaded"]
)
def test_what_is_in_no_record_goes_when_nobody_has_used_it(used: float | None, expected: list[str]) -> None:
    assert gone([make_image("it:1", used=used)], at_once=True, limits=Limits(7, 0)) == expected


def test_what_an_engine_does_not_tell_the_record_does() -> None:
    images = [make_image("it:1", used=None), make_image("it:2", used=None)]

    assert gone(images, Uses(needs("it", {"it:1": DAY, "it:2": 60})), at_once=True) == ["it:1"]


# What is not ours -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "image",
    [
        make_image("it:1", tags=("theirs:1",)),
        make_image("it:1", labels={}),
        make_image("it:1", tags=(), size=1),
        make_image("it:1", tags=("ocean-sandbox-of-others/it:1",)),
        make_stage("a", labels={}),
        make_stage("a", labels={"ocean-sandbox.stage": "", "ocean-sandbox.image": "resync"}),
        make_stage("a", tags=("theirs:2",)),
        make_stage("a", labels={"maintainer": "somebody"}),
    ],
    ids=[
        "stands on ours, with a name of theirs",
        "no label",
        "stands on ours, without a name",
        "a name like ours",
        "a stage of somebody",
        "a stage of somebody that stands on ours",
        "a stage with a name",
        "other labels",
    ],
)
def test_what_is_not_ours_stays_and_does_not_count(image: StoredImage) -> None:
    found = decide([image], Uses(needs("it", {"it:1": 30 * DAY})), at_once=True, limits=Limits(1, 0))

    assert (found.removals, found.size) == ([], 0)


def test_of_an_image_with_a_name_of_others_only_ours_goes() -> None:
    image = make_image("it:1", used=30 * DAY, tags=("ocean-sandbox/it:1", "theirs:1"))

    assert gone([image], at_once=True) == ["it:1"]


def test_a_base_image_of_ours_goes_too_though_it_has_no_label() -> None:
    assert gone([make_image("base-trixie:1", used=30 * DAY, labels={})]) == ["base-trixie:1"]
    assert gone([make_image("debian:trixie", used=30 * DAY, labels={}, tags=("debian:trixie",))]) == []


# Stages of builds -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("created", "options", "expected"),
    [
        (DAY, {}, []),
        (8 * DAY, {}, ["goes"]),
        (DAY, {"at_once": True}, ["goes"]),
        (DAY, {"limits": Limits(7, 99)}, ["goes"]),
        (60, {"at_once": True}, []),
    ],
    ids=["young", "old", "at once", "too much", "just made: a build may go on"],
)
def test_a_stage_of_a_build_that_did_not_end_goes(created: float, options: dict[str, Any], expected: list[str]) -> None:
    assert len(gone([make_stage("a", created=created)], **options)) == len(expected)


@pytest.mark.parametrize(
    ("created", "stays"), [(DAY, True), (8 * DAY, False)], ids=["saves the next build", "has not saved one for long"]
)
def test_a_stage_of_what_is_needed_stays_for_a_while(created: float, *, stays: bool) -> None:
    images = [make_image("it:1", used=60), make_stage("abcdefabcdef", created=created)]
    uses = Uses(needs("it", {"it:1": 60}), {"ocean-sandbox/it:1": ["abcdefabcdef"]})

    found = decide(images, uses, at_once=True)

    assert bool(found.removals) != stays
    assert [each.name for each in found.removals] == [] if stays else ["abcdefabcdef, a stage of ocean-sandbox/it:1"]


def test_a_stage_goes_with_the_last_image_that_it_was_for() -> None:
    images, uses = superseded(8 * DAY)
    stages = [make_stage("1" * 12), make_stage("2" * 12), make_stage("3" * 12)]
    of = {"ocean-sandbox/it:1": ["1" * 12, "3" * 12], "ocean-sandbox/it:2": ["2" * 12, "3" * 12]}

    removed = gone([*images, *stages], Uses(uses.tags, of), at_once=True)

    assert [each.removeprefix("sha256:")[:6] for each in removed] == ["it:1", "111111"]


def test_what_other_images_stand_on_is_no_left_over() -> None:
    inner = make_stage("a", created=30 * DAY)
    outer = make_image("it:1", used=60, parent=inner.id)

    assert gone([inner, outer], Uses(needs("it", {"it:1": 60})), at_once=True) == []


def test_an_image_of_ours_that_has_lost_its_name_goes() -> None:
    before = make_stage("a")
    lost = make_stage("b", parent=before.id, labels={"ocean-sandbox.stage": "", "ocean-sandbox.image": "it"})

    assert [each.name for each in decide([before, lost], at_once=True).removals] == ["b00000000000, it without a name"]


def test_what_was_built_before_stages_had_a_label_is_known_by_the_builder_it_stands_on() -> None:
    assert len(gone([make_stage("a", labels={"ocean-sandbox.image": "builder"})], at_once=True)) == 1


# Sizes ------------------------------------------------------------------------------------------------------------


def test_what_images_share_counts_once_and_is_freed_with_the_last_of_them() -> None:
    base = StoredImage("sha256:debian", size=1_000, tags=("debian:trixie",))
    shared = make_stage("a", parent=base.id, size=1_100, created=30 * DAY)
    images = [make_image(f"it:{number}", used=8 * DAY, parent=shared.id, size=1_110) for number in (1, 2)]

    found = decide([base, shared, *images], at_once=True)

    assert found.size == 120
    assert [each.size for each in found.removals] == [10, 110]
    assert (found.freed, found.tags, found.stages) == (120, 2, 0)


def test_those_that_were_used_just_now_are_counted() -> None:
    assert decide(*superseded(60)).fresh == 1
    assert decide(*superseded(DAY)).fresh == 0
