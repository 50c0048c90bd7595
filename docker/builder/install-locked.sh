#!/bin/sh
# install-locked --python VENV|--target FOLDER LOCK: installs exactly what the lock pins, and resolves nothing, a build
# backend neither, for all is wheels. As the hashes say what is installed, any index may have it.
exec uv pip sync --require-hashes --only-binary :all: --index-strategy unsafe-best-match --compile-bytecode --no-cache "$@"
