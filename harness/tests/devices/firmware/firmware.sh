#!/bin/sh
# The smallest firmware: a router that forwards, and knows how often it was switched on.
set -eu

# What outlives a power cut is in /var/lib, as if it were flash memory.
boots=$(($(cat /var/lib/boots 2>/dev/null || echo 0) + 1))
echo "$boots" >/var/lib/boots
echo "boot $boots: $NGNLAB_AREA, $NGNLAB_MODE, $NGNLAB_WAN to the line, $NGNLAB_LAN to the terminals"

# A program of its own language reads all of it from here.
grep -q onshikaku.org "$NGNLAB_CONFIG"

sysctl -q -w net.ipv6.conf.all.forwarding=1
ip link set "$NGNLAB_WAN" up
ip link set "$NGNLAB_LAN" up

touch "$NGNLAB_RUN_DIR/ready"
while :; do
  sleep 1
done
