#!/bin/sh
# signed in at $SERVER (a sign-in.json with one good refresh token); ids of occurrences as arguments
for id in "$@"; do eventtui register "$id" --server "$SERVER" & done; wait
eventtui register "$1" --server "$SERVER"
