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
# The URL's query and the token are in no process's arguments and in no message. A
# token is sent over https only.
#
#   EXTERNAL_SIGNER_URL=https://signer.example.com/sign \
#   EXTERNAL_SIGNER_TOKEN_FILE=/run/secrets/token notation sign \
#       --plugin external-signer --id release \
#       --plugin-config signer=scripts/http.sh \
#       --plugin-config certificate-chain=release.pem \
#       registry.example.com/app@sha256:…
set -eu

# fail MESSAGE [HINT]
fail() {
    printf '%s\n' "http.sh: $1" >&2
    [ -z "${2:-}" ] || printf 'hint: %s\n' "$2" >&2
    exit 1
}

# quoted VALUE is a quoted string of curl's configuration.
quoted() {
    LC_ALL=C sed 's/[\\"]/\\&/g; s/.*/"&"/' <<END
$1
END
}

command -v curl >/dev/null || fail "curl is not installed"
[ -n "${EXTERNAL_SIGNER_URL:-}" ] || fail "EXTERNAL_SIGNER_URL is not set" "set it to the signing service's URL"
[ -n "${SIGNER_SIGNING_ALGORITHM:-}" ] || fail "SIGNER_SIGNING_ALGORITHM is not set" \
    "the plugin sets it; to try the script without, set it, SIGNER_KEY_ID, SIGNER_KEY_SPEC and SIGNER_HASH_ALGORITHM"
# What messages name: the URL without its query.
url=${EXTERNAL_SIGNER_URL%%[?#]*}
authority=${url#*://}
case "${authority%%/*}" in
*@*) fail "EXTERNAL_SIGNER_URL has a user or a password in it" "use EXTERNAL_SIGNER_TOKEN_FILE" ;;
esac
case "$EXTERNAL_SIGNER_URL" in
*[[:cntrl:]]*) fail "EXTERNAL_SIGNER_URL has a control character in it" ;;
esac
case "$SIGNER_KEY_ID" in
*[[:cntrl:]]*) fail "the key id has a control character and can't be sent in a header" ;;
esac
seconds=${EXTERNAL_DEADLINE:-50}
case "$seconds" in
0* | *[!0-9]*) fail "EXTERNAL_DEADLINE is \"$seconds\"" "set it to a whole number of seconds, at least 1" ;;
esac
if [ -n "${SIGNER_DEADLINE:-}" ]; then
    case "$SIGNER_DEADLINE" in
    0* | *[!0-9]*) fail "SIGNER_DEADLINE is \"$SIGNER_DEADLINE\"" "the plugin sets it to a Unix time in seconds" ;;
    esac
    left=$((SIGNER_DEADLINE - $(date +%s) - 1))
    [ "$left" -ge 1 ] || left=1 # curl takes 0 for no limit
    if [ -z "${EXTERNAL_DEADLINE:-}" ] || [ "$left" -lt "$seconds" ]; then
        seconds=$left
    fi
fi

authorization=
if [ -n "${EXTERNAL_SIGNER_TOKEN_FILE:-}" ]; then
    file=$EXTERNAL_SIGNER_TOKEN_FILE
    [ -r "$file" ] || fail "token file \"$file\" can't be read" "check the path, and that $(id -un) may read it"
    # read fails on a last line without a newline, and has its text all the same.
    IFS= read -r token <"$file" || [ -n "$token" ] || fail "token file \"$file\" is empty"
    case "$token" in
    *[[:cntrl:]]*) fail "token file \"$file\" has a control character in its first line" \
        "see whether it was made on a system with other line ends" ;;
    esac
    case "$EXTERNAL_SIGNER_URL" in
    https://*) ;;
    *) fail "the token is not sent in the clear" "EXTERNAL_SIGNER_URL must begin with https://" ;;
    esac
    authorization="header = $(quoted "Authorization: Bearer $token")"
fi
if [ -n "${EXTERNAL_SIGNER_CA:-}" ]; then
    file=$EXTERNAL_SIGNER_CA
    [ -r "$file" ] || fail "CA certificate \"$file\" can't be read" "check the path, and that $(id -un) may read it"
    set -- --cacert "$file"
fi

# Whether the body is a signature is told by the status, which comes after it: the
# body waits in a file whose name is removed at once, so that it can't be left behind.
body=$(mktemp)
exec 4>"$body" 5<"$body"
rm -f "$body"

# The URL and the token come from file 3, because everybody can list arguments.
# ulimit bounds the answer to 64 KiB (128 × 512 bytes), where a signature has at
# most 512 bytes. --disable: no ~/.curlrc. --globoff: no brackets in the URL
# make several of it. "Expect:" saves a round trip.
ended=0
status=$(
    trap '' XFSZ
    ulimit -f 128
    curl --disable --silent --show-error --proto =http,https --globoff \
        --max-time "$seconds" "$@" \
        --header "Content-Type: application/octet-stream" \
        --header "Expect:" \
        --header "Signer-Key-Id: $SIGNER_KEY_ID" \
        --header "Signer-Key-Spec: $SIGNER_KEY_SPEC" \
        --header "Signer-Hash-Algorithm: $SIGNER_HASH_ALGORITHM" \
        --header "Signer-Signing-Algorithm: $SIGNER_SIGNING_ALGORITHM" \
        --data-binary @- --output /dev/fd/4 --write-out '%{http_code}' \
        --config /dev/fd/3 3<<END
url = $(quoted "$EXTERNAL_SIGNER_URL")
$authorization
END
) || ended=$?

case "$ended" in
0) ;;
23) fail "$url answered with more than 64 KiB, or ${TMPDIR:-/tmp} is full" "see whether it is the signing service" ;;
28) fail "$url gave no answer in $seconds s" \
    "if it needs longer raise the plugin's timeout, and EXTERNAL_DEADLINE where it is set" ;;
*) fail "$url gave no answer: curl ended with status $ended" ;;
esac
if [ "$status" != 200 ]; then
    # What the service says, without the characters that control a terminal.
    head -c 2000 <&5 | tr -d '\000-\010\013-\037\177' >&2
    fail "$url refused with HTTP status $status"
fi
cat <&5
