#!/usr/bin/env bash
# Publishes one program as it is shipped: for one processor, compiled ahead (ReadyToRun), on a .NET runtime that the machine has.
#   bash deploy/publish.sh PROJECT RUNTIME FOLDER [options of dotnet publish]      RUNTIME: linux-x64, linux-arm64, or here (this machine's)
# What an edge would otherwise compile before its first sample takes a quarter of its start. Prints nothing when all went well.
set -euo pipefail
cd "$(dirname "$0")/.."

project=${1:?publish: name the project, for example edge/IotProperty.Edge}
runtime=${2:?publish: name the runtime: linux-x64, linux-arm64 or here}
folder=${3:?publish: name the folder that takes the program}
shift 3
if [ "$runtime" = here ]; then
  case "$(uname -m)" in
    x86_64) runtime=linux-x64 ;;
    aarch64) runtime=linux-arm64 ;;
    *) echo "publish: no program is made for $(uname -m): x86_64 or aarch64" >&2; exit 2 ;;
  esac
fi
# A folder of its own for what is built on the way: the tests' build, which is for no processor, stays as it is; the style was checked there. Compiled by one thread
# and without the compiler's server: the generator of log messages lets threads and what the server has seen decide the order of its code, and the same commit
# shall give the same bytes.
said=$(dotnet publish "$project" -c Release --nologo -v quiet --runtime "$runtime" --no-self-contained -p:PublishReadyToRun=true -p:ContinuousIntegrationBuild=true \
  -p:RunAnalyzers=false -p:UseSharedCompilation=false -p:CompilerResponseFile="$PWD/deploy/one-thread.rsp" --artifacts-path "$PWD/artifacts/publish/$runtime" -o "$folder" "$@" 2>&1) ||
  { echo "$said" >&2; echo "publish: $project cannot be published" >&2; exit 1; }
