import { FOLDER, TALK } from './program-parts.ts'
import { encodeValues, oneLine, shellCommandLine } from './program-text.ts'
import type { RunFolder } from './run-folder.ts'

/** Control words of a survey. */
export const SURVEY = { clock: 'clock', disk: 'disk', user: 'user', system: 'system', done: 'done' } as const

/**
 * The program that looks around on a host: constant, told over standard input which folder of a trial run to remove (nonce,
 * root, run). It says the time first, since that is compared with ours. What the host does not know is left empty. In the
 * POSIX output of df the free space stands before the only word that ends with `%`, whatever blanks the device's name has.
 */
const PROGRAM = oneLine(`
  exec 2>/dev/null;
  ${TALK} ${FOLDER}
  _sy_say "${SURVEY.clock} $(date +%s)";
  rm -rf "$_sy_run";
  _sy_there=$_sy_root;
  until [ -z "$_sy_there" ] || [ -d "$_sy_there" ]; do _sy_there=\${_sy_there%/*}; done;
  _sy_free=; _sy_found=;
  for _sy_word in $(df -Pk "\${_sy_there:-/}" | tail -n 1); do
    case $_sy_word in *%) _sy_found=$_sy_free; break;; esac;
    _sy_free=$_sy_word;
  done;
  _sy_say "${SURVEY.disk} $_sy_found";
  _sy_say "${SURVEY.user} $(id -un)";
  _sy_say "${SURVEY.system} $(uname -srm)";
  _sy_say ${SURVEY.done}
`)

/** The command line of every survey. */
export const SURVEY_COMMAND_LINE = shellCommandLine(PROGRAM)

/** What the program reads. */
export function encodeSurvey(nonce: string, { root, id }: RunFolder): string {
  return encodeValues([nonce, root ?? '', id])
}
