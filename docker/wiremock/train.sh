#!/bin/sh
# Makes /opt/wiremock/trained: the CA keystore, the CA's certificate and the class data archive.
set -eu
cd /opt/wiremock
. ./options
trained=/opt/wiremock/trained
mkdir -p "$trained" /tmp/root

start() {
    # shellcheck disable=SC2086 # the options are words
    java $JAVA_OPTIONS "$@" -jar launcher.jar $WIREMOCK_OPTIONS --root-dir /tmp/root --ca-keystore "$trained/ca.jks" \
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

# The CA has a key of its own, so it is made without the one that all hosts share. Later options win.
start -Djava.security.properties=/dev/null
stop
cp "$trained/ca.jks" /tmp/before.jks

start -XX:ArchiveClassesAtExit="$trained/wiremock.jsa"
curl --silent --show-error --fail --user train:train --output "$trained/ca.crt" \
    localhost:8080/__admin/certs/wiremock-ca.crt
grep -q 'BEGIN CERTIFICATE' "$trained/ca.crt"
admin localhost:8080/__admin/mappings/import --json '{"mappings": [{
    "priority": 1, "scenarioName": "s", "requiredScenarioState": "Started", "newScenarioState": "2",
    "request": {"method": "ANY", "urlPattern": ".*train.*", "scheme": "https",
                "host": {"matches": "train.*"}, "headers": {"Host": {"matches": "train.*"}}},
    "response": {"status": 200, "base64Body": "b2s=", "headers": {"Content-Type": ["a", "b"]}}}]}'
curl --silent --show-error --fail --proxy localhost:8080 --cacert "$trained/ca.crt" --output /dev/null \
    https://train.example/train
# WireMock's certificates need an old JDK API; without it they do not verify, and this request fails the build.
curl --silent --show-error --proxy localhost:8080 --cacert "$trained/ca.crt" --output /dev/null https://train.example/no
admin localhost:8080/__admin/requests
admin localhost:8080/__admin/requests/unmatched/near-misses
admin localhost:8080/__admin/mappings/unmatched
admin --request POST localhost:8080/__admin/reset
stop

cmp "$trained/ca.jks" /tmp/before.jks

# -Xshare:on makes an archive that does not map an error instead of a slow start.
start -Xshare:on -XX:SharedArchiveFile="$trained/wiremock.jsa"
stop
