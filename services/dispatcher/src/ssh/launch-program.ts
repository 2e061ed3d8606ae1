import { END, FOLDER, LIFE, TAKE, TALK } from './program-parts.ts'
import { encodeValues, oneLine, shellCommandLine } from './program-text.ts'
import type { RunFolder } from './run-folder.ts'

/** Folders of runs that ended longer ago than this are removed by later runs, at their end. */
const KEPT_DAYS = 7
const REMOVED_PER_RUN = 50

/** A prompt that is no longer is sent before the word, and stored while the other side talks to its database. A shell reads lines byte by byte. */
const EARLY_PROMPT_BYTES = 4096

/** Control words of a launch. */
export const LAUNCH = {
  ready: 'ready',
  launched: 'launched',
  already: 'already',
  failed: 'failed',
  workdirMissing: 'workdir_missing',
  commandNotFound: 'command_not_found',
} as const

const NO_PROCESS_GROUP = `${LAUNCH.failed} the host gives commands no process group, so none could be stopped`

/** Reads what a run begins with, and takes it on: the directory, the arguments, the variables. */
const PREPARATION = `
  ${FOLDER}
  _sy_take; _sy_limit=$_sy_value;
  _sy_take; _sy_grace_given=$_sy_value;
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
`

/**
 * What the command becomes: it leads a session and a group of its own, names it, and waits for the word, so that nothing but its own
 * beginning is left to do behind it. Who makes `started` decides (see FENCE). Arguments: the run folder, then argv.
 */
const COMMAND = oneLine(`
  kill -0 -$$ 2>/dev/null || { echo "${NO_PROCESS_GROUP}" >&3; exit 90; };
  echo $$ > "$1/pgid" || { echo "${LAUNCH.failed} nothing could be written in $1" >&3; exit 90; };
  IFS= read -r _sy_word <&4 || exit 90;
  exec 4<&- < "$1/prompt" >> "$1/log";
  set -C; printf "" > "$1/started" || { echo ${LAUNCH.already} >&3; exit 90; }; set +C;
  echo "${LAUNCH.launched} $$" >&3;
  exec 2>&1 3>&-;
  shift;
  exec "$@"
`)

/**
 * What watches over one command, whoever else is gone: it ends it when it is over its time, ends what it leaves behind in its group,
 * keeps its exit code, and sweeps old folders. Its own group holds nothing but itself and the timer. Argument: the text above. On descriptor 3
 * somebody waits for one line.
 *
 * Everything is there as early as it can be, since each process costs half a millisecond. The supervisor is, before anybody says what is to be
 * started: it reads that on descriptor 4, and an empty line when there is a folder. The command and the timer, which counts from the word
 * on, are there before the word comes. Both wait for it, so it is two empty lines: of one byte nobody can take a part. Without it the
 * command ends without a start, and what was made for it goes away.
 *
 * What it sweeps at the end: runs that ended long ago, and what launches have left that were killed before there was a start.
 */
