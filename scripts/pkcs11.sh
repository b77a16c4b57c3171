#!/bin/sh
# pkcs11.sh signs with a key in an HSM or on a smart card, through PKCS #11.
# The token gets the digest, not the payload, and so needs to know only the
# mechanisms CKM_RSA_PKCS_PSS or CKM_ECDSA, which all of them have.
#
# Needs: openssl, and pkcs11-tool 0.20 or later (package opensc).
# Reads: EXTERNAL_PKCS11_MODULE    the token's PKCS #11 library
#        EXTERNAL_PKCS11_TOKEN     the token's label
#        EXTERNAL_PKCS11_KEY_ID    the key's CKA_ID, in hex as pkcs11-tool --list-objects
#                                  shows it. Not its label: pkcs11-tool ignores --label
#                                  when it signs, and takes the first key it finds
#                                  (OpenSC issue 3635).
#        EXTERNAL_PKCS11_PIN_FILE  file whose first line is the user's PIN; or
#        EXTERNAL_PKCS11_PIN       the PIN itself
#
#   EXTERNAL_PKCS11_MODULE=/usr/lib/softhsm/libsofthsm2.so EXTERNAL_PKCS11_TOKEN=release \
#   EXTERNAL_PKCS11_KEY_ID=01 EXTERNAL_PKCS11_PIN_FILE=/run/secrets/pin notation sign \
#       --plugin external-signer --id release \
#       --plugin-config signer=scripts/pkcs11.sh \
#       --plugin-config certificate-chain=release.pem \
#       registry.example.com/app@sha256:…
set -eu

# fail MESSAGE [HINT]
fail() {
    printf '%s\n' "pkcs11.sh: $1" >&2
    [ -z "${2:-}" ] || printf 'hint: %s\n' "$2" >&2
    exit 1
}

for program in openssl pkcs11-tool; do
    command -v "$program" >/dev/null || fail "$program is not installed"
done
[ -n "${SIGNER_KEY_SPEC:-}" ] || fail "SIGNER_KEY_SPEC is not set" \
    "the plugin sets it; to try the script without the plugin set it to RSA-3072 or what the key is"
[ -n "${EXTERNAL_PKCS11_MODULE:-}" ] || fail "EXTERNAL_PKCS11_MODULE is not set" \
    "set it to the token's PKCS #11 library"
[ -n "${EXTERNAL_PKCS11_TOKEN:-}" ] || fail "EXTERNAL_PKCS11_TOKEN is not set" \
    "set it to the token's label; pkcs11-tool --list-token-slots shows it"
[ -n "${EXTERNAL_PKCS11_KEY_ID:-}" ] || fail "EXTERNAL_PKCS11_KEY_ID is not set" \
    "set it to the key's ID in hex; pkcs11-tool --login --list-objects shows it"
[ -r "$EXTERNAL_PKCS11_MODULE" ] || fail "PKCS #11 library \"$EXTERNAL_PKCS11_MODULE\" can't be read" "check the path"

if [ -n "${EXTERNAL_PKCS11_PIN_FILE:-}" ]; then
    [ -r "$EXTERNAL_PKCS11_PIN_FILE" ] || fail "PIN file \"$EXTERNAL_PKCS11_PIN_FILE\" can't be read" \
        "check the path, and that $(id -un) may read it"
    # read fails on a last line without a newline, and has its text all the same.
    IFS= read -r EXTERNAL_PKCS11_PIN <"$EXTERNAL_PKCS11_PIN_FILE" || true
fi
# Without a PIN pkcs11-tool would ask for one on the terminal, and wait.
[ -n "${EXTERNAL_PKCS11_PIN:-}" ] || fail "there is no PIN" \
    "set EXTERNAL_PKCS11_PIN_FILE to a file with the PIN, or EXTERNAL_PKCS11_PIN to the PIN itself"
export EXTERNAL_PKCS11_PIN

# Notation ties hash and padding to the key. A PSS salt is as long as the digest.
case "$SIGNER_KEY_SPEC" in
RSA-2048 | EC-256) hash=SHA256 salt=32 ;;
RSA-3072 | EC-384) hash=SHA384 salt=48 ;;
RSA-4096 | EC-521) hash=SHA512 salt=64 ;;
*) fail "key spec \"$SIGNER_KEY_SPEC\" is unknown" \
    "known are RSA-2048, RSA-3072, RSA-4096, EC-256, EC-384 and EC-521" ;;
esac
case "$SIGNER_KEY_SPEC" in
RSA-*) set -- --mechanism RSA-PKCS-PSS --hash-algorithm "$hash" --mgf "MGF1-$hash" --salt-len "$salt" ;;
EC-*) set -- --mechanism ECDSA --signature-format rs ;;
esac

# env:NAME keeps the PIN out of the arguments, which everybody can list.
openssl dgst "-$hash" -binary |
    pkcs11-tool --module "$EXTERNAL_PKCS11_MODULE" --token-label "$EXTERNAL_PKCS11_TOKEN" \
        --login --pin env:EXTERNAL_PKCS11_PIN --sign --id "$EXTERNAL_PKCS11_KEY_ID" "$@" ||
    # pkcs11-tool 0.23 crashes when an EC key is to make an RSA signature.
    fail "token \"$EXTERNAL_PKCS11_TOKEN\" made no signature: pkcs11-tool ended with status $?" \
        "is key $EXTERNAL_PKCS11_KEY_ID there, is it $SIGNER_KEY_SPEC, and is the PIN right? Wrong PINs lock a token"
