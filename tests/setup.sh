# Sourced by tests/run.sh: installs from Debian what the tests use as real peers, when it is missing.

# program=package
peers=(
  mosquitto=mosquitto
  mosquitto_pub=mosquitto-clients
  mbpoll=mbpoll
  chromium=chromium
  sqlite3=sqlite3
  protoc=protobuf-compiler
  openssl=openssl
  socat=socat
  gcc=gcc
  influxd=influxdb
  victoria-metrics=victoria-metrics
  promtool=prometheus
  systemd-analyze=systemd
)

setup_peers() {
  command -v dotnet >/dev/null || { echo "The .NET 10 SDK is needed: https://dotnet.microsoft.com/download"; return 1; }
  command -v node >/dev/null || { echo "Node.js 20 or later is needed for the pages' libraries"; return 1; }

  local missing=() pair program
  for pair in "${peers[@]}"; do
    program="${pair%%=*}"
    PATH="$PATH:/usr/sbin:/sbin" command -v "$program" >/dev/null || missing+=("${pair#*=}")
  done
  /usr/bin/python3 -c 'import paho.mqtt' 2>/dev/null || missing+=(python3-paho-mqtt)
  /usr/bin/python3 -c 'import pymodbus' 2>/dev/null || missing+=(python3-pymodbus)
  /usr/bin/python3 -c 'import serial, serial_asyncio' 2>/dev/null || missing+=(python3-serial python3-serial-asyncio)
  [ -e /usr/include/stdio.h ] && [ -e /usr/include/linux/gpio.h ] || missing+=(libc6-dev linux-libc-dev)
  # Debian keeps the server's programs of each version in a folder of its own, off the PATH.
  compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql-15)
  fc-list 2>/dev/null | grep -q 'Noto Sans CJK' || missing+=(fontconfig fonts-noto-cjk)

  [ ${#missing[@]} -eq 0 ] && { echo "Every peer program is there."; return 0; }
  echo "Installing: ${missing[*]}"
  local as_root=()
  [ "$(id -u)" -eq 0 ] || as_root=(sudo -n)
  if "${as_root[@]}" apt-get update -qq &&
    DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null; then
    return 0
  fi
  [ "${CI:-}" = "true" ] && { echo "CI=true demands every peer program"; return 1; }
  echo "Not installable here; the tests that need them are skipped with a reason."
}
