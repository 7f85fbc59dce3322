#!/bin/sh
# Holds the tester of `ngnlab bench dns` and the ordinary DNS server against what others use, all in
# turn on this machine: dnsperf, nsd, and the bare writes of a TAP interface. Nothing else should run.
#
#   cargo build --release --bin ngnlab
#   cargo build --release -p ngnlab-benches --bin behind_tap
#   benches/anchors.sh [TURNS]
#
# Needs dnsperf, nsd, jq, and user namespaces; root is not needed. The first processor asks, the
# second one answers.
set -eu

if [ "${1:-}" != inside ]; then
  turns=${1:-5}
  self=$(readlink -f "$0")
  cd "$(dirname "$self")/.."
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  awk 'BEGIN { print "$ORIGIN lineauth.mnw."; print "@ 300 SOA a b 1 2 3 4 300"; print "@ NS a"
    print "a AAAA 2001:db8::53"; print "www AAAA 2001:db8::1" }' >"$work/zone"
  echo "www.lineauth.mnw AAAA" >"$work/names"
  for turn in $(seq "$turns"); do
    # The tester alone, over the cables of a device made of programs.
    target/release/ngnlab bench dns --device "${DEVICE:-dnsmasq-dhcpcd}" --trial 1 --repeat 1 \
      --rate-only --cached 100 --json "$work/rate.json" >/dev/null 2>&1 || true
    jq -r '.devices[0]["self-test"] | .trial.effort as $e |
      "generator \($e["sent-rate"] / $e["generator-cpu"])",
      "answerer \($e["sent-rate"] / $e["answerer-cpu"])",
      "self-test \(.rate)"' "$work/rate.json"
    unshare -rn "$self" inside "$work"
  done | tee "$work/all" >&2
  awk '
    { sum[$1] += $2; count[$1]++ }
    function mean(what) { return count[what] ? sum[what] / count[what] : 0 }
    function row(name, one, other, goal) {
      printf "%-52s %9.0f %9.0f %6.2f  goal %s\n", name, mean(one), mean(other),
        mean(other) ? mean(one) / mean(other) : 0, goal
    }
    END {
      printf "%-52s %9s %9s %6s\n", "means, a second", "ours", "anchor", "ratio"
      row("asking, a core: ours, dnsperf", "generator", "dnsperf", "3")
      row("asking, a core: ours, bare TAP writes", "generator", "writes", "0.6")
      row("answering, a core: ours, nsd", "answerer", "nsd", "1.5")
      row("answers seen: ordinary DNS server, nsd", "dns", "nsd-seen", "1")
    }' "$work/all"
  exit
fi

# In a network namespace of our own, one for each turn.
work=$2
cd "$(dirname "$0")/.."
behind_tap=target/release/behind_tap
# Processor time of a process and of all below it, in ticks of proc(5).
family() { for pid in "$@"; do echo "/proc/$pid/stat"; family $(cat /proc/"$pid"/task/*/children); done; }
ticks() { family "$1" | xargs awk '{ sub(/.*\) /, ""); s += $12 + $13 } END { print s }'; }
rate() { awk '/Queries per second/ { print $4 }' "$work/said"; }
ip link set lo up

echo "writes $(taskset -c 0 "$behind_tap" writes 2)"

# nsd at one end of a veth, dnsperf at the other one.
unshare -n sleep 60 &
far=$!
ip link add near type veth peer name far
until [ "$(readlink /proc/$far/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do :; done
ip link set far netns $far
ip addr add 2001:db8:1::1/64 dev near nodad
ip link set near up
nsenter -t $far -n sh -c \
  'ip link set lo up; ip addr add 2001:db8:1::2/64 dev far nodad; ip link set far up'
cat >"$work/nsd.conf" <<EOF
server:
  ip-address: 2001:db8:1::2
  username: ""
  chroot: ""
  zonesdir: "$work"
  pidfile: "$work/nsd.pid"
  xfrdfile: ""
  zonelistfile: "$work/zones"
  database: ""
  server-count: 1
  rrl-ratelimit: 0
remote-control:
  control-enable: no
zone:
  name: lineauth.mnw
  zonefile: zone
EOF
nsenter -t $far -n taskset -c 1 nsd -d -c "$work/nsd.conf" 2>/dev/null &
nsd=$!
sleep 1
before=$(ticks $nsd)
taskset -c 0 sh -c "dnsperf -s 2001:db8:1::2 -d $work/names -l 3 >$work/said; times" |
  awk 'END { for (n = 1; n <= 2; n++) { split($n, t, "m"); s += t[1] * 60 + t[2] } print s }' \
    >"$work/cpu"
after=$(ticks $nsd)
awk -v rate="$(rate)" -v ticks=$((after - before)) -v cpu="$(cat "$work/cpu")" 'BEGIN {
  print "nsd-seen", rate
  print "nsd", rate * 3 / (ticks / 100)
  print "dnsperf", rate * 3 / cpu
}'
kill "$(cat "$work/nsd.pid")" $far
wait 2>/dev/null || true

# The ordinary DNS server behind a TAP.
taskset -c 1 "$behind_tap" dns 6 &
until ip link show dns0 >/dev/null 2>&1; do :; done
server=2404:1a8:f583:d00::53:1
ip addr add 2408:3ff:e00:ca00::2/64 dev dns0 nodad
ip -6 route add $server dev dns0
ip -6 neigh add $server lladdr 02:00:5e:10:00:02 dev dns0 nud permanent
sleep 1
taskset -c 0 dnsperf -s $server -d "$work/names" -l 3 >"$work/said"
echo "dns $(rate)"
wait
