#!/usr/bin/env bash
# A simulated estate, an edge and a hub on loopback.
#   bash deploy/demo.sh            starts all three, prints URL and login, tells what happens; Ctrl-C ends them
#   bash deploy/demo.sh --check    plays the story unattended and checks it; last line "demo: ok" or what failed
# Further options are those of `iotp-sim scenario demo --help` (--data DIR, --seed N). Exit code 0 when all went well.
set -euo pipefail
cd "$(dirname "$0")/.."

need() {
  command -v "$1" > /dev/null || { echo "demo: $1 is missing: $2" >&2; exit 2; }
}
need dotnet "install the .NET SDK that global.json names (https://dot.net)"
need node "the hub's pages are built with npm: install Node.js 20 or later"
need npm "the hub's pages are built with npm: install Node.js 20 or later"

echo "building …"
for project in simulators/IotProperty.Simulators hub/IotProperty.Hub; do
  said=$(dotnet build "$project" -c Release -v quiet --nologo) || { echo "$said" >&2; echo "demo: $project does not build" >&2; exit 1; }
done
# The edge as it is shipped: how soon it reads and what it takes of a small box is a part of the story.
bash deploy/publish.sh edge/IotProperty.Edge here artifacts/demo/iotp-edge

# exec: Ctrl-C and SIGTERM reach the scenario itself, which ends all programs and waits for them.
bin=bin/Release/net10.0
exec "simulators/IotProperty.Simulators/$bin/iotp-sim" scenario demo \
  --hub-program "$PWD/hub/IotProperty.Hub/$bin/iotp-hub" \
  --edge-program "$PWD/artifacts/demo/iotp-edge/iotp-edge" \
  --site-folder "$PWD/deploy/demo" \
  "$@"
