#!/bin/sh
# Runs until the lifeline ends: stdin is attached to the process that started this container, and brings files, each
# as a line with its name and size, then its bytes.
set -eu
mkdir -p /tmp/pages
# Chromium listens on its own loopback only, whatever it is told.
chromium-headless-shell --no-sandbox --disable-gpu --disable-dev-shm-usage --disable-background-networking --no-first-run \
    --user-data-dir=/tmp/profile --remote-debugging-port=9222 --remote-allow-origins='*' about:blank </dev/null &
socat TCP-LISTEN:9223,fork,reuseaddr TCP:127.0.0.1:9222 </dev/null &
while read -r name size; do
    head -c "$size" >"/tmp/pages/$name.part"
    mv "/tmp/pages/$name.part" "/tmp/pages/$name"
done
