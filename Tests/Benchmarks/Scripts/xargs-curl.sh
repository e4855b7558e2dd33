#!/bin/sh
# Sends the bodies of FILE (one a line) to URL, each by a curl that signs it, four at a time: what a shell script would do.
# Usage: xargs-curl.sh URL FILE
set -eu
export URL="$1"
xargs -P 4 -d '\n' -I BODY -a "$2" curl -sS -f -o /dev/null \
    --aws-sigv4 aws:amz:eu-west-1:execute-api --user AKIDEXAMPLE:benchmark-secret \
    -H 'Content-Type: application/json' --data-raw BODY "$URL"
