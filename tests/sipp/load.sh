#!/usr/bin/env bash
# The load that the release build of the example `uas` must take with no call lost:
#
#   10,000 calls (INVITE, 180, 200, ACK, BYE, 200) at 500 a second, over UDP, then over TCP;
#   100,000 OPTIONS over UDP, twice.
#
# Prints for each what failed and what was unexpected, as SIPp counts it, and the memory (VmRSS) of the server
# before, right after, and once its transactions have ended (they are kept for 32 s over UDP). Fails when
# anything failed or was unexpected, when the server does not end cleanly, or when the second 100,000 OPTIONS need
# more memory than the first: then something of the first is still held. (What VmRSS says after they have ended is
# printed and not judged: it is the C library that decides when freed pages go back to the system. To see what is
# held, `gdb -p PID -batch -ex 'call (int)malloc_trim(0)'` and read VmRSS again.)
#
#   tests/sipp/load.sh [--quick]
#
# --quick: a tenth of each, and no wait for the memory. Needs SIPp (Debian package sip-tester) and Linux.
# It takes about four minutes. RATE (calls a second, 500) and OPTIONS_RATE (4,000) can be set.
set -euo pipefail
cd "$(dirname "$0")/../.."

calls=10000 options=100000 settle=36
if [ "${1-}" = --quick ]; then
    calls=1000 options=10000 settle=0
fi
rate=${RATE:-500} options_rate=${OPTIONS_RATE:-4000}

command -v sipp >/dev/null || { echo "sipp is not installed (Debian package sip-tester)" >&2; exit 1; }
target_dir=${CARGO_TARGET_DIR:-target}
cargo build --release --quiet -p spigot-examples --example uas

folder=$(mktemp -d)
server=
clean_up() {
    if [ -n "$server" ]; then
        kill -KILL "$server" 2>/dev/null || true
    fi
    rm -rf "$folder"
}
trap clean_up EXIT

# One arena: with one for each thread the C library's allocator keeps what the busiest moment of each needed, and
# it depends on chance which thread that was. What is measured is what the server holds.
export MALLOC_ARENA_MAX=1
exec {lines}< <(exec "$target_dir/release/examples/uas" --listen udp:127.0.0.1:0 --listen tcp:127.0.0.1:0)
server=$!
read -r -t 20 -u "$lines" udp
read -r -t 20 -u "$lines" tcp
udp=${udp#listening on udp:} tcp=${tcp#listening on tcp:}

rss() { awk '/^VmRSS:/ { print $2 }' "/proc/$server/status"; }
cpu() { awk '{ print ($14 + $15) * 10 }' "/proc/$server/stat"; }

# One statistic of a finished run, cumulative, by its name in SIPp's table.
statistic() {
    awk -F';' -v name="$1(C)" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i } END { print $at }' \
        "$folder/statistics"
}

bad=0
# run NAME TARGET TRANSPORT SCENARIO COUNT RATE
run() {
    local name=$1 target=$2 transport=$3 scenario=$4 count=$5 per_second=$6 before cpu_before code=0
    before=$(rss) cpu_before=$(cpu)
    rm -f "$folder"/*
    sipp "$target" -sf "tests/sipp/$scenario" -t "$transport" -s alice -m "$count" -r "$per_second" -l 20000 \
        -i 127.0.0.1 -nostdin -timeout 300s -timeout_error -trace_err -error_file "$folder/errors" \
        -trace_stat -stf "$folder/statistics" >"$folder/screen" 2>&1 </dev/null || code=$?
    local good failed unexpected retransmitted
    good=$(statistic SuccessfulCall) failed=$(statistic FailedCall)
    unexpected=$(($(statistic FailedUnexpectedMessage) + $(statistic OutOfCallMsgs)))
    retransmitted=$(statistic Retransmissions)
    printf '%-14s %7d ok %5d failed %5d unexpected %5d retransmitted  RSS %6d -> %6d KiB  CPU %6d ms\n' \
        "$name" "$good" "$failed" "$unexpected" "$retransmitted" "$before" "$(rss)" "$(($(cpu) - cpu_before))"
    if [ "$code" -ne 0 ] || [ "$good" -ne "$count" ] || [ "$failed" -ne 0 ] || [ "$unexpected" -ne 0 ]; then
        bad=1
        echo "$name: sipp ended with $code" >&2
        head -c 4000 "$folder/errors" >&2 || true
    fi
}

# Waits until the transactions have ended, and prints what is held then.
settled() {
    sleep "$settle"
    printf '%-14s RSS %d KiB after %d s\n' 'settled' "$(rss)" "$settle"
}

echo "uas at rest: RSS $(rss) KiB"
run 'calls, udp' "$udp" u1 call.xml "$calls" "$rate"
run 'calls, tcp' "$tcp" t1 call.xml "$calls" "$rate"
run 'options, udp' "$udp" u1 options.xml "$options" "$options_rate"
first=$(rss)
settled
run 'options, udp' "$udp" u1 options.xml "$options" "$options_rate"
second=$(rss)
settled
# A tenth, and 2 MiB, are chance: about 100 octets for each transaction.
if [ "$settle" -gt 0 ] && [ "$second" -gt $((first + first / 10 + 2048)) ]; then
    echo "memory grows: $first KiB after the first round, $second KiB after the second" >&2
    bad=1
fi

kill -TERM "$server"
wait "$server" || { echo "uas ended with $?" >&2; bad=1; }
server=
exit "$bad"
