"""A released image, which brings its own code, runs as it is."""

import contextlib
import io
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import docker.errors
import pytest

from sandbox import engine, images
from sandbox.settings import load

from .factories import integration, resync, values

pytestmark = [pytest.mark.integration, pytest.mark.asyncio]

DOCKERFILE = """
FROM {base}
USER root
COPY code /app
RUN ln -s /opt/venv /app/.venv
USER ocean
CMD ["never", "run"]
"""


@contextmanager
def released(code: Path) -> Iterator[str]:
    """An image laid out as Ocean's own releases are: code and virtual environment in /app."""
    client, in_force = engine.client(), load()
    (base,) = images.ensure([images.resync()], in_force, client)
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as tar:
        dockerfile = DOCKERFILE.format(base=base).encode()
        info = tarfile.TarInfo("Dockerfile")
        info.size = len(dockerfile)
        tar.addfile(info, io.BytesIO(dockerfile))
        tar.add(code, "code")
    context.seek(0)
    image, _ = client.client.images.build(fileobj=context, custom_context=True, rm=True)
    try:
        yield str(image.id)
    finally:
        # The container may still be on its way out; then the image stays, as images do.
        with contextlib.suppress(docker.errors.APIError):
            images.remove(images.released(str(image.id)), in_force, client)
            client.client.images.remove(str(image.id), force=True)


@pytest.mark.parametrize("isolation", ["container", "fork"])
async def test_its_own_code_runs_whatever_the_directory_holds(tmp_path: Path, isolation: str) -> None:
    shipped = integration(tmp_path / "shipped", "yield [{'id': 1, 'value': 'shipped'}]")
    edited = integration(tmp_path / "edited", "yield [{'id': 1, 'value': 'edited'}]")
    with released(shipped) as image:
        for _ in range(2):
            result = await resync(edited, sandbox_settings=load(image=image, isolation=isolation))
            assert values(result) == {"1": "shipped"}
