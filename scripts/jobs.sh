# Runs builds two at a time. Sourced by scripts/guests, after lib.sh.
#
#   queue COMMAND...   runs a command in the background, at most two at a time
#   join_jobs          waits for all jobs; exits with 1 if one failed
#
# The output of a job is printed in one piece when the job has ended. After a failure, `queue` does
# not start further jobs. A job without a result counts as failed.

jobs_started=0
jobs_dir=$(mktemp -d)

end_jobs() {
  local job
  for job in $(jobs -pr); do kill "$job" 2>/dev/null || true; done
  rm -rf "$jobs_dir"
}
trap end_jobs EXIT

queue() { # COMMAND...
  local file
  while [ "$(jobs -pr | wc -l)" -ge 2 ]; do wait -n || true; done
  for file in "$jobs_dir"/*.result; do
    [ ! -e "$file" ] || [ "$(cat "$file")" = 0 ] || join_jobs
  done
  jobs_started=$((jobs_started + 1))
  (
    exec 3>&2 >"$jobs_dir/$jobs_started.log" 2>&1
    trap 'echo $? >"$jobs_dir/$jobs_started.result"; cat "$jobs_dir/$jobs_started.log" >&3' EXIT
    "$@"
  ) &
}

join_jobs() {
  local job
  wait || true
  for job in $(seq "$jobs_started"); do
    [ "$(cat "$jobs_dir/$job.result" 2>/dev/null)" = 0 ] || exit 1
  done
}
