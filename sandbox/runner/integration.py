"""Boots an integration from its directory as ``ocean sail`` does, and drives one resync of it."""

import sys
from pathlib import Path
from typing import Any

from loguru import logger
from port_ocean.bootstrap import create_default_app
from port_ocean.config.dynamic import default_config_factory
from port_ocean.log.sensetive import sensitive_log_filter
from port_ocean.ocean import Ocean
from port_ocean.utils.misc import get_spec_file, load_module
from port_ocean.utils.signal import init_signal_handler

from .report import describe


class Integration:
    """One integration, booted once.

    Args:
        directory: Where its ``main.py`` is; also the working directory, as in production.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._ocean: Ocean | None = None
        self.phase = "start"

    async def boot(self, config: dict[str, Any], log_level: str) -> None:
        """Read the spec and the configuration, make the app, load ``main.py``, make the handlers.

        The order is that of ``port_ocean.run`` (0.55). ``phase`` tells how far it came.

        Args:
            config: What overrides the integration's own configuration.
            log_level: The least level that is logged.

        Raises:
            BaseException: Whatever the integration raises while it starts.
        """
        init_signal_handler()
        logger.remove()
        logger.add(
            sys.stderr,
            level=log_level,
            format="{time:HH:mm:ss.SSS} | {level: <8} | {message}",
            diagnose=False,
            filter=sensitive_log_filter.create_filter(),
        )
        self.phase = "read .port/spec.yaml"
        spec = get_spec_file(self._directory)
        config_factory = default_config_factory(spec.get("configurations", [])) if spec is not None else None
        self.phase = "read the configuration and integration.py"
        self._check_integration_class()
        app = create_default_app(str(self._directory), config_factory, config)
        self.phase = "load main.py"
        module = load_module(str(self._directory / "main.py"))
        own = getattr(module, "app", None)
        self._ocean = own if isinstance(own, Ocean) else app
        self.phase = "make the handlers"
        await self._ocean.integration.initialize_handlers()

    async def resync(self) -> dict[str, Any]:
        """Run ``sync_raw_all`` as the in-process harness does, and say how it went.

        Returns:
            ``reconciliation_success`` and ``errors``, each error as :func:`runner.report.describe` says it.
        """
        if self._ocean is None:
            message = "the integration is not booted"
            raise RuntimeError(message)
        try:
            success = await self._ocean.integration.sync_raw_all(trigger_type="machine", silent=False)
        except Exception as error:  # noqa: BLE001 # the test is to see what the resync raised, whatever it is
            return {"reconciliation_success": False, "errors": describe(error)}
        finally:
            await logger.complete()
        return {"reconciliation_success": bool(success), "errors": []}

    def _check_integration_class(self) -> None:
        """Import ``integration.py`` where there is one, for its errors' sake: ``create_default_app`` swallows them."""
        if (self._directory / "integration.py").is_file():
            from port_ocean.utils.misc import get_integration_class  # noqa: PLC0415

            get_integration_class(str(self._directory))
