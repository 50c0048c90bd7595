"""One settings object: ``[tool.ocean-sandbox]`` in pyproject.toml < environment < options."""

import difflib
import os
import re
import tomllib
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any, Literal

from platformdirs import user_cache_path
from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    PyprojectTomlConfigSettingsSource,
    SettingsConfigDict,
)

from sandbox.errors import SandboxError

Isolation = Literal["container", "fork"]
Entry = Literal["resync", "production"]
Debugger = Literal["pdb", "debugpy"]
Trace = Literal["off", "on-failure", "always"]
_PREFIX = "OCEAN_SANDBOX_"
_SIZE = re.compile(r"[0-9]+(?:\.[0-9]+)?[bkmgt]?b?", re.IGNORECASE)
# Read by the tests of this repository, and by the command.
_NO_SETTINGS = {"PUBLIC_OCEAN", "PUBLIC_PYTHON", "EXAMPLES", "ROUNDS", "VERBOSE"}
SANDBOX_PREFIX = 28
LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]


# Nobody is at a breakpoint for as long, and no clock of the threading module is too short for it.
_WEEK = 7 * 24 * 3600.0


class Settings(BaseSettings):
    """How the sandbox runs. Every field is also ``OCEAN_SANDBOX_<FIELD>`` in the environment."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        pyproject_toml_table_header=("tool", "ocean-sandbox"),
        extra="forbid",
        frozen=True,
    )

    install_engine: bool = Field(
        default=True, description="Install docker.io on Debian or Ubuntu, as root, if there is no engine."
    )
    engine_timeout: float = Field(default=60, gt=0, description="Seconds that a started engine has to answer.")
    base_image: str | None = Field(
        default=None, description="A Debian trixie image to stand on instead of Debian's own."
    )
    base_image_bookworm: str | None = Field(default=None, description="The same for bookworm, below WireMock.")
    debian_mirror: str | None = Field(
        default=None, description="The mirror to bootstrap from where no registry answers."
    )
    pull_timeout: float = Field(default=120, gt=0, description="Seconds that a registry has to deliver a base image.")
    debugger: Debugger | None = Field(
        default=None,
        description="Debug the integration: breakpoint() opens pdb at the terminal, or an editor attaches to debugpy. Turns time limits off.",
    )
    debug_port: int = Field(
        default=5678, gt=0, le=65535, description="The port of this machine's loopback that an editor attaches to."
    )
    image: str | None = Field(
        default=None, description="A released image of the integration to run instead of its directory."
    )
    resync_timeout: float = Field(default=120, gt=0, description="Seconds that a resync may take.")
    event_timeout: float = Field(
        default=60, gt=0, description="Seconds that a live event may take to be processed, or an action to be executed."
    )
    boot_timeout: float = Field(default=60, gt=0, description="Seconds that an integration may take to start.")
    isolation: Isolation = Field(
        default="container",
        description="A container for each resync, or one for several, each in a fork of its own with its own files.",
    )
    entry: Entry = Field(
        default="resync",
        description="How a resync is started: by the runner, which sees its errors, or as `ocean sail`, as it ships.",
    )
    log_level: LogLevel = Field(default="INFO", description="The level of the integration's log.")
    resync_memory: str = Field(default="1g", description="Memory limit of a resync container, in Docker's notation.")
    wiremock_memory: str = Field(default="768m", description="Memory limit of a WireMock container.")
    port_mock_memory: str = Field(default="1g", description="Memory limit of a Port mock container.")
    service_memory: str = Field(default="512m", description="Memory limit of a service beside the sandbox.")
    pids_limit: int = Field(default=512, gt=0, description="Processes and threads that a container may have.")
    images_days: float = Field(
        default=7, gt=0, description="Days after which one of our images that nothing has used is removed."
    )
    images_size: str = Field(
        default="5g",
        description="Disk space for our images, in Docker's notation; beyond it, superseded ones are removed early.",
    )
    subnets: IPv4Network = Field(
        default=IPv4Network("172.30.0.0/16"), description="Where the sandboxes' small networks are cut from."
    )
    standing_pool: bool = Field(
        default=True, description="Whether to lease sandboxes of the pool that `ocean-sandbox up` has started, if any."
    )
    mappings: Path | None = Field(default=None, description="The folder with the stub files, a folder per integration.")
    global_templating: bool = Field(
        default=False,
        description="Whether templates in every stub file are filled in, as with WireMock's --global-response-templating.",
    )
    trace: Trace = Field(
        default="on-failure", description="Which tests to write a trace of: one HTML file that shows what happened."
    )
    trace_folder: Path = Field(
        default=Path(".sandbox-traces"), description="Where traces are written, below the folder that pytest runs in."
    )
    cache: Path = Field(
        default_factory=lambda: user_cache_path("ocean-sandbox"),
        description="Where locks and the engine's log are kept.",
    )

    @field_validator("cache")
    @classmethod
    def _is_absolute(cls, cache: Path) -> Path:
        return cache.expanduser().absolute()  # programs that run elsewhere get it too

    @field_validator("images_size")
    @classmethod
    def _is_a_size(cls, size: str) -> str:
        if not _SIZE.fullmatch(size):
            raise ValueError(f"{size!r} is not a size; write 5g, 500m or 0")
        return size

    @field_validator("subnets")
    @classmethod
    def _holds_a_sandbox(cls, subnets: IPv4Network) -> IPv4Network:
        if subnets.prefixlen > SANDBOX_PREFIX:
            raise ValueError(f"a sandbox's networks are /{SANDBOX_PREFIX}, and do not fit in {subnets}")
        return subnets

    @model_validator(mode="before")
    @classmethod
    def _waits_for_a_person(cls, values: Any) -> Any:
        """With a debugger, nothing is too late, and it does not go by the pool daemon."""
        if not isinstance(values, dict) or not values.get("debugger"):
            return values
        waits = dict.fromkeys(("boot_timeout", "resync_timeout", "event_timeout"), _WEEK)
        return {**values, **waits, "standing_pool": False}

    def allowing(self, seconds: float | None) -> "Settings":
        """These settings, with no less than ``seconds`` for a resync; None changes nothing."""
        if seconds is None or seconds <= self.resync_timeout:
            return self
        return self.model_copy(update={"resync_timeout": seconds})

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 # pydantic says what it takes
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Options win over the environment, the environment over pyproject.toml."""
        return init_settings, env_settings, PyprojectTomlConfigSettingsSource(settings_cls)


