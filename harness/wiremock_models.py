"""``harness.routes.wiremock_models``, by the name that users import it by."""

from harness.routes.wiremock_models import *  # noqa: F403 # whatever is public there
