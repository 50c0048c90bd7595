"""WireMock's stub mappings as objects: the models of the ``wiremock`` package, with the fields of WireMock 3 that they lack.

The package's own models (2.7) know neither ``host`` nor ``scheme``, and silently drop unknown fields. These
derive from them, so whatever accepts the package's models accepts these; and an unknown field is an error.
"""

import difflib
import json
import uuid
from collections.abc import Mapping as MappingType
from typing import Any

from wiremock import client
from wiremock.base import BaseAbstractEntity, JsonProperty

Stub = dict[str, Any]


class _Checked(BaseAbstractEntity):  # type: ignore[misc] # the package has no types
    """Refuses unknown fields."""

    def __init__(self, **values: Any) -> None:
        known = {"id", *self._properties, *(each.json_name for each in self._properties.values())}
        if unknown := sorted(set(values) - known):
            close = difflib.get_close_matches(unknown[0], known, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"known fields: {', '.join(sorted(known))}."
            raise TypeError(f"{type(self).__name__} has no field {unknown[0]!r}: {hint}")
        super().__init__(**values)


class MappingRequest(_Checked, client.MappingRequest):  # type: ignore[misc]
    """Which requests a stub answers: the package's model, with the fields that it lacks."""

    scheme = JsonProperty("scheme")
    host = JsonProperty("host", klass=dict)
    port = JsonProperty("port")
    client_ip = JsonProperty("clientIp", klass=dict)
    url_path_template = JsonProperty("urlPathTemplate")
    path_parameters = JsonProperty("pathParameters", klass=dict)
    form_parameters = JsonProperty("formParameters", klass=dict)
    custom_matcher = JsonProperty("customMatcher", klass=dict)
    multipart_patterns = JsonProperty("multipartPatterns", klass=list)


class DelayDistribution(_Checked, client.DelayDistribution):  # type: ignore[misc]
    """How long an answer takes: the package's model, with the fields that it lacks."""

    max_value = JsonProperty("maxValue")
    milliseconds = JsonProperty("milliseconds")


class MappingResponse(_Checked, client.MappingResponse):  # type: ignore[misc]
    """What a stub answers: the package's model, with the fields that it lacks."""

    delay_distribution = JsonProperty("delayDistribution", klass=DelayDistribution)
    chunked_dribble_delay = JsonProperty("chunkedDribbleDelay", klass=dict)
    proxy_url_prefix_to_remove = JsonProperty("proxyUrlPrefixToRemove")
    remove_proxy_request_headers = JsonProperty("removeProxyRequestHeaders", klass=list)


class Mapping(_Checked, client.Mapping):  # type: ignore[misc]
    """A stub: the package's model, with the fields that it lacks."""

    request = JsonProperty("request", klass=MappingRequest)
    response = JsonProperty("response", klass=MappingResponse)
    name = JsonProperty("name")
    uuid = JsonProperty("uuid")
    insertion_index = JsonProperty("insertionIndex")
    serve_event_listeners = JsonProperty("serveEventListeners", klass=list)


class AllMappings(client.AllMappings):  # type: ignore[misc]
    """All stubs, and how many they are."""

    mappings = JsonProperty("mappings", klass=list, list_klass=Mapping)


class NearMissMatch(client.NearMissMatch):  # type: ignore[misc]
    """A stub that nearly matched a request: the package's model, which drops the stub."""

    stub_mapping = JsonProperty("stubMapping", klass=Mapping)


class NearMissMatchResponse(client.NearMissMatchResponse):  # type: ignore[misc]
    """The stubs that nearly matched, nearest first."""

    near_misses = JsonProperty("nearMisses", klass=list, list_klass=NearMissMatch)


def stub_of(mapping: client.Mapping | Stub) -> Stub:
    """A mapping in WireMock's own JSON, with nothing lost.

    Args:
        mapping: One of the package's, one of this module's, or JSON already.

    Raises:
        TypeError, ValueError: It is not a mapping, it cannot be written as JSON, or something in it would be lost.
    """
    if isinstance(mapping, client.Mapping):
        _see_that_nothing_is_lost(mapping)
        mapping = mapping.get_json_data()
    if not isinstance(mapping, MappingType):
        raise TypeError(f"a stub is a wiremock.client.Mapping, or WireMock's own JSON as a dict, not {mapping!r:.200}")
    try:
        stub: Stub = json.loads(json.dumps(mapping, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise TypeError(f"the stub cannot be written as JSON: {error}") from None
    if missing := [key for key in ("request", "response") if not isinstance(stub.get(key), dict)]:
        raise ValueError(f"the stub has no object {' and no object '.join(map(repr, missing))}")
    if not isinstance(stub.get("priority", 1), int):
        raise TypeError(f"the stub's priority must be a whole number, not {stub['priority']!r}")
    if "bodyFileName" in stub["response"]:
        raise ValueError(
            "WireMock runs in a container and cannot see your files: give the body itself, as body, json_body or "
            "base64_body; body files work in stub folders."
        )
    return stub


def placed(mapping: client.Mapping | Stub, place: Stub) -> Stub:
    """The same, with an id and with the place that messages name.

    Args:
        mapping: See :func:`stub_of`.
        place: ``file`` and perhaps ``line``, for the stub's metadata.
    """
    stub = stub_of(mapping)
    # The id is set before WireMock would make one up, so that its journal tells which stub answered.
    identifier = stub.get("id") or stub.get("uuid") or str(uuid.uuid4())
    return {**stub, "id": identifier, "metadata": {**(stub.get("metadata") or {}), **place}}


def _see_that_nothing_is_lost(part: BaseAbstractEntity) -> None:
    """The package writes no attribute that its models do not know, such as ``request.host``."""
    if lost := sorted(vars(part).keys() - {"_id", "_values"}):
        raise TypeError(
            f"{type(part).__name__}.{lost[0]} would be lost, since the `wiremock` package does not know it: "
            f"use the {type(part).__name__} of harness.wiremock_models, or WireMock's own JSON as a dict."
        )
    for value in part.values():
        if isinstance(value, BaseAbstractEntity):
            _see_that_nothing_is_lost(value)
