"""What somebody in Port can have done to the registry."""

import httpx
from port_ocean.context.ocean import ocean
from port_ocean.core.handlers.actions.abstract_executor import AbstractExecutor
from port_ocean.core.models import IntegrationRun
from port_ocean.exceptions.execution_manager import ActionExecutionError

from client import RegistryAccessError, RegistryClient
from notifications import named_tag


class DeleteTag(AbstractExecutor):
    """Deletes a tag from the registry and, without waiting for the registry's word, from Port.

    Its execution properties are `repository` and `tag`.
    """

    ACTION_NAME = "delete_tag"
    # The registry does it at once: nothing is to be waited for.
    WEBHOOK_PROCESSOR_CLASS = None
    WEBHOOK_PATH = ""

    async def _get_partition_key(self, run: IntegrationRun) -> str | None:
        """One after the other in each repository."""
        return run.execution_properties.get("repository")

    async def is_close_to_rate_limit(self, run: IntegrationRun) -> bool:
        """A registry says when it has had enough, and is asked again then."""
        return False

    async def get_remaining_seconds_until_rate_limit(self, run: IntegrationRun) -> float:
        """None."""
        return 0.0

    async def execute(self, run: IntegrationRun) -> None:
        """Delete the tag.

        Raises:
            ActionExecutionError: A property is missing, the tag is not there, or the registry does not do it.
        """
        repository, name = (run.execution_properties.get(key) for key in ("repository", "tag"))
        if not (repository and name):
            raise ActionExecutionError("Say repository and tag: which tag is to be deleted?", "Invalid input")
        async with RegistryClient.from_ocean_config() as registry:
            try:
                was_there = await registry.delete_tag(repository, name)
            except (RegistryAccessError, httpx.HTTPError) as error:
                raise ActionExecutionError(f"{repository}:{name} was not deleted: {error}") from error
            if not was_there:
                raise ActionExecutionError(f"There is no tag {repository}:{name}.", "Not found")
            await ocean.unregister_raw("tag", [named_tag(registry, repository, name)])
        await ocean.port_client.report_run_completed(run, success=True, message=f"Deleted {repository}:{name}.")
