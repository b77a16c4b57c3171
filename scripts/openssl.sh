#!/bin/sh
# openssl.sh signs with a private key in a PEM file. It serves all six key
# specs: the plugin says in the environment which one the certificate has.
#
# Needs: openssl 1.1.1 or later.
# Reads: EXTERNAL_PRIVATE_KEY         the private key's PEM file
#        EXTERNAL_PRIVATE_KEY_PASSIN  for an encrypted key, where its passphrase
#                                     is: file:PATH or env:NAME
#
#   EXTERNAL_PRIVATE_KEY=release.key notation sign \
#       --plugin external-signer --id release \
#       --plugin-config signer=scripts/openssl.sh \
#       --plugin-config certificate-chain=release.pem \
#       registry.example.com/app@sha256:…
set -eu

# fail MESSAGE [HINT]
fail() {
    printf '%s\n' "openssl.sh: $1" >&2
    [ -z "${2:-}" ] || printf 'hint: %s\n' "$2" >&2
    exit 1
}

command -v openssl >/dev/null || fail "openssl is not installed"
[ -n "${SIGNER_KEY_SPEC:-}" ] || fail "SIGNER_KEY_SPEC is not set" \
    "the plugin sets it; to try the script without the plugin set it to RSA-3072 or what the key is"
[ -n "${EXTERNAL_PRIVATE_KEY:-}" ] || fail "EXTERNAL_PRIVATE_KEY is not set" "set it to the private key's PEM file"
[ -r "$EXTERNAL_PRIVATE_KEY" ] || fail "private key \"$EXTERNAL_PRIVATE_KEY\" can't be read" \
    "check the path, and that $(id -un) may read it"

# A passphrase itself (pass:…) would be seen by everybody who can list processes.
# Without a source the empty passphrase is given, or openssl would ask for one
# on the terminal and wait.
case "${EXTERNAL_PRIVATE_KEY_PASSIN:=pass:}" in
pass: | file:?* | env:?*) ;;
*) fail "EXTERNAL_PRIVATE_KEY_PASSIN is of another kind than file:PATH or env:NAME" "name a file or a variable" ;;
esac

# Notation ties hash and padding to the key. A PSS salt is as long as the digest.
case "$SIGNER_KEY_SPEC" in
RSA-2048) hash=sha256 want="(2048 bit" ;;
RSA-3072) hash=sha384 want="(3072 bit" ;;
RSA-4096) hash=sha512 want="(4096 bit" ;;
EC-256) hash=sha256 want=prime256v1 ;;
EC-384) hash=sha384 want=secp384r1 ;;
EC-521) hash=sha512 want=secp521r1 ;;
*) fail "key spec \"$SIGNER_KEY_SPEC\" is unknown" \
    "known are RSA-2048, RSA-3072, RSA-4096, EC-256, EC-384 and EC-521" ;;
esac

# Standard input is the payload and must not be read by this openssl.
key=$(openssl pkey -in "$EXTERNAL_PRIVATE_KEY" -passin "$EXTERNAL_PRIVATE_KEY_PASSIN" -noout -text_pub </dev/null) ||
    fail "private key \"$EXTERNAL_PRIVATE_KEY\" can't be used" \
        "see that it is a PEM file and, if it is encrypted, that EXTERNAL_PRIVATE_KEY_PASSIN is right"

case "$SIGNER_KEY_SPEC $key" in
RSA-*"$want"*Modulus:* | EC-*"ASN1 OID: $want"*) ;;
*)
    kind=$(printf '%s\n' "$key" | sed -n '1s/.*Key: *//p;s/^ASN1 OID: //p' | tr '\n' ' ')
    fail "private key \"$EXTERNAL_PRIVATE_KEY\" is not $SIGNER_KEY_SPEC, which the certificate has: it is $kind"
    ;;
esac

# exec: the signer that the plugin ends at its deadline is openssl itself.
case "$SIGNER_KEY_SPEC" in
RSA-*)
    exec openssl dgst "-$hash" -sign "$EXTERNAL_PRIVATE_KEY" -passin "$EXTERNAL_PRIVATE_KEY_PASSIN" \
        -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest -sigopt "rsa_mgf1_md:$hash"
    ;;
EC-*)
    # The answer is DER. The plugin makes it r‖s, which the envelope wants.
    exec openssl dgst "-$hash" -sign "$EXTERNAL_PRIVATE_KEY" -passin "$EXTERNAL_PRIVATE_KEY_PASSIN"
    ;;
esac
