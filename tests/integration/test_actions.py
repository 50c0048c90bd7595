"""An action run is given to an integration the way Port does it, and its result comes back."""

import asyncio
from pathlib import Path

import pytest

from harness import ActionError, ActionResult, EventTimeoutError, InterceptTransport

from .factories import SPEC, integration, started

pytestmark = [pytest.mark.integration, pytest.mark.asyncio]

ACTS = SPEC + "actionsProcessingEnabled: true\n"
HEAD = """
from port_ocean.core.handlers.actions.abstract_executor import AbstractExecutor
from port_ocean.core.handlers.webhook.abstract_webhook_processor import AbstractWebhookProcessor, WebhookProcessorType
from port_ocean.core.handlers.webhook.webhook_event import WebhookEventRawResults
from port_ocean.exceptions.execution_manager import ActionExecutionError

class Finished(AbstractWebhookProcessor):
    @classmethod
    def get_processor_type(cls):
        return WebhookProcessorType.ACTION
    async def authenticate(self, payload, headers):
        return True
    async def validate_payload(self, payload):
        return True
    async def should_process_event(self, event):
        return True
    async def get_matching_kinds(self, event):
        return []
    async def handle_event(self, payload, resource):
        run = await ocean.port_client.get_run_by_external_id(payload["job"])
        await ocean.port_client.report_run_completed(run, success=True, message="the job is done")
        return WebhookEventRawResults([], [])

class Restart(AbstractExecutor):
    ACTION_NAME = "restart"
    WEBHOOK_PROCESSOR_CLASS = Finished
    WEBHOOK_PATH = "/finished"
    async def is_close_to_rate_limit(self, run):
        return False
    async def get_remaining_seconds_until_rate_limit(self, run):
        return 0
    async def execute(self, run):
        how = run.execution_properties.get("how", "well")
        if how == "hang":
            await asyncio.sleep(3600)
        if how == "refuse":
            raise ActionExecutionError("no such thing")
        if how == "fail":
            raise KeyError("missing")
        if how == "job":
            await ocean.port_client.update_run_started(run, "https://jobs.example/5", "5")
            return
        if how == "forget":
            return
        response = await http_async_client.post("https://api.things.example/things/1/restart")
        response.raise_for_status()
        await ocean.register_raw("thing", [{"id": 1, "value": how}])
        await ocean.port_client.report_run_completed(run, success=True, message="restarted")

ocean.register_action_executor(Restart())
"""


def summary(result: ActionResult) -> tuple[str, list[str]]:
    return result.status, result.run_logs


async def test_runs_end_as_their_executor_says(tmp_path: Path) -> None:
    transport = InterceptTransport().add_route("POST", "/things/1/restart", {"status_code": 202})
    async with started(integration(tmp_path, head=HEAD, spec=ACTS), transport) as harness:
        well = await harness.run_action("restart", {"how": "well"}, identifier="restart_a_thing")
        assert (summary(well), well.errors) == (("SUCCESS", ["restarted"]), [])
        assert well.run["action"] == {"identifier": "restart_a_thing"}
        assert well.entity("thing", "1")["properties"] == {"value": "well"}
        assert len(transport.calls_for("/restart")) == 1

        refused, failed, node = await asyncio.gather(
            harness.run_action("restart", {"how": "refuse"}),
            harness.run_action("restart", {"how": "fail"}),
            harness.run_action("restart", {"how": "in a workflow"}, workflow=True),
        )
        assert (summary(refused), refused.errors) == (("FAILURE", ["no such thing"]), [])
        assert summary(failed) == ("FAILURE", ["Failed to execute run: 'missing'"])
        assert [type(error) for error in failed.errors] == [KeyError]
        assert "in execute" in failed.errors[0].remote_traceback  # type: ignore[attr-defined] # see harness/execution/errors.py
        assert summary(node) == ("SUCCESS", ["restarted"])
        assert node.entity("thing", "1")["properties"] == {"value": "in a workflow"}
        assert refused.upserted_entities == failed.upserted_entities == []

        # The third party calls back when its job is done, which ends the run.
        job = asyncio.create_task(harness.run_action("restart", {"how": "job"}))
        while not any(run["run"].get("externalRunId") for run in harness.port_mock.state["runs"]):  # noqa: ASYNC110 # in a container
            await asyncio.sleep(0.05)
        assert not job.done()
        assert (await harness.deliver_webhook("/finished", json={"job": "5"})).errors == []
        assert summary(await job) == ("SUCCESS", ["the job is done"])

        with pytest.raises(ActionError, match="has no executor for action 'stop'") as unknown:
            await harness.run_action("stop")
        assert "run an action that it has an executor for: restart;" in str(unknown.value)
        with pytest.raises(
            EventTimeoutError, match="executed action 'restart', but did not report its completion to Port"
        ):
            await harness.run_action("restart", {"how": "forget"}, timeout=2)
        with pytest.raises(EventTimeoutError, match="had not executed action 'restart' after 3 s: it is being") as late:
            await harness.run_action("restart", {"how": "hang"}, timeout=3)
        assert "in execute\n  |     await asyncio.sleep(3600)" in str(late.value)


async def test_an_integration_that_processes_no_actions_says_what_it_lacks(tmp_path: Path) -> None:
    async with started(integration(tmp_path)) as harness:
        with pytest.raises(ActionError, match="does not process actions") as refused:
            await harness.run_action("restart")
        assert "actionsProcessingEnabled: true" in str(refused.value)
