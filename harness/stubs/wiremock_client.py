"""A client of the ``wiremock`` package, bound to the WireMock of one sandbox.

The package has one address for the whole process (``wiremock.constants.Config``), which its resources ask unless they
have a REST client of their own. Here each harness gets resources with one of their own: ``Config`` is neither read nor
written, so that two harnesses, in one thread or in several, never meet. A resource that is imported from
``wiremock.client`` knows nothing of the sandbox.

What is asked here is WireMock's truth, in which the sandbox has its part: routes are stubs with the priorities 1, 2, 3
and so on, :meth:`~harness.InterceptTransport.add_stub` and stub folders come after them, and the last stub of all answers
what nothing else does. A mapping that is created here keeps its own priority (5 by default) and answers among the routes;
whoever wants it below them uses ``add_stub``. All is gone when the harness gives its sandbox back.
"""

from collections.abc import Callable
from typing import Any

from wiremock import client
from wiremock.base import BaseResource, RestClient

from harness.routes.wiremock_models import AllMappings, Mapping, NearMissMatchResponse, stub_of
from harness.stubs.journal import unmatched_entries
from harness.stubs.mappings import UNMATCHED
from sandbox.services.wiremock import USER, WireMock

# A proxy of the environment has no business between this process and its own container.
_NO_PROXIES = {"http": None, "https": None, "all": None}


class WireMockClient:
    """The package's resources, bound to one sandbox.

    Args:
        wiremock: Says which WireMock; asked again for each call, since a harness may be restarted.
        on_reset: Called when the journal has been emptied.

    Attributes:
        Mappings: Creates, reads, changes and removes stubs; what it returns are :mod:`harness.wiremock_models`.
        Requests: The journal. Its unmatched requests are those that the sandbox's last stub answered, too.
        NearMisses: The stubs nearest to a request, without the sandbox's last one.
        Scenarios: Resets all scenarios, also those that count ``times`` of a route with a ``fault``.
        GlobalSettings: A delay for all answers.
    """

    def __init__(self, wiremock: Callable[[], WireMock], on_reset: Callable[[], None]) -> None:
        rest = _RestClient(wiremock, on_reset)
        self.Mappings = _bound(_Mappings, rest)
        self.Requests = _bound(_Requests, rest)
        self.NearMisses = _bound(_NearMisses, rest)
        self.Scenarios = _bound(client.Scenarios, rest)
        self.GlobalSettings = _bound(_GlobalSettings, rest)


def _bound(resource: Any, rest: "_RestClient") -> Any:
    """The resource, with a REST client of its own: all its methods are class methods."""
    return type(resource.__name__.strip("_"), (resource,), {"REST_CLIENT": rest})


class _RestClient(RestClient):  # type: ignore[misc] # the package has no types
    """Calls one WireMock, with its password."""

    def __init__(self, wiremock: Callable[[], WireMock], on_reset: Callable[[], None]) -> None:
        super().__init__()
        self._wiremock = wiremock
        self.on_reset = on_reset

    def _base_url(self) -> str:
        return f"http://{self._wiremock().address}/__admin"

    def _with_password(self, options: dict[str, Any]) -> dict[str, Any]:
        return {**options, "auth": (USER, self._wiremock().password), "proxies": _NO_PROXIES}

    def get(self, uri: str, **options: Any) -> Any:
        return super().get(uri, **self._with_password(options))

    def post(self, uri: str, **options: Any) -> Any:
        return super().post(uri, **self._with_password(options))

    def put(self, uri: str, **options: Any) -> Any:
        return super().put(uri, **self._with_password(options))

    def delete(self, uri: str, **options: Any) -> Any:
        return super().delete(uri, **self._with_password(options))


class _Resource(BaseResource):  # type: ignore[misc]
    @classmethod
    def _call(cls, method: str, uri: str, parameters: dict[str, Any] | None = None, json: Any = None) -> Any:
        response = getattr(cls.REST_CLIENT, method)(uri, params=parameters, **({} if json is None else {"json": json}))
        return cls.REST_CLIENT.handle_response(response).json()

    @classmethod
    def _closest(cls, request: dict[str, Any], parameters: Any = None) -> list[dict[str, Any]]:
        """What came near to answering a request, but for the sandbox's last stub."""
        found: list[dict[str, Any]] = cls._call("post", client.NearMisses.endpoint_request(), parameters, request)[
            "nearMisses"
        ]
        return [miss for miss in found if miss.get("stubMapping", {}).get("id") != UNMATCHED["id"]]


