#!/bin/sh
# Makes the superuser and the database that the environment names, and then becomes the server. What it holds is thrown
# away with the container: nothing is forced to the disk.
set -eu
user=${POSTGRES_USER:-postgres}
database=${POSTGRES_DB:-$user}
: "${POSTGRES_PASSWORD:?POSTGRES_PASSWORD must be set}"
single() { postgres --single -D "$PGDATA" -c fsync=off "$1" > /dev/null; }
quoted() { printf %s "$1" | sed "s/$2/$2$2/g"; }
name="\"$(quoted "$user" '"')\""
password="'$(quoted "$POSTGRES_PASSWORD" "'")'"
if [ "$user" = postgres ]; then verb=ALTER; else verb=CREATE; fi
echo "$verb ROLE $name LOGIN SUPERUSER PASSWORD $password" | single postgres
if [ "$database" != postgres ]; then
    echo "CREATE DATABASE \"$(quoted "$database" '"')\" OWNER $name" | single postgres
fi
[ "$1" = postgres ] || exec "$@"
shift
exec postgres -c listen_addresses='*' -c fsync=off -c synchronous_commit=off -c full_page_writes=off \
    -c unix_socket_directories=/tmp "$@"
