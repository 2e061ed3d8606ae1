import { tenths } from './launch-program.ts'
import { END, FENCE, FOLDER, LIFE, TALK } from './program-parts.ts'
import { encodeValues, oneLine, shellCommandLine } from './program-text.ts'
import type { RunFolder } from './run-folder.ts'

/** Control words of a kill. */
export const KILL = { gone: 'gone', alive: 'alive' } as const

/** How long a run that is just being started may take to name its group, and one that was killed to keep its exit code. */
const TENTHS_OF_A_START = 50

/**
 * The program that ends a run, whoever started it: constant, told over standard input which one (nonce, root, run, grace and
 * deadline). It says `gone` when nothing of it is alive, or `alive`. A run that never started is fenced off, and never will.
 * Process ids of an earlier life of the host are left alone: they mean somebody else now.
 */
const PROGRAM = oneLine(`
  exec 2>/dev/null;
  ${TALK} ${FOLDER} ${FENCE} ${LIFE} ${END}
  _sy_take; _sy_grace_given=$_sy_value;
  _sy_take; _sy_deadline=$_sy_value;
  umask 077;
  _sy_fence;
  case $_sy_started in
    never) _sy_say ${KILL.gone}; exit 0;;
    "") _sy_say "${KILL.alive} whether it was started cannot be found out in $_sy_run"; exit 0;;
  esac;
  [ -e "$_sy_run/exit" ] && { _sy_say ${KILL.gone}; exit 0; };
  _sy_is_of_this_life || { _sy_say ${KILL.gone}; exit 0; };
  _sy_count=${TENTHS_OF_A_START};
  until [ -s "$_sy_run/pgid" ] || [ "$_sy_count" -eq 0 ]; do kill -0 "$_sy_started" || break; _sy_nap; _sy_count=$((_sy_count - 1)); done;
  IFS= read -r _sy_pgid < "$_sy_run/pgid" || { kill -0 "$_sy_started" || { _sy_say ${KILL.gone}; exit 0; }; _sy_say "${KILL.alive} the run has named no process group"; exit 0; };
  _sy_end "$_sy_pgid" "$_sy_grace_given" "$_sy_deadline" || { _sy_say "${KILL.alive} process group $_sy_pgid is still alive"; exit 0; };
  _sy_count=${TENTHS_OF_A_START};
  until [ -e "$_sy_run/exit" ] || [ "$_sy_count" -eq 0 ]; do
    kill -0 "$_sy_started" || break;
    _sy_nap; _sy_count=$((_sy_count - 1));
  done;
  _sy_say ${KILL.gone}
`)

/** The command line of every kill. */
export const KILL_COMMAND_LINE = shellCommandLine(PROGRAM)

/** What the program reads. */
export function encodeKill(
  nonce: string,
  { root, id }: RunFolder,
  graceSeconds: number,
  deadlineSeconds: number,
): string {
  return encodeValues([nonce, root ?? '', id, tenths(graceSeconds), tenths(deadlineSeconds)])
}
