"""Lets Python 3.13 accept the certificates that WireMock makes, and nothing more.

Since 3.13 ``ssl.create_default_context`` asks for strict X.509 (VERIFY_X509_STRICT), which wants an Authority Key
Identifier in every leaf. WireMock's leaves have none. With the one flag cleared, the chain and the host name are checked
as before: a certificate of another CA, or for another host, still fails.
"""

import _ssl
import ssl

_ssl.VERIFY_X509_STRICT = 0
ssl.VERIFY_X509_STRICT = ssl.VerifyFlags(0)
