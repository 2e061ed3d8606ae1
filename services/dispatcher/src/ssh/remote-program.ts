/** Control words that the remote program says, before and after the command. */
export const CONTROL = {
  ready: 'ready',
  exit: 'exit',
  workdirMissing: 'workdir_missing',
  commandNotFound: 'command_not_found',
  noProcessGroup: 'no_process_group',
} as const

/**
 * The program that runs a command on the host: POSIX sh, constant, tried with dash, bash and busybox ash. Whatever
 * varies comes in over standard input, one value a line with `\` and line feed escaped, so that nothing is pasted into
 * a shell line, nothing depends on the login shell's quoting, and values of the environment do not show up in
 * `ps`. Its dialogue:
 *
 *   in   nonce, workdir, number of arguments, arguments, number of variables, NAME=value …
 *   out  ready PGID | workdir_missing | command_not_found PATH | no_process_group     (control lines)
 *   in   go, then the command's own standard input, byte for byte
 *   out  the command's output, both streams in one, then   exit CODE
 *
 * The command starts only after `go`: a run that is cut off earlier has provably not started, and the process group
 * is known before there is anything to kill. `read` consumes no byte beyond its line (POSIX requires that), so the
 * command gets the rest. The subshell's `exec` never takes a builtin for the program. `kill -0 -PGID` without `--` is the one
 * form that all three shells understand. No single quotes: the whole is passed in single quotes.
 */
const PROGRAM = oneLine(`
  exec 2>&1;
  _sy_take() { IFS= read -r _sy_line || exit 90; _sy_value=$(printf "%bx" "$_sy_line"); _sy_value=\${_sy_value%x}; };
  _sy_say() { printf "\\036%s %s\\n" "$_sy_nonce" "$1"; };
  _sy_executable() (
    case $1 in */*) [ -f "$1" ] && [ -x "$1" ]; exit;; esac;
    set -f; IFS=:;
    for directory in $PATH; do
      [ -f "\${directory:-.}/$1" ] && [ -x "\${directory:-.}/$1" ] && exit 0;
    done;
    exit 1
  );
  _sy_take; _sy_nonce=$_sy_value;
  _sy_take;
  if [ -n "$_sy_value" ]; then
    CDPATH= cd -- "$_sy_value" >/dev/null || { _sy_say ${CONTROL.workdirMissing}; exit 0; };
  fi;
  _sy_take; _sy_count=$_sy_value; set --;
  while [ "$_sy_count" -gt 0 ]; do
    _sy_take; set -- "$@" "$_sy_value"; _sy_count=$((_sy_count - 1));
  done;
  _sy_take; _sy_count=$_sy_value;
  while [ "$_sy_count" -gt 0 ]; do
    _sy_take; export "$_sy_value"; _sy_count=$((_sy_count - 1));
  done;
  _sy_executable "$1" || { _sy_say "${CONTROL.commandNotFound} $PATH"; exit 0; };
  kill -0 -$$ 2>/dev/null || { _sy_say ${CONTROL.noProcessGroup}; exit 0; };
  _sy_say "${CONTROL.ready} $$";
  IFS= read -r _sy_line && [ "$_sy_line" = go ] || exit 90;
  ( exec "$@" );
  _sy_say "${CONTROL.exit} $?"
`)

/** The command line of every run. */
export const RUN_COMMAND_LINE = shellCommandLine(PROGRAM)

export interface Preparation {
  readonly nonce: string
  readonly workdir: string | null
  readonly command: readonly string[]
  readonly environment: Readonly<Record<string, string>>
}

/** What the remote program reads before it says `ready`. Refuse first what cannot be said: see `refuseRequest`. */
export function encodePreparation({ nonce, workdir, command, environment }: Preparation): string {
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`)
  const values = [
    nonce,
    workdir === null ? '' : anchored(workdir),
    String(command.length),
    ...command,
    String(variables.length),
    ...variables,
  ]
  return values.map((value) => `${encodeValue(value)}\n`).join('')
}

export const GO = 'go\n'

/** Makes a value one line that `printf %b` turns back. */
export function encodeValue(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
}

/** A command line that replaces the login shell, whichever it is, by a POSIX shell with this program. */
export function shellCommandLine(program: string): string {
  return `exec sh -c '${program}'`
}

/** Joins the lines with spaces: some login shells allow no line feed between quotes. */
export function oneLine(program: string): string {
  return program.trim().replaceAll(/\s*\n\s*/g, ' ')
}

/** `cd -` and `cd ''` mean something else than a directory of that name. */
function anchored(workdir: string): string {
  return workdir.startsWith('/') || workdir === '' ? workdir : `./${workdir}`
}
