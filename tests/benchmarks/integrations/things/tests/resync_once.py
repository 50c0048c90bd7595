"""Boots the integration in ``/tmp/things`` and resyncs once: the program that the naive tests run in their container."""

import asyncio
import os
import sys
from pathlib import Path

from port_ocean.bootstrap import create_default_app
from port_ocean.config.dynamic import default_config_factory
from port_ocean.utils.misc import get_spec_file, load_module
from port_ocean.utils.signal import init_signal_handler

CONFIG = {
    "port": {"client_id": "id", "client_secret": "secret", "base_url": "http://port-mock:8000"},
    "event_listener": {"type": "POLLING"},
    "integration": {"identifier": "test-integration", "type": "test", "config": {}},
    "send_raw_data_examples": False,
}


async def main() -> None:
    directory = Path("/tmp/things")  # noqa: S108 # the container's own
    sys.path.insert(0, str(directory))
    os.chdir(directory)  # as in production: the integration's type is read from there
    init_signal_handler()
    spec = get_spec_file(directory) or {}
    app = create_default_app(str(directory), default_config_factory(spec.get("configurations", [])), CONFIG)
    load_module(str(directory / "main.py"))
    await app.integration.initialize_handlers()
    await app.integration.sync_raw_all(trigger_type="machine", silent=False)


asyncio.run(main())