const SUPERVISOR = oneLine(`
  _sy_command=$1;
  exec <&4;
  trap : HUP;
  _sy_say() { :; };
  _sy_nap() { sleep 0.1 2>/dev/null || sleep 1; };
  _sy_is_decided() { [ -e "$1/started" ] || [ -h "$1/started" ]; };
  _sy_remove() { rm -f "$1/prompt" "$1/life" "$1/log" "$1/pgid"; rmdir "$1"; };
  _sy_fail() { _sy_remove "$_sy_run"; echo "$1" >&3; exit 0; };
  ${TAKE} ${END} ${LIFE}
  _sy_life;
  ${PREPARATION}
  _sy_own=; command -v setsid >/dev/null && _sy_own=setsid;
  IFS= read -r _sy_word || exit 0;
  kill -0 -$$ || _sy_fail "${NO_PROCESS_GROUP}";
  printf "%s\\n" "$_sy_life" $$ > "$_sy_run/life" && printf "" > "$_sy_run/log" || _sy_fail "${LAUNCH.failed} nothing could be written in $_sy_run";
  (
    exec 3>&-;
    IFS= read -r _sy_word <&4 || exit;
    exec 4<&-;
    sleep "$_sy_limit";
    IFS= read -r _sy_pgid < "$_sy_run/pgid" || exit;
    : > "$_sy_run/timed_out";
    _sy_end "$_sy_pgid" "$_sy_grace_given" "$_sy_deadline"
  ) &
  [ -n "$_sy_own" ] || set -m;
  ( exec $_sy_own sh -c "$_sy_command" switchyard "$_sy_run" "$@" );
  _sy_code=$?;
  trap "" TERM;
  _sy_is_decided "$_sy_run" || _sy_remove "$_sy_run";
  [ -f "$_sy_run/started" ] || { kill -TERM 0; exit 0; };
  exec 3>&-;
  IFS= read -r _sy_pgid < "$_sy_run/pgid" && kill -0 -$_sy_pgid && _sy_end $_sy_pgid "$_sy_grace_given" "$_sy_deadline";
  kill -TERM 0;
  if [ -e "$_sy_run/timed_out" ]; then _sy_code="$_sy_code timed_out"; fi;
  _sy_note exit "$_sy_code";
  find "\${_sy_run%/*}" -maxdepth 2 -name exit -mtime +${KEPT_DAYS} | head -n ${REMOVED_PER_RUN} |
    while IFS= read -r _sy_line; do rm -rf "\${_sy_line%/exit}"; done;
  find "\${_sy_run%/*}" -mindepth 1 -maxdepth 1 -type d -name "*-[0-9]*" -mtime +${KEPT_DAYS} |
    while IFS= read -r _sy_line; do _sy_is_decided "$_sy_line" || _sy_remove "$_sy_line"; done
`)

/**
 * What stands between the channel and those who wait: they outlive the channel, and must hold none of its descriptors. It passes on what
 * it reads, says whether the host is ready, makes the folder, and stores the prompt: a short one before the word comes. dd tells how much it copied
 * in its seventh word, where it is not built without; else somebody has to count. Descriptor 5 is the channel, standard output the others.
 */
const HEAR = `
  _sy_say() { printf "\\036%s %s\\n" "$_sy_nonce" "$1" >&5; };
  _sy_take() { IFS= read -r _sy_value || exit 90; printf "%s\\n" "$_sy_value"; _sy_decode; };
  _sy_is_executable() { [ -f "$1" ] && [ -x "$1" ]; };
  _sy_find() {
    case $1 in */*) _sy_is_executable "$1"; return;; esac;
    _sy_name=$1; set -f; IFS=:; set -- $PATH; set +f; unset IFS;
    for _sy_directory in "$@"; do _sy_is_executable "\${_sy_directory:-.}/$_sy_name" && return; done;
    return 1;
  };
  _sy_is_whole() { [ "\${7:-$(($(wc -c < "$_sy_run/prompt")))}" -eq "$_sy_bytes" ]; };
  _sy_hear() {
    ${PREPARATION}
    _sy_find "$1" || { _sy_say "${LAUNCH.commandNotFound} $PATH"; exit 0; };
    _sy_say ${LAUNCH.ready};
    [ -d "$_sy_root" ] || mkdir -p -m 700 "$_sy_root";
    mkdir -m 700 "$_sy_run" 2>/dev/null || {
      IFS= read -r _sy_line && IFS= read -r _sy_line && [ "$_sy_line" = go ] || exit 90;
      if [ -d "$_sy_run" ]; then _sy_say ${LAUNCH.already}; else _sy_say "${LAUNCH.failed} the directory $_sy_run cannot be made"; fi;
      exit 0;
    };
    printf "\\n";
    umask 077; _sy_stored=;
    IFS= read -r _sy_prompt || exit 90;
    case $_sy_prompt in now*) printf "%b" "\${_sy_prompt#now }" > "$_sy_run/prompt" && _sy_stored=yes;; esac;
    IFS= read -r _sy_line && [ "$_sy_line" = go ] || exit 90;
    case $_sy_prompt in
      now*) [ -n "$_sy_stored" ];;
      *) _sy_is_whole $(LC_ALL=C dd bs=65536 of="$_sy_run/prompt" 2>&1);;
    esac || { _sy_say "${LAUNCH.failed} the prompt could not be stored whole in $_sy_run"; exit 0; };
    printf "\\n\\n";
  };
`

