#!/bin/sh
# BidCore's entities as a file under version control: export, edit, look, apply.
# In the sandbox:  integrate sandbox -- sh Examples/workflow-as-code.sh
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
workflow=$folder/workflow.json

echo '1. Export: publishers first, because placements refer to them'
integrate workflow export publishers placements --output "$workflow"

echo '2. Edit: a name changes, and a publisher without an id is one to create'
sed -e 's/"Nordlys"/"Nordlys Tromsø"/' \
    -e 's/"publishers": \[/"publishers": [{"name": "Le Phare", "active": true, "margin": 0.150},/' \
    "$workflow" >"$workflow.edited"
mv "$workflow.edited" "$workflow"

echo '3. Look: what would be created and changed, field by field'
integrate workflow apply "$workflow" --dry-run

echo '4. Apply'
integrate workflow apply "$workflow"

echo '5. Apply again: nothing is left to do'
integrate workflow apply "$workflow"

echo '6. Export again, so that the file has the new id, and see the result'
integrate workflow export publishers placements --output "$workflow"
integrate workflow list publishers --all --json
