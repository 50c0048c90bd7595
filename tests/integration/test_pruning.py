"""What nothing needs is removed from a real engine, and nothing else. These images have a namespace of their own."""

import io
import json
import re
import tarfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker.errors
import pytest
from click.testing import CliRunner

from harness import cli
from sandbox.engine import engine
from sandbox.images import pruning
from sandbox.images.image_record import Engine, ImageRecord, User, engine_of
from sandbox.images.pruning import Pruner
from sandbox.settings import Settings, load

pytestmark = pytest.mark.integration

DAY = 86_400.0
# Two stages, of which one is only copied from: a build of ours in small.
DOCKERFILE = """
FROM scratch AS build
LABEL {namespace}.stage=build
COPY first /first
FROM scratch
LABEL {namespace}.stage=it
COPY --from=build /first /second
"""


@dataclass
class Bench:
    """A namespace on the engine, and a record, of this test alone."""

    namespace: str
    settings: Settings

    @property
    def client(self) -> Any:
        return engine.client().client

    def build(self, version: str) -> str:
        """Build a version of the image, with a stage beside it, of a thousand bytes each; gives its tag."""
        tag = f"{self.namespace}/it:{version}"
        files = {"Dockerfile": DOCKERFILE.format(namespace=self.namespace), "first": version * 1_000}
        labels = {f"{self.namespace}.image": "it", f"{self.namespace}.stage": ""}
        self.client.images.build(fileobj=packed(files), custom_context=True, tag=tag, labels=labels, rm=True)
        return tag

    def make(self, version: str) -> str:
        """Make a version of the image at once, without a build, of a thousand bytes; gives its tag."""
        labels = [f"LABEL {self.namespace}.image=it", f"LABEL {self.namespace}.stage="]
        content = packed({"first": version * 1_000}).getvalue()
        self.client.api.import_image_from_data(content, f"{self.namespace}/it", version, changes=labels)
        return f"{self.namespace}/it:{version}"

    def need(self, tag: str, place: Path, *, earlier: float = 0.0) -> None:
        """Note that something needs the image, or did so many seconds ago."""
        user = User("it", str(place))
        if earlier:
            found = engine_of(engine.client())
            ImageRecord(self.settings, found).note({user: tag}, found.now() - earlier)
        else:
            pruning.note_use({user: tag}, self.settings, engine.client())

    def pruner(self, *, later: float = 0.0, **changed: Any) -> Pruner:
        """What removes images, so many seconds later."""
        there = engine_of(engine.client())
        settings = self.settings.model_copy(update=changed)
        when = Engine(there.identity, there.ahead_seconds + later)
        return Pruner(settings, engine.client(), when, self.namespace)

    def has(self, tag: str) -> bool:
        try:
            self.client.images.get(tag)
        except docker.errors.ImageNotFound:
            return False
        return True

    def left(self) -> int:
        """How many images of this namespace there are, with those that stages left."""
        return sum(
            any(label.startswith(f"{self.namespace}.") for label in each["Labels"] or {})
            for each in self.client.api.images(all=True)
        )


def packed(files: dict[str, str]) -> io.BytesIO:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content.encode()))
    buffer.seek(0)
    return buffer


@contextmanager
def bench(tmp_path: Path) -> Iterator[Bench]:
    """One of which nothing is left afterwards."""
    made = Bench(f"ocean-sandbox-test-{uuid.uuid4().hex[:12]}", load(cache=tmp_path / "cache"))
    try:
        yield made
    finally:
        for _ in range(5):  # what others stand on goes after them
            for each in made.client.api.images(all=True):
                if any(label.startswith(f"{made.namespace}.") for label in each["Labels"] or {}):
                    for name in [*(each["RepoTags"] or []), each["Id"]]:
                        with suppress(docker.errors.APIError):
                            made.client.images.remove(name, force=True)


def test_what_was_superseded_goes_with_its_stages_and_what_is_needed_stays(tmp_path: Path) -> None:
    with bench(tmp_path) as here:
        old, new = here.build("1"), here.build("2")
        here.need(old, tmp_path)
        here.need(new, tmp_path, earlier=-1)  # a second later

        at_once = here.pruner().prune()
        assert at_once.removed == []
        assert at_once.plan.fresh == 3, "the old image and two stages, which something may still be about to use"
        dry = here.pruner(later=DAY).look()
        done = here.pruner(later=DAY).prune()

        assert (here.has(old), here.has(new)) == (False, True)
        assert sorted(each.reference.startswith("sha256:") for each in done.removed) == [False, True, True]
        # The old one's two layers, and the new one's stage, which no build of images.ensure() has noted.
        assert done.freed == dry.freed == 3_000
        assert done.plan.size - done.freed == here.pruner().look().size == 1_000
        assert here.pruner(later=DAY).prune().removed == []


