"""A released image, which brings its own code, runs unchanged."""

import contextlib
import io
import json
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import docker.errors
import pytest

from sandbox.engine import engine
from sandbox.images import images
from sandbox.settings import load

from .factories import integration, mapping, resync, started, values

pytestmark = [pytest.mark.integration, pytest.mark.asyncio]

DOCKERFILE = """
FROM {base}
USER root
COPY code /app
RUN ln -s /opt/venv /app/.venv
ENV {variables}
USER ocean
CMD ["never", "run"]
"""


@contextmanager
def released(code: Path, variables: str = "RELEASED=yes") -> Iterator[str]:
    """An image laid out as Ocean's own releases are: code and virtual environment in /app.

    Args:
        code: The integration.
        variables: What its environment has.
    """
    client, in_force = engine.client(), load()
    (base,) = images.ensure([images.resync()], in_force, client)
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as tar:
        dockerfile = DOCKERFILE.format(base=base, variables=variables).encode()
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


HOOK = """
from port_ocean.core.handlers.webhook.abstract_webhook_processor import AbstractWebhookProcessor
from port_ocean.core.handlers.webhook.webhook_event import WebhookEventRawResults

class Things(AbstractWebhookProcessor):
    async def authenticate(self, payload, headers):
        return True
    async def validate_payload(self, payload):
        return True
    async def should_process_event(self, event):
        return True
    async def get_matching_kinds(self, event):
        return ["thing"]
    async def handle_event(self, payload, resource):
        return WebhookEventRawResults([payload], [])

ocean.add_webhook_processor("/webhook", Things)
"""
TELLS_HOW_IT_RUNS = """
    yield [{"id": 1, "value": [os.environ["RELEASED"], sys.argv[1:], str(ocean.event_listener_type)]}]
"""


@pytest.mark.parametrize("isolation", ["container", "fork"])
async def test_it_sails_as_it_ships_with_the_mapping_the_resources_and_the_port_of_its_own(
    tmp_path: Path, isolation: str
) -> None:
    shipped = integration(tmp_path / "shipped", TELLS_HOW_IT_RUNS, head=HOOK)
    edited = integration(tmp_path / "edited", "yield [{'id': 1, 'value': 'edited'}]")
    (shipped / ".port" / "resources").mkdir()
    (shipped / ".port" / "resources" / "port-app-config.json").write_text(json.dumps(mapping(title='"its own"')))
    # In the case that nobody expects: Ocean reads it all the same.
    with released(shipped, "RELEASED=yes Application__Port=9123") as image:
        settings = load(image=image, isolation=isolation)
        async with started(edited, entry="production", port_mapping_config=None, sandbox_settings=settings) as harness:
            result = await harness.trigger_resync()
            assert (result.errors, result.reconciliation_success) == ([], True)
            assert values(result) == {"1": ["yes", ["sail"], "ONCE"]}
            assert result.upserted_entities[0]["title"] == "its own"
            event = await harness.deliver_webhook("/webhook", json={"id": 2, "value": "of an event"})
            assert (event.errors, values(event)) == ([], {"2": "of an event"})
