#!/bin/sh
# http.sh has a signing service sign: it sends the payload in a POST request and
# takes the body of the answer 200 for the signature (bytes, base64 or hex).
# The request says what is wanted:
#
#   POST … HTTP/1.1
#   Content-Type: application/octet-stream
#   Signer-Key-Id: release
#   Signer-Key-Spec: RSA-3072
#   Signer-Hash-Algorithm: SHA-384
#   Signer-Signing-Algorithm: RSASSA-PSS-SHA-384
#
# Needs: curl 7.55 or later.
# Reads: EXTERNAL_SIGNER_URL         the service's URL
#        EXTERNAL_SIGNER_TOKEN_FILE  file whose first line is a bearer token (optional)
#        EXTERNAL_SIGNER_CA          PEM file of the CA of the service's certificate, where
#                                    it isn't one the system trusts (optional)
#        EXTERNAL_DEADLINE           seconds to wait for the answer at most (optional): it
#                                    ends a second before the plugin gives up in any case
#
#   EXTERNAL_SIGNER_URL=https://signer.example.com/sign \
#   EXTERNAL_SIGNER_TOKEN_FILE=/run/secrets/token notation sign \
#       --plugin external-signer --id release \
#       --plugin-config signer=scripts/http.sh \
#       --plugin-config certificate-chain=release.pem \
#       registry.example.com/app@sha256:…
set -eu

fail() {
    printf "%s\n" "http.sh: $*" >&2
    exit 1
}

command -v curl >/dev/null || fail "curl is not installed"
[ -n "${EXTERNAL_SIGNER_URL:-}" ] || fail "EXTERNAL_SIGNER_URL is not set: set it to the signing service's URL"
[ -n "${SIGNER_SIGNING_ALGORITHM:-}" ] || fail "SIGNER_SIGNING_ALGORITHM is not set: the plugin sets it; to try the script without the plugin set it, SIGNER_KEY_ID, SIGNER_KEY_SPEC and SIGNER_HASH_ALGORITHM"
# A query may be secret, and is in no message.
url=${EXTERNAL_SIGNER_URL%%[?#]*}
authority=${url#*://}
case "${authority%%/*}" in
*@*) fail "EXTERNAL_SIGNER_URL has a password or user in it, which everybody could list: use EXTERNAL_SIGNER_TOKEN_FILE" ;;
esac
case "$SIGNER_KEY_ID" in
*[[:cntrl:]]*) fail "the key id has a control character and can't be sent in a header" ;;
esac
seconds=${EXTERNAL_DEADLINE:-50}
case "$seconds" in
0* | *[!0-9]*) fail "EXTERNAL_DEADLINE is \"$seconds\": it must be a whole number of seconds, at least 1" ;;
esac
if [ -n "${SIGNER_DEADLINE:-}" ]; then
    case "$SIGNER_DEADLINE" in
    0* | *[!0-9]*) fail "SIGNER_DEADLINE is \"$SIGNER_DEADLINE\": the plugin sets it to a Unix time in seconds" ;;
    esac
    left=$((SIGNER_DEADLINE - $(date +%s) - 1))
    [ "$left" -ge 1 ] || left=1 # curl takes 0 for no limit
    if [ -z "${EXTERNAL_DEADLINE:-}" ] || [ "$left" -lt "$seconds" ]; then
        seconds=$left
    fi
fi

authorization=
if [ -n "${EXTERNAL_SIGNER_TOKEN_FILE:-}" ]; then
    [ -r "$EXTERNAL_SIGNER_TOKEN_FILE" ] || fail "token file \"$EXTERNAL_SIGNER_TOKEN_FILE\" can't be read: is the path right, and the file readable for $(id -un)?"
    # read fails on a last line without a newline, and has its text all the same.
    IFS= read -r token <"$EXTERNAL_SIGNER_TOKEN_FILE" || [ -n "$token" ] || fail "token file \"$EXTERNAL_SIGNER_TOKEN_FILE\" is empty"
    case "$token" in
    *[[:cntrl:]]*) fail "token file \"$EXTERNAL_SIGNER_TOKEN_FILE\" has a control character in its first line: was it made on another system?" ;;
    esac
    case "$EXTERNAL_SIGNER_URL" in
    https://*) ;;
    *) fail "the token is not sent in the clear: EXTERNAL_SIGNER_URL must begin with https://" ;;
    esac
    authorization="Authorization: Bearer $token"
fi
if [ -n "${EXTERNAL_SIGNER_CA:-}" ]; then
    [ -r "$EXTERNAL_SIGNER_CA" ] || fail "CA certificate \"$EXTERNAL_SIGNER_CA\" can't be read: is the path right, and the file readable for $(id -un)?"
    set -- --cacert "$EXTERNAL_SIGNER_CA"
fi

# Only the status, which comes after the body, tells whether the body is a
# signature: it waits in a file that has no name any more and so goes with us.
body=$(mktemp)
exec 4>"$body" 5<"$body"
rm -f "$body"

# The token comes from file 3, not from an argument, which everybody can list.
# ulimit bounds the answer to 64 KiB (128 × 512 bytes), where a signature has at
# most 512 bytes. --disable: whatever ~/.curlrc says. "Expect:" saves a round trip.
ended=0
status=$(
    trap '' XFSZ
    ulimit -f 128
    curl --disable --silent --show-error --proto =http,https \
        --max-time "$seconds" "$@" \
        --header "Content-Type: application/octet-stream" \
        --header "Expect:" \
        --header "Signer-Key-Id: $SIGNER_KEY_ID" \
        --header "Signer-Key-Spec: $SIGNER_KEY_SPEC" \
        --header "Signer-Hash-Algorithm: $SIGNER_HASH_ALGORITHM" \
        --header "Signer-Signing-Algorithm: $SIGNER_SIGNING_ALGORITHM" \
        --header @/dev/fd/3 \
        --data-binary @- --output /dev/fd/4 --write-out '%{http_code}' \
        "$EXTERNAL_SIGNER_URL" 3<<END
$authorization
END
) || ended=$?

case "$ended" in
0) ;;
23) fail "$url answered with more than 64 KiB (is it the signing service?), or ${TMPDIR:-/tmp} is full" ;;
28) fail "$url gave no answer in $seconds s: if it needs longer raise the plugin's timeout, and EXTERNAL_DEADLINE where it is set" ;;
*) fail "$url gave no answer: curl ended with status $ended" ;;
esac
if [ "$status" != 200 ]; then
    # The service's own words, less what could write to a terminal on its behalf.
    head -c 2000 <&5 | tr -d '\000-\010\013-\037\177' >&2
    fail "$url refused with HTTP status $status"
fi
cat <&5
