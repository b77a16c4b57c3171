#!/usr/bin/env bash
# Makes room on a GitHub runner. Building the tools needs 14 GB for Go's caches
# besides the images; a runner promises 14 GB in all, and often has more. What
# is removed is preinstalled and used by nothing here.
set -euo pipefail

wanted=30 # GB
free() { df --output=avail --block-size=1G / | tail -n 1; }

for folder in /usr/local/lib/android /usr/share/dotnet /usr/local/.ghcup /opt/hostedtoolcache/CodeQL /usr/share/swift; do
	if (($(free) < wanted)); then
		echo "removing $folder"
		sudo rm -rf "$folder"
	fi
done
df -h /