/**
 * The program that starts a run and leaves it alone. Whatever varies comes in over standard input, one value a line, so that
 * nothing is pasted into a shell line, nothing depends on the login shell's quoting, and values of the environment do
 * not show up in `ps`. Its dialogue:
 *
 *   in   nonce
 *   in   root, run, limit, grace, deadline, bytes of the prompt, workdir, argc, argv, envc, NAME=value …
 *   out  ready | workdir_missing | command_not_found PATH                  (control lines)
 *   in   now PROMPT | later
 *   in   go, then, if it was to come later, the prompt, byte for byte, to the end
 *   out  launched PGID | already | failed WHY
 *
 * Behind the nonce there is a supervisor. While the other side talks to its database, the run folder and the command are made, and wait for
 * `go`; without it they go away again. The folder is made by an atomic mkdir: of two launches of one run, one may start it, and it does unless somebody
 * has looked for the run meanwhile. A prompt that arrives cut short starts nothing. `setsid --fork` starts the supervisor where it
 * is known; `&` does the same but leaves SIGINT ignored in everything below. The supervisor has none of the channel's
 * descriptors: the word and its one line come through pipes.
 */
const PROGRAM = oneLine(`
  exec 2>&1 5>&1;
  _sy_supervisor=$1; _sy_command=$2;
  ${TALK} ${HEAR}
  _sy_own=; command -v setsid >/dev/null && _sy_own=setsid;
  _sy_hear | (
    exec 3>&1 4<&0 5>&- >/dev/null 2>&1 </dev/null;
    set -- "$_sy_supervisor" switchyard "$_sy_command";
    [ -n "$_sy_own" ] && setsid --fork sh -c "$@" && exit;
    [ -n "$_sy_own" ] || set -m;
    $_sy_own sh -c "$@" &
  ) | { IFS= read -r _sy_line && _sy_say "$_sy_line"; }
`)

/** The command line of every launch. */
export const LAUNCH_COMMAND_LINE = shellCommandLine(PROGRAM, SUPERVISOR, COMMAND)

export interface Preparation extends RunFolder {
  readonly timeoutSeconds: number
  readonly killGraceSeconds: number
  readonly killDeadlineSeconds: number
  readonly promptBytes: number
  readonly workdir: string | null
  readonly command: readonly string[]
  readonly environment: Readonly<Record<string, string>>
}

/** What the program reads first. From then on it is ready to be told what to start. */
export function encodeNonce(nonce: string): string {
  return encodeValues([nonce])
}

/** What the program reads next, before it says `ready`. Refuse first what cannot be said: see `refuseRequest`. */
export function encodePreparation(preparation: Preparation): string {
  const { root, id, workdir, command, environment } = preparation
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`)
  return encodeValues([
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

/** What is sent of a prompt before the word, and after it. No shell variable can hold NUL. */
export function encodePrompt(prompt: string): { readonly early: string; readonly late: string } {
  const line = encodeValues([prompt])
  return Buffer.byteLength(line) <= EARLY_PROMPT_BYTES && !prompt.includes('\0')
    ? { early: `now ${line}`, late: '' }
    : { early: 'later\n', late: prompt }
}

/** Seconds as the whole number of tenths that a shell can count down. */
export function tenths(seconds: number): string {
  return String(Math.ceil(seconds * 10))
}

/** `cd -` and `cd ''` mean something else than a directory of that name. */
function anchored(workdir: string): string {
  return workdir.startsWith('/') || workdir === '' ? workdir : `./${workdir}`
}
