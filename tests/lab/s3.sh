# shellcheck shell=bash
# A real S3 server for the lab: OpenStack Swift with its S3 interface, from Debian's packages. Sourced by `lab`, whose functions
# and variables it uses. (It has what the store needs and smaller servers lack: aborted and listed uploads in parts, versions.)

s3_port=$((base + 40))
s3_kinds=(account container object)
s3_cache_port=$((base + 44))

# As root in mounts of its own; it listens on the loopback only.
s3_inside() {
  local kind
  mount --bind "$lab/s3/etc" /etc/swift
  echo "$$" >"$(pid_file s3)"
  for kind in "${s3_kinds[@]}"; do
    "/usr/bin/swift-$kind-server" "/etc/swift/$kind-server.conf" -v &
  done
  # What the proxy remembers between requests; it refuses to work without.
  memcached -u root -l 127.0.0.1 -p "$s3_cache_port" -m 16 &
  exec /usr/bin/swift-proxy-server /etc/swift/proxy-server.conf -v
}

# Says who holds what: one disk, one copy. The files depend on the ports.
s3_rings() {
  local etc=$lab/s3/etc kind port=$s3_port
  [[ ! -e $etc/rings-$base ]] || return 0
  rm -f "$etc"/*.builder "$etc"/*.ring.gz "$etc"/rings-*
  for kind in "${s3_kinds[@]}"; do
    port=$((port + 1))
    {
      swift-ring-builder "$etc/$kind.builder" create 4 1 1
      swift-ring-builder "$etc/$kind.builder" add "r1z1-127.0.0.1:$port/disk" 1
      swift-ring-builder "$etc/$kind.builder" rebalance
    } >>"$lab/s3/server.log" 2>&1 || die "swift-ring-builder failed, see $lab/s3/server.log"
  done
  touch "$etc/rings-$base"
}

s3_render() {
  local etc=$lab/s3/etc kind port=$s3_port secret hash
  mkdir -p "$etc" "$lab/s3/node/disk"
  secret=$(secret "$lab/s3-secret")
  hash=$(secret "$lab/s3/hash")
  sed "s|@HASH@|$hash|" "$here/swift/swift.conf" >"$etc/swift.conf"
  (umask 077; sed "s|@PORT@|$port|; s|@CACHE_PORT@|$s3_cache_port|; s|@SECRET@|$secret|" "$here/swift/proxy-server.conf" >"$etc/proxy-server.conf")
  for kind in "${s3_kinds[@]}"; do
    port=$((port + 1))
    sed "s|@PORT@|$port|; s|@KIND@|$kind|g; s|@NODE@|$lab/s3/node|" "$here/swift/server.conf" >"$etc/$kind-server.conf"
  done
}

s3_ready() {
  local reply='' port
  (
    for ((port = s3_port + 1; port <= s3_cache_port; port++)); do
      exec 4<>"/dev/tcp/127.0.0.1/$port"
    done
    exec 3<>"/dev/tcp/127.0.0.1/$s3_port"
    printf 'GET /info HTTP/1.0\r\nHost: lab\r\n\r\n' >&3
    IFS= read -r -t 2 reply <&3
    [[ $reply == *" 200 "* ]]
  ) 2>/dev/null
}

start_s3() {
  local pid i port made
  # Started anew when what it is made from has changed.
  made=$lab/s3/made-$(cat "$here/s3.sh" "$here"/swift/* | sha256sum | cut -c1-16)
  if pid=$(pid_of s3) && [[ -e $made ]] && s3_ready; then
    say "s3 runs (pid $pid)"
    return
  fi
  end s3 KILL
  mkdir -p "$lab/s3"
  : >"$lab/s3/server.log"
  s3_render
  s3_rings
  rm -f "$lab/s3"/made-*
  touch "$made"
  for ((port = s3_port; port <= s3_cache_port; port++)); do free_port tcp "$port"; done
  launch s3 "$lab/s3/server.log" "$here/lab" --inside s3
  for ((i = 1; i <= 600; i++)); do
    sleep 0.1
    if s3_ready; then
      say "s3 is up (pid $(pid_of s3), http://127.0.0.1:$s3_port, ${i}00 ms)"
      return
    fi
    ((i % 20)) || [[ -n $(strays s3) ]] || break
  done
  tail -n 20 "$lab/s3/server.log" >&2
  die "s3 did not come up; see $lab/s3/server.log"
}
