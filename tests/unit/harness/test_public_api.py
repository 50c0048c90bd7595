"""The public API, held by name, order, kind and default of every parameter: a change must be deliberate.

Tests that were written for the in-process harness run here unchanged; that they can is what these signatures say.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass

import pytest

import harness
from sandbox.errors import SandboxError

# As Python writes a signature, without annotations; "=…" where the default is made anew each time.
SIGNATURES = {
    "ActionError": "(what, *, remedy='', detail='')",
    "ActionResult": (
        "(upserted_entities=…, deleted_entities=…, errors=…, reconciliation_success=True, unmatched=…, logs=…, timings=…, "
        "unused_stubs=…, kinds=…, rejected_entities=…, egress_attempts=…, unknown_port_calls=…, "
        "most_memory=None, default_resources=…, unused_faults=…, warnings=…, calls=…, port_calls=…, during=…, action='', status='', run=…, run_logs=…)"
    ),
    "ActionResult.entities": "(self, blueprint=None, identifier=None)",
    "ActionResult.entity": "(self, blueprint, identifier)",
    "ActionResult.as_snapshot": "(self, *, mask=())",
    "ActionResult.assert_ok": "(self)",
    "AnswerError": "(what, *, remedy='', detail='')",
    "BaseIntegrationTest": "()",
    "BaseIntegrationTest.create_integration_config": "(self)",
    "BaseIntegrationTest.create_mapping_config": "(self)",
    "BaseIntegrationTest.create_third_party_transport": "(self)",
    "BaseIntegrationTest.entry": "attribute None",
    "BaseIntegrationTest.fail_on_egress": "attribute True",
    "BaseIntegrationTest.fail_on_unused_stubs": "attribute None",
    "BaseIntegrationTest.fail_on_warnings": "attribute None",
    "BaseIntegrationTest.get_port_blueprints": "(self)",
    "BaseIntegrationTest.get_port_entities": "(self)",
    "BaseIntegrationTest.get_port_search_entities_response": "(self)",
    "BaseIntegrationTest.harness": "fixture async (self)",
    "BaseIntegrationTest.integration_path": "property",
    "BaseIntegrationTest.port": "attribute 'lenient'",
    "BaseIntegrationTest.resync": "fixture async (self, harness)",
    "BaseIntegrationTest.resync_timeout": "attribute None",
    "BaseIntegrationTest.sandbox_isolation": "attribute None",
    "BaseIntegrationTest.services": "attribute None",
    "BaseIntegrationTest.stubs": "attribute None",
    "BaseIntegrationTest.verify": "async (self)",
    "DefaultResources": "(blueprints=…, actions=…, scorecards=…, pages=…, mapping=…)",
    "EgressAttempt": "(host, port=None, protocol='', reason='')",
    "EventNotTakenError": "(*args)",
    "EventPathError": "(what, *, remedy='', detail='')",
    "EventRefusedError": "(*args)",
    "EventTimeoutError": "(what, *, remedy='', detail='')",
    "IntegrationTestHarness": (
        "(integration_path, port_mapping_config, third_party_transport, port_blueprints=None, config_overrides=None, "
        "port_search_entities_response=None, *, port_entities=None, port='lenient', stubs=None, sandbox_settings=None, "
        "fail_on_egress=True, fail_on_unused_stubs=None, fail_on_warnings=None, entry=None, services=None)"
    ),
    "IntegrationTestHarness.config": "(self)",
    "IntegrationTestHarness.cut": "(self)",
    "IntegrationTestHarness.deliver_webhook": (
        "async (self, path, *, headers=None, json=None, body=None, method='POST', timeout=None)"
    ),
    "IntegrationTestHarness.discover_requests": "async (self)",
    "IntegrationTestHarness.explain_unmatched": "(self, most)",
    "IntegrationTestHarness.forget_journal": "(self)",
    "IntegrationTestHarness.has_sandbox": "property",
    "IntegrationTestHarness.is_over": "property",
    "IntegrationTestHarness.keep": "(self)",
    "IntegrationTestHarness.look": "(self)",
    "IntegrationTestHarness.release": "(self)",
    "IntegrationTestHarness.run_action": (
        "async (self, action, properties=None, *, identifier=None, workflow=False, timeout=None)"
    ),
    "IntegrationTestHarness.shutdown": "async (self)",
    "IntegrationTestHarness.start": "async (self)",
    "IntegrationTestHarness.stub_mappings": "property",
    "IntegrationTestHarness.trigger_resync": "async (self)",
    "IntegrationTestHarness.wiremock": "property",
    "InterceptTransport": "(strict=True)",
    "InterceptTransport.add_route": "(self, method, url_pattern, response, *, times=None)",
    "InterceptTransport.add_stub": "(self, mapping)",
    "InterceptTransport.call_lines": "(self, *, include_port=False)",
    "InterceptTransport.calls": "property",
    "InterceptTransport.calls_for": "(self, url_substring)",
    "InterceptTransport.find_route": "(self, request, start=0)",
    "InterceptTransport.handle_async_request": "async (self, request)",
    "InterceptTransport.keep": "(self, calls, port_calls=())",
    "InterceptTransport.print_call_log": "(self, include_port=False)",
    "InterceptTransport.reset": "(self)",
    "InterceptTransport.routes": "property",
    "InterceptTransport.stubs": "property",
    "KindCounts": (
        "(kind, index=0, raw=0, filtered=0, mapped=0, upserted=0, failed=0, skipped=0, state='pending', seconds=0.0)"
    ),
    "LiveEventResult": (
        "(upserted_entities=…, deleted_entities=…, errors=…, reconciliation_success=True, unmatched=…, logs=…, timings=…, "
        "unused_stubs=…, kinds=…, rejected_entities=…, egress_attempts=…, unknown_port_calls=…, "
        "most_memory=None, default_resources=…, unused_faults=…, warnings=…, calls=…, port_calls=…, during=…, path='', status=0, body='', was_queued=True)"
    ),
    "LiveEventResult.entities": "(self, blueprint=None, identifier=None)",
    "LiveEventResult.entity": "(self, blueprint, identifier)",
    "LiveEventResult.as_snapshot": "(self, *, mask=())",
    "LiveEventResult.assert_ok": "(self)",
    "MappingError": "(what, *, remedy='', detail='')",
    "PortFaults": "()",
    "PortFaults.attach": "(self, port)",
    "PortFaults.clear": "(self)",
    "PortFaults.expire_token": "(self)",
    "PortFaults.fail": (
        "(self, method, path, *, status=None, times=None, retry_after=0, latency=0, reset=False, entities=(), "
        "error=None, message=None)"
    ),
    "PortFaults.seed": "(self)",
    "PortFaults.unused": "(self, faults)",
    "PortMockResponder": (
        "(mapping_config, integration_identifier='test-integration', blueprints=None, search_entities_response=None, *, "
        "entities=None, port='lenient')"
    ),
    "PortMockResponder.attach": "(self, container)",
    "PortMockResponder.checked_seed": "(self, integration_type)",
    "PortMockResponder.deleted_entity_ids": "property",
    "PortMockResponder.entities": "property",
    "PortMockResponder.keep": "(self, captures, calls)",
    "PortMockResponder.rejected_entities": "property",
    "PortMockResponder.seed": "(self, integration_type)",
    "PortMockResponder.state": "property",
    "RejectedEntity": "(identifier, blueprint, entity, status, error, message)",
    "RemoteError": "(name, message, remote_traceback, kind)",
    "RequestLog": "(request, response, at=…)",
    "RequestLog.to_dict": "(self)",
    "ResyncResult": (
        "(upserted_entities=…, deleted_entities=…, errors=…, reconciliation_success=True, unmatched=…, logs=…, timings=…, "
        "unused_stubs=…, kinds=…, rejected_entities=…, egress_attempts=…, unknown_port_calls=…, "
        "most_memory=None, default_resources=…, unused_faults=…, warnings=…, calls=…, port_calls=…, during=…)"
    ),
    "ResyncResult.as_snapshot": "(self, *, mask=())",
    "ResyncResult.assert_ok": "(self)",
    "ResyncResult.entities": "(self, blueprint=None, identifier=None)",
    "ResyncResult.entity": "(self, blueprint, identifier)",
    "ResyncWarning": "(subject, place, message)",
    "Route": "(method, url_pattern, response_factory, times=None)",
    "Route.is_used_up": "property",
    "Route.matches": "(self, request)",
    "Route.respond": "async (self, request)",
    "SeedError": "(what, *, remedy='', detail='')",
    "Service": "(container, seed=None, reset=None)",
    "StubFileError": "(what, *, remedy='', detail='')",
    "UnmatchedRequestError": "(*args)",
    "UnusedFault": "(source, call)",
    "UnusedStub": "(source, request)",
    "asks": "(url_pattern, *, query=None, json=None, form=None, headers=None, body=None)",
    "asks.differences": "(self, request)",
}
NAMES = [name for name in SIGNATURES if "." not in name]


def signature_of(function: Callable[..., object]) -> str:
    parameters = inspect.signature(function).parameters.values()
    bare = [parameter.replace(annotation=inspect.Parameter.empty) for parameter in parameters]
    written = str(inspect.Signature(bare)).replace("<factory>", "…")
    is_async = inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)
    return f"async {written}" if is_async else written


def signature_of_class(kind: type) -> str:
    # Python's own exceptions take anything, and have no signature to look at.
    return "(*args)" if vars(kind).get("__init__") is None and kind.__base__ is Exception else signature_of(kind)


def described(member: object) -> str:
    if isinstance(member, property):
        return "property"
    if (wrapped := getattr(member, "_get_wrapped_function", None)) is not None:  # how pytest keeps a fixture
        return f"fixture {signature_of(wrapped())}"
    if inspect.isfunction(member):
        return signature_of(member)
    return f"attribute {member!r}"


def public_api() -> dict[str, str]:
    found = {}
    for name in harness.__all__:
        kind = getattr(harness, name)
        found[name] = signature_of_class(kind)
        # The defaults of a dataclass's fields are in its signature already.
        own = {field.name for field in fields(kind)} if is_dataclass(kind) else set()
        ours = [base for base in kind.__mro__ if base.__module__.startswith("harness.")]
        for member, value in {member: value for base in reversed(ours) for member, value in vars(base).items()}.items():
            if not member.startswith("_") and member not in own:
                found[f"{name}.{member}"] = described(value)
    return found


def test_the_public_names_are_exactly_these() -> None:
    assert harness.__all__ == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_each_can_be_imported_and_says_what_it_is(name: str) -> None:
    assert inspect.getdoc(getattr(harness, name))


def test_nothing_else_of_ours_is_public_at_the_top() -> None:
    ours = {
        name
        for name, value in vars(harness).items()
        if not name.startswith("_") and not inspect.ismodule(value) and name not in harness.__all__
    }

    assert ours == set()


def test_every_signature_is_as_it_was() -> None:
    assert public_api() == SIGNATURES


@pytest.mark.parametrize("name", ["RequestLog", "ResyncResult", "Route"])
def test_no_mutable_default_is_shared(name: str) -> None:
    for field in fields(getattr(harness, name)):
        assert field.default is MISSING or isinstance(field.default, bool | int | str | None)


def test_errors_of_the_sandbox_can_be_told_from_those_of_the_integration() -> None:
    assert issubclass(harness.AnswerError, SandboxError)
    assert issubclass(harness.MappingError, SandboxError)
    assert issubclass(harness.StubFileError, SandboxError)
    assert not issubclass(harness.RemoteError, SandboxError)
    assert not issubclass(harness.UnmatchedRequestError, SandboxError)


@pytest.mark.parametrize("method", ["create_third_party_transport", "create_mapping_config"])
def test_what_a_test_class_must_override_is_named_with_the_class_and_its_file(method: str) -> None:
    class Mine(harness.BaseIntegrationTest):
        pass

    with pytest.raises(NotImplementedError, match=rf"Mine \(.*test_public_api\.py:\d+\) must implement {method}\(\)"):
        getattr(Mine(), method)()


def test_what_the_document_reads_is_there() -> None:
    transport = harness.InterceptTransport(strict=False)
    mine = harness.IntegrationTestHarness("./", {"resources": []}, transport)

    assert mine.third_party_transport is transport
    assert (transport.strict, transport.calls, transport.calls_for("x")) == (False, [], [])
    assert mine.port_mock.transport.calls == []
    assert (mine.port_mock.upserted_entities, mine.port_mock.deleted_entities) == ([], [])
    assert mine.port_mock.deleted_entity_ids == []
    assert mine.port_mock.mapping_config == {"resources": []}
