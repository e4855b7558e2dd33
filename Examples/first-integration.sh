#!/bin/sh
# The upload platform's guide "Your First Integration", step by step.
# In the sandbox:  integrate sandbox -- sh Examples/first-integration.sh
set -eu
examples=$(cd "$(dirname "$0")" && pwd)
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT

echo '1. Authenticate: the token is cached, so later steps do not ask again'
integrate auth token upload >/dev/null
integrate auth status upload

echo '2. Prepare the data: check every row before anything is sent'
integrate upload-csv "$examples/shifts.csv" --check

echo '3. Upload it: what comes back is a processing token'
token=$(integrate upload-csv "$examples/shifts.csv" --name my-first-integration)

echo '4. Poll until the processing has ended'
integrate poll "$token" --interval 0.5

echo '5. Retrieve the results'
integrate fetch-results "$token" --key tableofresultids --output "$results/results.csv"
integrate fetch-results "$token" --key feedback --output "$results/feedback.txt"
cat "$results/results.csv"
