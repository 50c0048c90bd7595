"""The Port mock: answers for Port's API and keeps what an integration upserts.

This is the program inside the Port mock container (`python -m port_mock`), and the test process can evaluate the very
same apps in-process (`sandbox.port_mock`). It therefore imports only starlette, uvicorn, where there are rules to
check jsonschema, and the standard library (the program itself dnspython as well), and nothing else of this repository.

`create_app` gives the Port API that a resync talks to, `create_control_app` the control API that seeds the mock and
reads its captures; both share one `PortState`.
"""

from .api import create_app
from .control import create_control_app
from .state import Call, Deletion, Integration, Kept, PortState, Rejection, Seed

__all__ = [
    "Call",
    "Deletion",
    "Integration",
    "Kept",
    "PortState",
    "Rejection",
    "Seed",
    "create_app",
    "create_control_app",
]
