#!/usr/bin/env bash
# Runs an apt-get command as root: straight away, or by sudo; once more with fresh package lists if it fails.
set -euo pipefail

root=()
if ((EUID != 0)); then
    command -v sudo >/dev/null || { echo "needs root or sudo for: $*" >&2; exit 1; }
    root=(sudo)
fi
export DEBIAN_FRONTEND=noninteractive
"${root[@]}" "$@" || { "${root[@]}" apt-get update -qq && "${root[@]}" "$@"; }