def load(**options: Any) -> Settings:
    """The settings in force, with ``options`` (those that are not None) over all others.

    Raises:
        SandboxError: A setting is unknown or has an invalid value, or the working directory is gone.
    """
    _refuse_unknown_variables()
    try:
        Path.cwd()
    except FileNotFoundError as error:
        raise SandboxError(
            "The working directory no longer exists.", remedy="change to one that exists, and run this again."
        ) from error
    try:
        return Settings(**{name: value for name, value in options.items() if value is not None})
    except tomllib.TOMLDecodeError as error:
        raise SandboxError(
            f"{Path.cwd() / 'pyproject.toml'} is not valid TOML: {error}", remedy="fix that line."
        ) from error
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(str(part) for part in each['loc'])}: {each['msg']}" for each in error.errors())
        raise SandboxError(
            f"Invalid setting: {wrong}",
            remedy="fix it in [tool.ocean-sandbox] of pyproject.toml, or in the environment (OCEAN_SANDBOX_<NAME>).",
        ) from error


def _refuse_unknown_variables() -> None:
    known = {name.upper() for name in Settings.model_fields} | _NO_SETTINGS
    for variable in os.environ:
        name = variable.upper().removeprefix(_PREFIX)
        if variable.upper().startswith(_PREFIX) and name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            there = ", ".join(_PREFIX + each for each in sorted(known))
            raise SandboxError(
                f"The environment sets {variable}, but there is no such setting.",
                remedy=f"did you mean {_PREFIX}{close[0]}?" if close else f"available settings: {there}.",
            )
