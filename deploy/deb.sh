#!/usr/bin/env bash
# Builds the Debian packages iotp-edge and iotp-hub.
#   bash deploy/deb.sh                    publishes both programs and packs them for amd64 and arm64 into artifacts/deb
#   bash deploy/deb.sh --out DIR --arch amd64 --package iotp-edge
# They need .NET's runtime from a package (aspnetcore-runtime-10.0), so that its security updates come by apt. The same commit gives the same bytes: times are those of
# the last commit (SOURCE_DATE_EPOCH where it is set). Last line of each: the package's path.
set -euo pipefail
cd "$(dirname "$0")/.."

out=artifacts/deb
archs="amd64 arm64"
packages="iotp-edge iotp-hub"
while [ $# -gt 0 ]; do
  case "$1" in
    --out) out=${2:?deb: --out needs a folder}; shift 2 ;;
    --arch) archs=${2:?deb: --arch needs amd64 or arm64}; shift 2 ;;
    --package) packages=${2:?deb: --package needs iotp-edge or iotp-hub}; shift 2 ;;
    *) echo "deb: $1 is not known: see the head of this script" >&2; exit 2 ;;
  esac
done
for arch in $archs; do
  case "$arch" in amd64 | arm64) ;; *) echo "deb: there is no package for $arch: amd64 or arm64" >&2; exit 2 ;; esac
done
for package in $packages; do
  case "$package" in iotp-edge | iotp-hub) ;; *) echo "deb: there is no package $package: iotp-edge or iotp-hub" >&2; exit 2 ;; esac
done
need() { command -v "$1" > /dev/null || { echo "deb: $1 is missing: $2" >&2; exit 2; }; }
need dotnet "install the .NET SDK that global.json names (https://dot.net)"
need dpkg-deb "apt-get install dpkg"

if [ -z "${SOURCE_DATE_EPOCH:-}" ]; then
  need git "apt-get install git, or set SOURCE_DATE_EPOCH"
  SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
fi
export SOURCE_DATE_EPOCH
prefix=$(sed -n 's:.*<VersionPrefix>\(.*\)</VersionPrefix>.*:\1:p' Directory.Build.props)
version="$prefix~$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y%m%d%H%M%S)"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"
out=$(cd "$out" && pwd)

fill() { # template, target, mode, name
  mkdir -p "$(dirname "$2")"
  sed "s/@NAME@/$4/g" "$1" > "$2"
  chmod "$3" "$2"
}

pack() { # name, arch
  local name=$1 short=${1#iotp-} arch=$2 root="$work/$1-$2" project runtime
  [ "$short" = edge ] && project=edge/IotProperty.Edge || project=hub/IotProperty.Hub
  [ "$arch" = amd64 ] && runtime=linux-x64 || runtime=linux-arm64
  # The wrapper starts it: a starter of its own would be one more native file.
  bash deploy/publish.sh "$project" "$runtime" "$root/usr/lib/$name" -p:UseAppHost=false
  rm -f "$root/usr/lib/$name"/*.xml "$root/usr/lib/$name/web.config"
  [ -f "$root/usr/lib/$name/libe_sqlite3.so" ] || { echo "deb: no native SQLite for $arch was published" >&2; exit 1; }
  find "$root" -type d -exec chmod 0755 {} +
  find "$root" -type f -exec chmod 0644 {} +

  fill deploy/deb/wrapper "$root/usr/bin/$name" 0755 "$name"
  fill "deploy/systemd/$name.service" "$root/usr/lib/systemd/system/$name.service" 0644 "$name"
  fill "deploy/deb/$short/sysusers" "$root/usr/lib/sysusers.d/$name.conf" 0644 "$name"
  fill "deploy/deb/$short/tmpfiles" "$root/usr/lib/tmpfiles.d/$name.conf" 0644 "$name"
  fill "deploy/deb/$short/default" "$root/etc/default/$name" 0644 "$name"
  local doc="$root/usr/share/doc/$name"
  fill "deploy/deb/$short/README.md" "$doc/README.md" 0644 "$name"
  gzip -9n < CHANGELOG.md > "$doc/changelog.gz"
  printf 'IotProperty. The libraries it brings along are named in /usr/lib/%s/%s.deps.json and come under their own licences.\n' "$name" "$name" > "$doc/copyright"
  mkdir -p "$doc/examples"
  if [ "$short" = edge ]; then
    cp deploy/demo/site.yaml deploy/demo/credentials.yaml "$doc/examples"
  else
    cp -r deploy/mosquitto deploy/postgres deploy/influxdb deploy/prometheus "$doc/examples"
  fi
  chmod -R u=rwX,go=rX "$root"

  mkdir -p "$root/DEBIAN"
  for script in postinst prerm postrm; do fill "deploy/deb/$script" "$root/DEBIAN/$script" 0755 "$name"; done
  echo "/etc/default/$name" > "$root/DEBIAN/conffiles"
  (cd "$root" && find usr etc -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum > DEBIAN/md5sums)
  {
    echo "Package: $name"
    echo "Version: $version"
    echo "Architecture: $arch"
    echo "Maintainer: IotProperty <maintainers@iotproperty.invalid>"
    echo "Section: net"
    echo "Priority: optional"
    echo "Installed-Size: $(du -k --apparent-size -s --exclude=DEBIAN "$root" | cut -f1)"
    # sysusers and tmpfiles make user and folders; Debian's .NET packages bring ICU and OpenSSL.
    echo "Depends: aspnetcore-runtime-10.0, systemd (>= 252), tzdata"
    cat "deploy/deb/$short/description"
  } > "$root/DEBIAN/control"
  find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
  # One thread: how xz cuts its input into blocks would depend on their number.
  dpkg-deb --root-owner-group --threads-max=1 -Zxz -z3 --build "$root" "$out/${name}_${version}_$arch.deb" > /dev/null
  echo "$out/${name}_${version}_$arch.deb"
}

for arch in $archs; do
  for package in $packages; do pack "$package" "$arch"; done
done
