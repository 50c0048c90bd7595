#!/bin/sh
# Makes /opt/wiremock/trained: the class data archive.
set -eu
cd /opt/wiremock
. ./options
trained=/opt/wiremock/trained
mkdir -p "$trained" /tmp/root

start() {
    # shellcheck disable=SC2086 # the options are words
    java $JAVA_OPTIONS -Xmx512m "$@" -jar launcher.jar $WIREMOCK_OPTIONS --root-dir /tmp/root \
        --admin-api-basic-auth train:train &
    java=$!
    curl --silent --show-error --fail --retry 100 --retry-delay 1 --retry-all-errors --max-time 60 --output /dev/null \
        --user train:train localhost:8080/__admin/health
}

stop() {
    kill "$java"
    wait "$java" || true
}

admin() {
    curl --silent --show-error --fail --user train:train --output /dev/null "$@"
}

start -XX:ArchiveClassesAtExit="$trained/wiremock.jsa"
admin localhost:8080/__admin/mappings/import --json '{"mappings": [{
    "priority": 1, "scenarioName": "s", "requiredScenarioState": "Started", "newScenarioState": "2",
    "request": {"method": "ANY", "urlPattern": ".*train.*", "scheme": "https",
                "host": {"matches": "train.*"}, "headers": {"Host": {"matches": "train.*"}}},
    "response": {"status": 200, "base64Body": "b2s=", "headers": {"Content-Type": ["a", "b"]}}}]}'
# A request target of a whole URL over plain HTTP, as the front sends it.
ask() {
    curl --silent --show-error --fail --request-target "$1" --header 'Host: train.example' --output /dev/null localhost:8080
}
ask https://train.example/train
! ask https://train.example/no 2>/dev/null
admin "localhost:8080/__admin/ocean-sandbox/requests?from=0"
admin localhost:8080/__admin/requests/unmatched/near-misses
admin localhost:8080/__admin/mappings/unmatched
admin --request POST localhost:8080/__admin/reset
stop

# -Xshare:on makes an archive that does not map an error instead of a slow start.
start -Xshare:on -XX:SharedArchiveFile="$trained/wiremock.jsa"
stop