def test_after_a_build_it_goes_by_age_and_by_size(tmp_path: Path) -> None:
    with bench(tmp_path) as here:
        tags = [here.make(str(number)) for number in range(3)]
        for number, tag in enumerate(tags):
            here.need(tag, tmp_path, earlier=10.0 - number)

        young = here.pruner(later=DAY).after_build()
        assert young is not None
        assert young.removed == []
        tight = here.pruner(later=DAY, images_size="2.5k").after_build()
        assert tight is not None
        assert tight.freed == 1_000, "the oldest is enough"
        old = here.pruner(later=2 * DAY, images_days=1.5).after_build()
        assert old is not None
        # Nobody has needed the last one either for a day and a half.
        assert [here.has(tag) for tag in tags] == [False, False, False]
        assert here.left() == 0


def test_what_others_use_stays(tmp_path: Path) -> None:
    with bench(tmp_path) as here:
        used, theirs, elsewhere = here.make("1"), here.make("2"), here.make("3")
        container = here.client.containers.create(used, ["/second"])
        (tmp_path / "other").mkdir()
        try:
            here.client.images.build(
                fileobj=packed({"Dockerfile": f"FROM {theirs}\nCOPY x /x", "x": "x"}),
                custom_context=True,
                tag=f"{here.namespace}.theirs:1",
                rm=True,
            )
            for tag in (used, theirs, elsewhere):
                here.need(tag, tmp_path, earlier=60)
            here.need(elsewhere, tmp_path / "other", earlier=60)
            here.need(here.make("4"), tmp_path)

            here.pruner(later=DAY).prune()

            assert here.has(used), "a container uses it"
            assert here.has(f"{here.namespace}.theirs:1"), "it only stands on ours"
            assert not here.has(theirs), "it has lost its name, and stays as far as theirs stands on it"
            assert here.has(elsewhere), "another folder needs it"
        finally:
            container.remove()


def test_a_base_image_of_the_users_keeps_no_use_of_ours_from_being_noted(tmp_path: Path) -> None:
    with bench(tmp_path) as here:
        tag = here.make("1")
        users = {User("base", "/"): "debian", User("digest", "/"): f"debian@sha256:{'0' * 64}", User("it", "/"): tag}

        pruning.note_use(users, here.settings, engine.client())

        noted = ImageRecord(here.settings, engine_of(engine.client())).read().last()
        assert list(noted) == [tag]


def test_nothing_goes_while_somebody_builds(tmp_path: Path) -> None:
    with bench(tmp_path) as here:
        here.need(here.make("1"), tmp_path)
        with pruning.building("another", here.settings):
            assert here.pruner(later=30 * DAY).after_build() is None
        done = here.pruner(later=30 * DAY).after_build()

        assert done is not None
        assert len(done.removed) == 1


def test_an_image_that_was_loaded_has_its_time_from_then_on(tmp_path: Path) -> None:
    with bench(tmp_path) as here:
        tag = here.make("1")
        archive = b"".join(here.client.images.get(tag).save(named=True))
        here.client.images.remove(tag)
        here.client.images.load(archive)
        assert here.pruner().look().tags == 1

        done = here.pruner(later=30 * DAY).after_build()

        assert done is not None
        assert here.has(tag), "nobody knows when it was used last, so it counts as used now"
        assert here.pruner(later=30 * DAY).prune().removed != []
        assert not here.has(tag)


@pytest.mark.parametrize("arguments", [["--json"], []], ids=["json", "text"])
def test_the_command_says_what_it_would_free(arguments: list[str], tmp_path: Path) -> None:
    # Its record is empty, and of what no record knows nothing goes that was used lately.
    environment = {"OCEAN_SANDBOX_CACHE": str(tmp_path), "OCEAN_SANDBOX_IMAGES_DAYS": "36500"}
    done = CliRunner().invoke(cli.main, ["images", "--prune", "--dry-run", *arguments], env=environment)

    assert done.exit_code == 0, done.output
    if arguments:
        said = json.loads(done.stdout)
        assert (said["freed_bytes"] == 0) == (said["removed"] == [])
        assert said["left_bytes"] > 0
        assert said["dry_run"]
    else:
        assert re.search(r"^would free [0-9.]+ .B; our images use [0-9.]+ GB$", done.stdout, re.MULTILINE)


def test_doctor_tells_what_is_used() -> None:
    done = CliRunner().invoke(cli.main, ["doctor"])

    assert re.search(
        r"our images use [0-9.]+ GB: [0-9]+ images?, [0-9]+ stages? left over from builds; ", done.stdout
    ), done.output
    assert re.search(r"GB free for .*, using [0-9.]+ [MG]B", done.stdout), done.output
