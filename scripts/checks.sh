# Runs named checks, counts their tests and times them. Sourced by scripts/test and
# scripts/nightly, after lib.sh.
#
#   check NAME COMMAND...   runs a check now and shows its output as it comes
#   later NAME COMMAND...   queues a check to run in the background
#   start_later             starts the queued checks in the background, one at a time
#   summary                 waits for all checks and prints the results; fails if a check failed
#
# The whole log of a background check is printed when it has ended. A queued check without a result
# counts as failed, so that no check gets lost.

passed=0 failed=0
check_table=() later_names=() later_commands=() later_pid='' later_reported=0
checks_dir=$(mktemp -d)

end_checks() {
  [ -z "$later_pid" ] || kill "$later_pid" 2>/dev/null || true
  rm -rf "$checks_dir"
}
trap end_checks EXIT

# Prints "PASSED FAILED": the counts that a log reports, or one test if it reports none.
count_tests() { # LOG STATUS
  local counts
  counts=$(sed 's/\x1b\[[0-9;]*m//g' "$1" | awk '
    /^test result:/ { p += $4; f += $6; n++ }                         # cargo test
    /^# pass / { p += $3; n++ } /^# fail / { f += $3 }                # node --test (tap)
    /^ℹ pass / { p += $3; n++ } /^ℹ fail / { f += $3 }                # node --test
    /^[0-9]+ of the failures are known deviations$/ { f -= $1 }       # scripts/conformance
    /^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$/ { p += $1; f += $3; n++ }
    /[0-9]+ passed.* in [0-9.]+s/ {                                   # pytest
      for (i = 1; i < NF; i++) { if ($(i+1) ~ /^passed/) p += $i; if ($(i+1) ~ /^failed/) f += $i }; n++ }
    END { if (n) print p + 0, f + 0 }')
  [ -n "$counts" ] || { [ "$2" = 0 ] && counts="1 0" || counts="0 1"; }
  [ "$2" = 0 ] || [ "${counts#* }" != 0 ] || counts="${counts% *} 1"
  echo "$counts"
}

record() { # NAME LOG STATUS SECONDS
  local counts
  counts=$(count_tests "$2" "$3")
  passed=$((passed + ${counts% *}))
  failed=$((failed + ${counts#* }))
  check_table+=("$(printf '%6d s  %6d passed  %4d failed  %s' "$4" "${counts% *}" "${counts#* }" "$1")")
  printf '== %s: %d s\n' "$1" "$4" >&2
  [ "$3" = 0 ] || echo "FAILED: $1" >&2
}

check() { # NAME COMMAND...
  local name=$1 log=$checks_dir/now status=0 start=$SECONDS
  shift
  step "$name"
  "$@" 2>&1 | tee "$log" || status=1
  record "$name" "$log" "$status" $((SECONDS - start))
  report_later
}

later() { # NAME COMMAND...
  [ -z "$later_pid" ] || { echo "error: cannot queue the check \`$1\` after \`start_later\`: call \`later\` before it" >&2; exit 2; }
  later_names+=("$1")
  shift
  later_commands+=("$(printf '%q ' "$@")")
}

start_later() {
  (
    trap - EXIT
    for i in "${!later_commands[@]}"; do
      status=0 start=$SECONDS
      eval "${later_commands[i]}" >"$checks_dir/$i.log" 2>&1 </dev/null || status=1
      echo "$status $((SECONDS - start))" >"$checks_dir/$i.part"
      mv "$checks_dir/$i.part" "$checks_dir/$i.result"
    done
  ) &
  later_pid=$!
}

# Reports the background checks that have ended since the last call.
report_later() {
  local i=$later_reported status seconds
  while [ -e "$checks_dir/$i.result" ]; do
    read -r status seconds <"$checks_dir/$i.result"
    step "${later_names[i]} (in the background)"
    cat "$checks_dir/$i.log"
    record "${later_names[i]}" "$checks_dir/$i.log" "$status" "$seconds"
    i=$((i + 1))
  done
  later_reported=$i
}

# Waits for the background checks and reports all of them.
join_later() {
  [ -n "$later_pid" ] || [ ${#later_names[@]} = 0 ] || start_later
  [ -z "$later_pid" ] || wait "$later_pid" || true
  later_pid=
  report_later
  while [ "$later_reported" -lt ${#later_names[@]} ]; do
    echo "the check did not produce a result" >"$checks_dir/now"
    record "${later_names[later_reported]}" "$checks_dir/now" 1 0
    later_reported=$((later_reported + 1))
  done
}

summary() {
  join_later
  printf '\n'
  [ ${#check_table[@]} = 0 ] || printf '%s\n' "${check_table[@]}" | sort -rn
  printf '\n%s passed, %s failed\n' "$passed" "$failed"
  [ "$failed" = 0 ]
}
