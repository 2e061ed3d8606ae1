import { END, FOLDER, LIFE, TALK } from './program-parts.ts'
import { encodeValues, oneLine, shellCommandLine } from './program-text.ts'
import type { RunFolder } from './run-folder.ts'

/** Folders of runs that ended longer ago than this are removed by later launches. */
const KEPT_DAYS = 7
const REMOVED_PER_LAUNCH = 50

/**
 * What the command becomes: it leads a session and a group of its own before anybody is told of it, so that from then on
 * there is something to kill. Arguments: the umask it would have had, the run folder, then argv.
 */
const COMMAND = oneLine(`
  kill -0 -$$ 2>/dev/null || { echo no_process_group >&3; exit 90; };
  echo $$ > "$2/pgid.$$" && mv -f "$2/pgid.$$" "$2/pgid" || exit 90;
  umask "$1";
  echo "launched $$" >&3;
  exec 3>&-;
  shift 2;
  exec "$@"
`)

/**
 * What watches over one command, whoever else is gone: it starts it, ends it when it is over its time, ends what it leaves
 * behind in its group, and keeps its exit code. Its own group holds nothing but itself and the timer. Arguments: the text
 * above, the run folder, the time limit in seconds, grace and deadline of an end in tenths of a second, the umask,
 * `setsid` or nothing where that is unknown, then argv. On descriptor 3 somebody waits for one line.
 */
const SUPERVISOR = oneLine(`
  _sy_command=$1; _sy_run=$2; _sy_limit=$3; _sy_grace_given=$4; _sy_deadline=$5; _sy_umask=$6; _sy_own=$7; shift 7;
  trap : HUP;
  _sy_nap() { sleep 0.1 2>/dev/null || sleep 1; };
  _sy_note() { printf "%s\\n" "$2" > "$_sy_run/$1.$$" && mv -f "$_sy_run/$1.$$" "$_sy_run/$1"; };
  ${END}
  kill -0 -$$ || { echo no_process_group >&3; exit 0; };
  ln -s $$ "$_sy_run/started" || { echo fenced >&3; exit 0; };
  (
    exec 3>&-;
    sleep "$_sy_limit";
    _sy_pgid=$(cat "$_sy_run/pgid") || exit;
    : > "$_sy_run/timed_out";
    _sy_end "$_sy_pgid" "$_sy_grace_given" "$_sy_deadline"
  ) &
  [ -n "$_sy_own" ] || set -m;
  (
    exec < "$_sy_run/prompt" >> "$_sy_run/log" 2>&1;
    exec $_sy_own sh -c "$_sy_command" switchyard "$_sy_umask" "$_sy_run" "$@"
  );
  _sy_code=$?;
  exec 3>&-;
  _sy_pgid=$(cat "$_sy_run/pgid") && kill -0 -$_sy_pgid && _sy_end $_sy_pgid "$_sy_grace_given" "$_sy_deadline";
  trap "" TERM; kill -TERM 0;
  if [ -e "$_sy_run/timed_out" ]; then _sy_code="$_sy_code timed_out"; fi;
  _sy_note exit "$_sy_code"
`)

/** Control words of a launch. */
export const LAUNCH = {
  ready: 'ready',
  launched: 'launched',
  already: 'already',
  failed: 'failed',
  workdirMissing: 'workdir_missing',
  commandNotFound: 'command_not_found',
} as const

/**
 * The program that starts a run and leaves it alone. Whatever varies comes in over standard input, one value a line, so that
 * nothing is pasted into a shell line, nothing depends on the login shell's quoting, and values of the environment do
 * not show up in `ps`. Its dialogue:
 *
 *   in   nonce, root, run, limit, grace, deadline, bytes of the prompt, workdir, argc, argv, envc, NAME=value …
 *   out  ready | workdir_missing | command_not_found PATH                  (control lines)
 *   in   go, then the prompt, byte for byte, to the end
 *   out  launched PGID | already | failed WHY
 *
 * Before `go` nothing is made or started, but what can be found out is, while the other side talks to its database. The run
 * folder is made by an atomic mkdir: of two launches of one run, one starts it. Every process that is started on the way costs
 * about as much as the round trip. A prompt that arrives cut short starts nothing. `setsid --fork` starts the supervisor where it is known; `&` does the same but
 * leaves SIGINT ignored in everything below. The supervisor keeps none of the channel's descriptors; its
 * one line comes through a pipe.
 */
