#!/bin/sh
# Serves until the lifeline ends: stdin is attached to the process that started this container.
set -eu
docker-registry serve /opt/registry/registry.yml </dev/null &
cat >/dev/null
