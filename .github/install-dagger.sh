#!/usr/bin/env bash
# Puts the dagger that dagger.json asks for into the PATH of the next steps.
# dagger/dagger-for-github isn't used: it runs whatever install.sh is on the web
# that day, so that pinning the action pins nothing of what gets installed.
set -euo pipefail
cd "$(dirname "$0")/.."

# Of the archive for linux/amd64, as in checksums.txt beside it. Another
# engineVersion needs another one.
checksum=44430afc6f9c390fc47c4f352b15de9309a5e97ebd1ae563839617d6df8e8cc5

version=$(jq -r .engineVersion dagger.json)
archive=dagger_${version}_linux_amd64.tar.gz
bin=$RUNNER_TEMP/dagger
mkdir "$bin"
curl --fail --silent --show-error --location --retry 3 --output "$RUNNER_TEMP/$archive" \
	"https://dl.dagger.io/dagger/releases/${version#v}/$archive"
sha256sum --check <<<"$checksum  $RUNNER_TEMP/$archive"
tar -xzf "$RUNNER_TEMP/$archive" -C "$bin"
"$bin/dagger" version
echo "$bin" >>"$GITHUB_PATH"
