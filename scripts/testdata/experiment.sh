#!/bin/sh
# A signer as users of the experiment's plugin have them: it knows nothing of
# the names SIGNER_…, and its key is RSA-4096.
set -e
openssl dgst -sha512 \
    -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:64 \
    -sign "$EXTERNAL_PRIVATE_KEY"
