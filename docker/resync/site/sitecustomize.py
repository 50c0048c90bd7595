"""Lets Python 3.13 accept the certificates that WireMock makes, and sees attempts to leave the sandbox; no more.

Since 3.13 ``ssl.create_default_context`` asks for strict X.509 (VERIFY_X509_STRICT), which wants an Authority Key
Identifier in every leaf. WireMock's leaves have none. With the one flag cleared, the chain and the host name are checked
as before: a certificate of another CA, or for another host, still fails.

The runner watches its own processes; a Python that the integration starts is told by a variable to do so, too. Another
tells ``ocean sail`` to print its stacks when it is asked to.
"""

import _ssl
import os
import ssl

_ssl.VERIFY_X509_STRICT = 0
ssl.VERIFY_X509_STRICT = ssl.VerifyFlags(0)

if "OCEAN_SANDBOX_EGRESS" in os.environ:
    from ocean_sandbox_runner.egress import watch_as_told

    watch_as_told()

if "OCEAN_SANDBOX_STACKS" in os.environ:
    from ocean_sandbox_runner.stacks import print_on_signal

    print_on_signal()
