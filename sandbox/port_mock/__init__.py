"""The Port mock: answers for Port's API and keeps what an integration upserts.

This is the program inside the Port mock container (`python -m port_mock`), and the test process can evaluate the very
same apps in-process (`sandbox.port_mock`). It therefore imports only starlette, uvicorn, where there are rules to
check jsonschema, and the standard library (the program itself dnspython as well), and nothing else of this repository.

`api.create_app` gives the Port API that a resync talks to, `control.create_control_app` the control API that seeds the
mock and reads its captures; both share one `state.PortState`. A test process that only seeds a container needs neither,
and is spared their imports.
"""
