import { encodeValue, oneLine, shellCommandLine } from './remote-program.ts'

/**
 * The program that ends a run: constant POSIX sh, told over standard input what to do. It reads a nonce and a process
 * group, then one verb a line: `TERM` and `KILL` send that signal, `LOOK` does not. After each it says `alive` or `gone`.
 *
 * Where /proc exists, zombies do not count as alive (for `kill -0` they do, until somebody reaps them), and
 * processes that moved to another group of the same session are found and signalled one by one: the remote
 * program leads its session, so nothing else is in it. In /proc/PID/stat the fields behind the name are
 * state, parent, group, session; see proc(5).
 */
const PROGRAM = oneLine(`
  exec 2>/dev/null;
  IFS= read -r _sy_nonce || exit 90;
  IFS= read -r _sy_group || exit 90;
  _sy_scan() {
    _sy_alive=; _sy_elsewhere=;
    if [ -r /proc/self/stat ]; then
      for _sy_file in /proc/[0-9]*/stat; do
        { IFS= read -r _sy_stat < "$_sy_file"; } || continue;
        set -- \${_sy_stat##*) };
        case $1 in Z|X) continue;; esac;
        if [ "$3" = "$_sy_group" ]; then _sy_alive=yes;
        elif [ "$4" = "$_sy_group" ]; then
          _sy_alive=yes; _sy_file=\${_sy_file#/proc/}; _sy_elsewhere="$_sy_elsewhere \${_sy_file%/stat}";
        fi;
      done;
    else
      kill -0 -$_sy_group && _sy_alive=yes;
    fi;
  };
  while IFS= read -r _sy_verb; do
    case $_sy_verb in TERM|KILL)
      _sy_scan;
      kill -$_sy_verb -$_sy_group;
      for _sy_process in $_sy_elsewhere; do kill -$_sy_verb $_sy_process; done;;
    esac;
    _sy_scan;
    if [ -n "$_sy_alive" ]; then _sy_word=alive; else _sy_word=gone; fi;
    printf "\\036%s %s\\n" "$_sy_nonce" $_sy_word;
  done
`)

/** The command line of every kill. */
export const KILL_COMMAND_LINE = shellCommandLine(PROGRAM)

export type KillVerb = 'TERM' | 'KILL' | 'LOOK'

/** What the program reads before the verbs. */
export function encodeKillPreparation(nonce: string, processGroup: number): string {
  return `${encodeValue(nonce)}\n${processGroup}\n`
}
