#!/usr/bin/env bash
# The fault tests, and what they saw as one block. TORTURE says how long: "long" (the default here), or sizes such as
# "long cuts=1000 kills=5000"; "seed=7" takes other chances. The names are those in store/tests/torture and
# engine/tests/stories/power.rs.
set -euo pipefail

export TORTURE="${TORTURE:-long}"
TORTURE_FIGURES="$(mktemp)"
export TORTURE_FIGURES
trap 'rm -f "$TORTURE_FIGURES"' EXIT

failed=0
# Alone and first, since it measures time.
cargo test -p opmill-store --test torture reopening || failed=1
cargo test -p opmill-store --test torture --no-fail-fast -- --skip reopening || failed=1
cargo test -p opmill-store --test model || failed=1
cargo test -p opmill-engine --test stories power:: || failed=1

awk -F '\t' '
  { seen[$1, $2] += $3; all[$2] += $3 }
  function row(what, figure) { printf "  %-46s %s\n", what, figure }
  function share(part, whole) { return whole ? sprintf("%.2f %% (%d of %d)", 100 * part / whole, part, whole) : "not tried" }
  function took(jobs) {
    return ("reopening", jobs "_jobs_ms") in seen ? sprintf("%.1f s", seen["reopening", jobs "_jobs_ms"] / 1000) : "not tried"
  }
  END {
    print "what survives"
    row("operations acknowledged", all["acknowledged"])
    row("cuts", sprintf("%d of the power, %d by kill -9, %d after a refusal of the disk",
      seen["power cuts", "cuts"] + seen["power cuts of starts", "cuts"] + seen["power cuts, engine", "cuts"] - all["killed"],
      seen["kills", "cuts"] + all["killed"], seen["failed syncs", "cuts"] + seen["full disks", "cuts"] + seen["refusals, engine", "cuts"]))
    row("acknowledged and lost", all["lost"])
    row("opened after each", share(all["opened"], all["cuts"]))
    row("jobs begun again, per 1,000 kills", seen["kills", "cuts"] ? sprintf("%.0f", 1000 * seen["kills", "ran_again"] / seen["kills", "cuts"]) : "not tried")
    row("results recorded twice", all["twice"])
    row("notifications delivered at least once", share(seen["notifications", "told"], seen["notifications", "owed"]))
    row("workers that lost their lease and went on", seen["leases", "stale"])
    row("what they recorded or published afterwards", seen["leases", "accepted"])
    row("files damaged", sprintf("%d: %d did no harm, %d refused, %d named, %d silent",
      all["whole"] + all["refused"] + all["named"] + all["silent"] + all["panicked"] + all["hung"],
      all["whole"], all["refused"], all["named"], all["silent"]))
    row("reopening 10^4, 10^5, 10^6 jobs", took(10000) ", " took(100000) ", " took(1000000))
  }' "$TORTURE_FIGURES"
exit "$failed"
