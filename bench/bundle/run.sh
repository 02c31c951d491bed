#!/bin/sh
# The suite and the benchmark on this machine's Vulkan driver: ./run.sh [--small] [--every 24] [--no-peers] [--out FOLDER]
set -e
cd "$(dirname "$0")"
# The machine's own loader, where it has one.
if ! { ldconfig -p || /sbin/ldconfig -p; } 2>/dev/null | grep -q 'libvulkan\.so\.1'; then
  LD_LIBRARY_PATH="${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$PWD/lib"
  export LD_LIBRARY_PATH
fi
exec ./node run.mjs "$@"
