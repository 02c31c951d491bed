#!/bin/sh
# What the table needs on Debian 12: Mesa's RADV and ANV and the Vulkan loader; gcc for the layer; for
# Intel the stand-in kernel driver of Debian's Mesa source (drm-shim, a few files of it, built here); for NVIDIA nvdisasm
# out of Debian's non-free nvidia-cuda-toolkit (unpacked here, not installed). nvcc has to be there already, or there are
# no NVIDIA rows.
set -e
cd "$(dirname "$0")"
sudo=$(test "$(id -u)" = 0 || echo sudo)
missing=
for package in mesa-vulkan-drivers libvulkan1 libvulkan-dev libdrm-dev gcc libc6-dev; do
  dpkg -s "$package" >/dev/null 2>&1 || missing="$missing $package"
done
if [ -n "$missing" ]; then
  $sudo apt-get -qq update
  $sudo apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends $missing
fi
gcc -O1 -Wall -shared -fPIC -fvisibility=hidden -o layer/libnull_record.so layer/null_record.c
# An apt of its own for suites that this machine does not list.
fetch() {
  mkdir -p .tools/lists/partial
  # The mirror that this machine's own apt uses.
  mirror=$(sed -n 's/^URIs: *//p' /etc/apt/sources.list.d/*.sources 2>/dev/null | head -n 1)
  test -n "$mirror" || mirror=$(grep -m1 '^deb ' /etc/apt/sources.list | sed 's/\[[^]]*\]//' | tr -s ' ' | cut -d' ' -f2)
  echo "$1 [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror bookworm $2" >.tools/sources.list
  apt="-oDir::Etc::SourceList=$PWD/.tools/sources.list -oDir::Etc::SourceParts=/dev/null -oDir::State::Lists=$PWD/.tools/lists -oAPT::Sandbox::User=root"
  apt-get -qq $apt update
  (cd .tools && apt-get -qq $apt $3)
  rm -r .tools/lists .tools/sources.list
}
if [ ! -f .tools/libintel_noop.so ]; then
  fetch deb-src main 'source --download-only mesa'
  rm -rf .tools/mesa
  mkdir .tools/mesa
  tar -xf .tools/mesa_*.orig.tar.* -C .tools/mesa --strip-components=1
  echo '#define MESA_GIT_SHA1 ""' >.tools/mesa/include/git_sha1.h
  (cd .tools/mesa && gcc -O1 -fPIC -w -std=gnu11 -shared -fvisibility=hidden -o ../libintel_noop.so \
    -D_GNU_SOURCE -DNDEBUG -DHAVE_PTHREAD -DHAVE_STRUCT_TIMESPEC -DHAVE_TIMESPEC_GET -DHAVE_SECURE_GETENV -DHAVE_ENDIAN_H \
    -DHAVE_MEMFD_CREATE -DHAVE_LINUX_FUTEX_H -DHAVE_FUNC_ATTRIBUTE_PACKED -DHAVE___BUILTIN_EXPECT -DHAVE___BUILTIN_CLZ \
    -DHAVE___BUILTIN_FFS -DHAVE___BUILTIN_POPCOUNT -DUSE_GCC_ATOMIC_BUILTINS -DUTIL_ARCH_LITTLE_ENDIAN=1 \
    -DUTIL_ARCH_BIG_ENDIAN=0 -DPACKAGE_VERSION='""' \
    -Iinclude -Isrc -Isrc/intel -Isrc/util -Isrc/gallium/include -I/usr/include/libdrm \
    src/drm-shim/device.c src/drm-shim/drm_shim.c src/intel/tools/intel_noop_drm_shim.c src/intel/dev/intel_device_info.c \
    src/intel/dev/intel_hwconfig.c src/intel/common/intel_gem.c src/util/hash_table.c src/util/set.c src/util/ralloc.c \
    src/util/vma.c src/util/u_debug.c src/util/os_misc.c src/util/log.c src/util/u_printf.c src/util/os_file.c \
    src/util/mesa-sha1.c src/util/sha1/sha1.c src/util/rand_xor.c src/util/fast_idiv_by_const.c \
    src/c11/impl/threads_posix.c src/c11/impl/time.c -ldl -lpthread)
  rm -rf .tools/mesa .tools/mesa_*
fi
if command -v nvcc >/dev/null && ! command -v nvdisasm >/dev/null && [ ! -x .tools/usr/bin/nvdisasm ]; then
  fetch deb non-free 'download nvidia-cuda-toolkit'
  dpkg --fsys-tarfile .tools/nvidia-cuda-toolkit_*.deb | tar -x -C .tools ./usr/bin/nvdisasm
  rm .tools/nvidia-cuda-toolkit_*.deb
fi
echo ready
