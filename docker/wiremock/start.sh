#!/bin/sh
# Starts WireMock, and ends it when the lifeline does: stdin is attached to the process that started this container.
set -eu
cd /opt/wiremock
. ./options
[ -s wiremock.jsa ] || { echo "wiremock: wiremock.jsa is missing from the image; build it again" >&2; exit 3; }
# The program behind the lifeline must outlive a background job's usual stdin, /dev/null.
exec 3<&0
# Of the container's memory limit, a third is left for what is not heap.
# shellcheck disable=SC2086 # the options are words
java $JAVA_OPTIONS -XX:MaxRAMPercentage=66 -Xshare:on -XX:SharedArchiveFile=wiremock.jsa -jar launcher.jar $WIREMOCK_OPTIONS \
    --root-dir /tmp --admin-api-basic-auth "$WIREMOCK_ADMIN" "$@" 3<&- &
java=$!
trap 'kill -9 "$java" 2>/dev/null' TERM INT
(cat <&3 >/dev/null; kill -9 "$java") &
wait "$java"