const PROGRAM = oneLine(`
  exec 2>&1;
  _sy_supervisor=$1; _sy_command=$2;
  ${TALK} ${FOLDER} ${LIFE}
  _sy_executable() (
    case $1 in */*) [ -f "$1" ] && [ -x "$1" ]; exit;; esac;
    set -f; IFS=:;
    for directory in $PATH; do
      [ -f "\${directory:-.}/$1" ] && [ -x "\${directory:-.}/$1" ] && exit 0;
    done;
    exit 1
  );
  _sy_take; _sy_limit=$_sy_value;
  _sy_take; _sy_grace=$_sy_value;
  _sy_take; _sy_deadline=$_sy_value;
  _sy_take; _sy_bytes=$_sy_value;
  _sy_take;
  if [ -n "$_sy_value" ]; then
    CDPATH= cd -- "$_sy_value" >/dev/null || { _sy_say ${LAUNCH.workdirMissing}; exit 0; };
  fi;
  _sy_take; _sy_count=$_sy_value; set --;
  while [ "$_sy_count" -gt 0 ]; do
    _sy_take; set -- "$@" "$_sy_value"; _sy_count=$((_sy_count - 1));
  done;
  _sy_take; _sy_count=$_sy_value;
  while [ "$_sy_count" -gt 0 ]; do
    _sy_take; export "$_sy_value"; _sy_count=$((_sy_count - 1));
  done;
  export SWITCHYARD_RESULT_FILE="$_sy_run/result.json";
  _sy_executable "$1" || { _sy_say "${LAUNCH.commandNotFound} $PATH"; exit 0; };
  _sy_say ${LAUNCH.ready};
  _sy_umask=$(umask); _sy_own=; _sy_fork=;
  if command -v setsid >/dev/null; then
    _sy_own=setsid;
    setsid --fork true 2>/dev/null </dev/null && _sy_fork=yes;
  fi;
  _sy_now=$(_sy_life);
  IFS= read -r _sy_line && [ "$_sy_line" = go ] || exit 90;
  umask 077;
  [ -d "$_sy_root" ] || mkdir -p "$_sy_root" || { _sy_say "${LAUNCH.failed} the directory $_sy_root cannot be made"; exit 0; };
  if mkdir "$_sy_run" 2>/dev/null; then :;
  elif [ -d "$_sy_run" ]; then _sy_say ${LAUNCH.already}; exit 0;
  else _sy_say "${LAUNCH.failed} the directory $_sy_run cannot be made"; exit 0; fi;
  cat > "$_sy_run/prompt";
  if [ "$(($(wc -c < "$_sy_run/prompt")))" -eq "$_sy_bytes" ] && printf "%s\\n" "$_sy_now" > "$_sy_run/life" && : > "$_sy_run/log"; then :;
  else rm -rf "$_sy_run"; _sy_say "${LAUNCH.failed} the prompt could not be stored whole in $_sy_run"; exit 0; fi;
  (
    exec 3>&1 >/dev/null 2>&1 </dev/null;
    set -- "$_sy_supervisor" switchyard "$_sy_command" "$_sy_run" "$_sy_limit" "$_sy_grace" "$_sy_deadline" "$_sy_umask" "$_sy_own" "$@";
    if [ -n "$_sy_fork" ]; then exec setsid --fork sh -c "$@"; fi;
    [ -n "$_sy_own" ] || set -m;
    $_sy_own sh -c "$@" &
  ) | {
    IFS= read -r _sy_answer;
    case $_sy_answer in
      launched*) _sy_say "$_sy_answer";;
      fenced) _sy_say ${LAUNCH.already};;
      no_process_group) rm -rf "$_sy_run"; _sy_say "${LAUNCH.failed} the host gives commands no process group, so none could be stopped";;
    esac;
    {
      find "$_sy_root" -maxdepth 2 -name exit -mtime +${KEPT_DAYS} | head -n ${REMOVED_PER_LAUNCH} |
        while IFS= read -r _sy_line; do rm -rf "\${_sy_line%/exit}"; done;
    } >/dev/null 2>&1 </dev/null &
  }
`)

/** The command line of every launch. */
export const LAUNCH_COMMAND_LINE = shellCommandLine(PROGRAM, SUPERVISOR, COMMAND)

export interface Preparation extends RunFolder {
  readonly nonce: string
  readonly timeoutSeconds: number
  readonly killGraceSeconds: number
  readonly killDeadlineSeconds: number
  readonly promptBytes: number
  readonly workdir: string | null
  readonly command: readonly string[]
  readonly environment: Readonly<Record<string, string>>
}

/** What the program reads before it says `ready`. Refuse first what cannot be said: see `refuseRequest`. */
export function encodePreparation(preparation: Preparation): string {
  const { nonce, root, id, workdir, command, environment } = preparation
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`)
  return encodeValues([
    nonce,
    root ?? '',
    id,
    String(preparation.timeoutSeconds),
    tenths(preparation.killGraceSeconds),
    tenths(preparation.killDeadlineSeconds),
    String(preparation.promptBytes),
    workdir === null ? '' : anchored(workdir),
    String(command.length),
    ...command,
    String(variables.length),
    ...variables,
  ])
}

export const GO = 'go\n'

/** Seconds as the whole number of tenths that a shell can count down. */
export function tenths(seconds: number): string {
  return String(Math.ceil(seconds * 10))
}

/** `cd -` and `cd ''` mean something else than a directory of that name. */
function anchored(workdir: string): string {
  return workdir.startsWith('/') || workdir === '' ? workdir : `./${workdir}`
}
