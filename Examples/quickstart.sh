#!/bin/sh
# Builds integrate and takes a CSV of shifts through authenticate, upload, poll and fetch in the embedded sandbox.
set -eu
cd "$(dirname "$0")/.."

if ! command -v swift >/dev/null; then
    echo 'quickstart: Swift 6.2 or newer is missing; install it from https://www.swift.org/install/' >&2
    exit 1
fi
if [ "$(uname)" = Linux ] && ! pkg-config --exists libcrypto 2>/dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq pkg-config libssl-dev
    else
        echo 'quickstart: libcrypto is missing; install it with: sudo apt-get install pkg-config libssl-dev' >&2
        exit 1
    fi
fi

swift build --configuration release --product integrate
PATH="$(swift build --configuration release --show-bin-path):$PATH"
export PATH

# A home of its own: trying it leaves nothing behind in yours.
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
XDG_CACHE_HOME=$home XDG_STATE_HOME=$home XDG_CONFIG_HOME=$home \
    integrate sandbox -- sh Examples/first-integration.sh

cat <<END

It works. To go on:
    PATH="$(swift build --configuration release --show-bin-path):\$PATH"
    integrate sandbox -- bash                      # a shell with the sandbox's settings
    integrate upload-csv Examples/shifts.csv --fetch tableofresultids
    integrate help                                 # everything there is
END
