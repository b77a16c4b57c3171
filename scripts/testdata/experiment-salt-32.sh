#!/bin/sh
# As experiment.sh, with the salt that the experiment's own example had. Some
# verifiers take it and some don't.
set -e
openssl dgst -sha512 \
    -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 \
    -sign "$EXTERNAL_PRIVATE_KEY"
