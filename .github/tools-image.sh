#!/usr/bin/env bash
# Looks whether the tools of this commit are published as an image:
#
#   .github/tools-image.sh REPOSITORY
#
#   address=REPOSITORY:KEY              where they belong
#   published=REPOSITORY@sha256:…       where they are; empty if they aren't
#
# KEY changes with all that decides what is built: the pins and the builder in
# tools/ and internal/, and of ci/ how it is called, in which Go image, and what
# is said of the pins in the image. What only the checks and the tests need
# doesn't count. Should the key miss something, then the image is refused as one
# of other pins, or programs say so that find no tools of their own in it.
set -euo pipefail
cd "$(dirname "$0")/.."

files=$(git ls-files --error-unmatch --stage -- tools internal/hint internal/terminal \
	ci/main.go ci/build.go ci/tools.go ci/internal/toolset ci/internal/inputs go.mod ':!*_test.go' ':!tools/check')
key=$(sha256sum <<<"$files" | cut -c 1-16)
address=$1:$key
echo "address=$address"

# By digest, so that what is looked up is what is used. If docker can't tell,
# it says why, and the tools are built: that is slow, but never wrong.
if digest=$(docker manifest inspect --verbose "$address" | jq --exit-status --raw-output .Descriptor.digest); then
	echo "published=$1@$digest"
else
	echo 'published='
fi
