"""The program in the front container: every name and every address of the outside, as far as a sandbox is concerned.

It shares its network namespace with the resync containers of a sandbox. There each name has an address, each address is
local, and each TCP connection arrives here: TLS is terminated for whatever the client asked for, the protocol is
recognised, and an HTTP request goes on to WireMock. What is not HTTP is refused, and reported by host, port and protocol.

It imports nothing else of ours: see sandbox/services/front.py for the side of the test process.
"""