class _Mappings(_Resource, client.Mappings):  # type: ignore[misc]
    """Like the package's, but loses no field: what is read and written back stays what it was."""

    @classmethod
    def create_mapping(cls, mapping: Any, parameters: Any = None) -> Mapping:
        cls.validate_is_entity(mapping, client.Mapping)
        return _read(cls._call("post", cls.endpoint(), parameters, stub_of(mapping)))

    @classmethod
    def retrieve_all_mappings(cls, parameters: Any = None) -> AllMappings:
        found: AllMappings = AllMappings.from_dict(cls._call("get", cls.endpoint(), parameters))
        return found

    @classmethod
    def retrieve_mapping(cls, mapping_id: Any, parameters: Any = None) -> Mapping:
        identifier = cls.get_entity_id(mapping_id, client.Mapping)
        return _read(cls._call("get", cls.endpoint_single().format(id=identifier), parameters))

    @classmethod
    def update_mapping(cls, mapping: Any, parameters: Any = None) -> Mapping:
        cls.validate_is_entity(mapping, client.Mapping)
        uri = cls.endpoint_single().format(id=mapping.id)
        return _read(cls._call("put", uri, parameters, stub_of(mapping)))

    @classmethod
    def reset_mappings(cls, parameters: Any = None) -> Any:
        response = super().reset_mappings(parameters)
        cls.REST_CLIENT.on_reset()  # WireMock empties the journal with them
        return response


class _Requests(_Resource, client.Requests):  # type: ignore[misc]
    """Like the package's, but knows the sandbox's last stub."""

    @classmethod
    def get_all_received_requests(cls, limit: Any = None, since: Any = None, parameters: Any = None) -> Any:
        # The package's own would keep a limit for all later calls of the process, in a default argument.
        return super().get_all_received_requests(limit, since, dict(parameters or {}))

    @classmethod
    def reset_request_journal(cls, parameters: Any = None) -> Any:
        # The package's own asks for a path that WireMock 3 does not have.
        response = cls.REST_CLIENT.handle_response(cls.REST_CLIENT.delete(cls.endpoint(), params=parameters))
        cls.REST_CLIENT.on_reset()
        return response

    @classmethod
    def get_unmatched_requests(cls, parameters: Any = None) -> client.RequestResponseFindResponse:
        return client.RequestResponseFindResponse.from_dict({"requests": cls._unmatched(parameters)})

    @classmethod
    def get_unmatched_requests_near_misses(cls, parameters: Any = None) -> NearMissMatchResponse:
        found = [miss for request in cls._unmatched(parameters) for miss in cls._closest(request)]
        return _near(found)

    @classmethod
    def _unmatched(cls, parameters: Any) -> list[dict[str, Any]]:
        journal = cls._call("get", cls.endpoint(), parameters)["requests"]
        return [entry["request"] for entry in unmatched_entries(journal)]


class _NearMisses(_Resource, client.NearMisses):  # type: ignore[misc]
    """Like the package's, but says which stubs they are, and leaves out the sandbox's last one."""

    @classmethod
    def find_nearest_misses_by_request(cls, request: Any, parameters: Any = None) -> NearMissMatchResponse:
        cls.validate_is_entity(request, client.NearMissMatchRequest)
        return _near(cls._closest(request.get_json_data(), parameters))


class _GlobalSettings(_Resource, client.GlobalSettings):  # type: ignore[misc]
    """Like the package's, which expects an answer that WireMock 3 does not give."""

    @classmethod
    def update_global_settings(cls, settings: Any, parameters: Any = None) -> None:
        body = settings.get_json_data() if isinstance(settings, client.GlobalSetting) else settings
        cls.REST_CLIENT.handle_response(cls.REST_CLIENT.post(cls.endpoint(), params=parameters, json=body))


def _read(said: dict[str, Any]) -> Mapping:
    mapping: Mapping = Mapping.from_dict(said)
    return mapping


def _near(found: list[dict[str, Any]]) -> NearMissMatchResponse:
    response: NearMissMatchResponse = NearMissMatchResponse(near_misses=found)
    return response
