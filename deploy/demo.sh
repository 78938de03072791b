#!/bin/sh
# The whole main job on one machine: virtual cameras → discovery → recording → vision → MQTT.
#   sh deploy/demo.sh [--seconds 60] [--cameras 2] [--video FILE…] [--broker URL]
# Needs Debian 12 and, for missing Debian packages, root or sudo. Everything stays in this folder.
set -eu
cd "$(dirname "$0")/.."
. deploy/packages.sh
. deploy/venv.sh
install_packages demo
make_venv ""
exec .venv/bin/edge-agent demo "$@"
