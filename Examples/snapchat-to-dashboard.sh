#!/bin/sh
# The connector service's "End-to-end Example": authorize Snapchat, create a source with it, attach the source to a flow.
# In the sandbox:  integrate sandbox -- sh Examples/snapchat-to-dashboard.sh
# Elsewhere set INTEGRATE_CONNECTOR_EMAIL and _PASSWORD, and the three SNAPCHAT_ variables to what your Snapchat app has.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
umask 077

echo '1. Authorize the service: secrets go in by file, the id comes out'
printf %s "${SNAPCHAT_REFRESH_TOKEN:-REFRESH_TOKEN}" >"$work/static-key"
printf %s "${SNAPCHAT_CLIENT_SECRET:-YOUR_APP_CLIENT_SECRET}" >"$work/client-secret"
authorizer=$(integrate auth authorize-service snapchat_static \
    --set staticKey=@"$work/static-key" \
    --set clientId="${SNAPCHAT_CLIENT_ID:-YOUR_APP_CLIENT_ID}" \
    --set clientSecret=@"$work/client-secret")
echo "   authorizer $authorizer"

echo '2. See which organization and account it can read; here the first of each is taken'
integrate create-source snapchat --list organization --oauth-id "$authorizer" >"$work/organizations"
organization=$(head -n 1 "$work/organizations" | cut -f 1)
integrate create-source snapchat --list account --oauth-id "$authorizer" \
    --set organizationId="$organization" >"$work/accounts"
account=$(head -n 1 "$work/accounts" | cut -f 1)
echo "   organization $organization, account $account"

echo '3. Create the source: the template holds the sample values, the rest is set'
integrate create-source snapchat --print-template >"$work/source.json"
source=$(integrate create-source snapchat --from "$work/source.json" --oauth-id "$authorizer" \
    --set organizationId="$organization" --set accountId="$account")
echo "   source $source"

echo '4. Attach it to a flow that a dashboard reads over HTTP'
integrate create-flow --source "$source" --app google_data_studio --label 'GDS Flow' --json
