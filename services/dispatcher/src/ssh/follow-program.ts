import { FENCE, FOLDER, LIFE, TALK } from './program-parts.ts'
import { encodeValues, oneLine, shellCommandLine } from './program-text.ts'
import type { RunFolder } from './run-folder.ts'

/** Control words of a follow. */
export const FOLLOW = {
  found: 'found',
  running: 'running',
  exit: 'exit',
  lost: 'lost',
  neverStarted: 'never_started',
  failed: 'failed',
  result: 'result',
} as const

/** A larger result file is no result. */
export const RESULT_LIMIT_BYTES = 64 * 1024

/**
 * The program that tells about a run: constant, told over standard input which one and from which byte of its output.
 *
 *   in   nonce, root, run, offset
 *   out  found | never_started | failed WHY                 (control lines)
 *   in   log                   as often as somebody likes
 *   out  output since the last time, raw, then   running | exit CODE [timed_out] | lost
 *   in   result
 *   out  the result file, raw, at most one byte more than is allowed, then   result
 *
 * It does nothing unless asked, so it ends with its channel and costs nothing in between. Looking for a run that has not started
 * fences it off: it never will. How the run stands is looked up before the output is read, so that nothing is missed
 * at the end. `lost`: the host was restarted, or supervisor and command were killed, before there was an exit code; that is
 * written down as well. The log stays open on descriptor 4, and its offset is where the last `cat` stopped; dd only seeks.
 */
const PROGRAM = oneLine(`
  exec 2>/dev/null;
  ${TALK} ${FOLDER} ${FENCE} ${LIFE}
  _sy_take; _sy_offset=$_sy_value;
  umask 077;
  _sy_fence;
  case $_sy_started in
    never) _sy_say ${FOLLOW.neverStarted}; exit 0;;
    "") _sy_say "${FOLLOW.failed} whether it was started cannot be found out in $_sy_run"; exit 0;;
  esac;
  [ -r "$_sy_run/log" ] || { _sy_say "${FOLLOW.failed} the log in $_sy_run cannot be read"; exit 0; };
  exec 4< "$_sy_run/log";
  dd bs=1 skip="$_sy_offset" count=0 <&4;
  _sy_same=; _sy_is_of_this_life && _sy_same=yes;
  _sy_group=;
  _sy_dead() {
    [ -n "$_sy_same" ] || return 0;
    kill -0 "$_sy_started" && return 1;
    [ -n "$_sy_group" ] || { IFS= read -r _sy_group < "$_sy_run/pgid"; } || return 0;
    kill -0 -$_sy_group && return 1;
    return 0;
  };
  _sy_say ${FOLLOW.found};
  while IFS= read -r _sy_line; do
    case $_sy_line in
      log)
        _sy_word=${FOLLOW.running};
        if [ -e "$_sy_run/exit" ]; then _sy_word=${FOLLOW.exit};
        elif _sy_dead; then
          [ -e "$_sy_run/exit" ] || _sy_note exit ${FOLLOW.lost};
          _sy_word=${FOLLOW.exit};
        fi;
        cat <&4;
        if [ $_sy_word = ${FOLLOW.exit} ]; then
          IFS= read -r _sy_line < "$_sy_run/exit";
          case $_sy_line in ${FOLLOW.lost}) _sy_word=${FOLLOW.lost};; *) _sy_word="${FOLLOW.exit} $_sy_line";; esac;
        fi;
        _sy_say "$_sy_word";;
      result)
        dd bs=${RESULT_LIMIT_BYTES + 1} count=1 < "$_sy_run/result.json";
        _sy_say ${FOLLOW.result};;
    esac;
  done
`)

/** The command line of every follow. */
export const FOLLOW_COMMAND_LINE = shellCommandLine(PROGRAM)

/** What the program reads before it says what it found. */
export function encodeFollow(nonce: string, { root, id }: RunFolder, offset: number): string {
  return encodeValues([nonce, root ?? '', id, String(offset)])
}

export const ASK_LOG = 'log\n'
export const ASK_RESULT = 'result\n'
