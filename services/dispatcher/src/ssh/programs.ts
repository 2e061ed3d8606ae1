export {
  ASK_LOG,
  ASK_RESULT,
  encodeFollow,
  FOLLOW_COMMAND_LINE,
  RESULT_LIMIT_BYTES,
} from './follow-program.ts'
export { encodeKill, KILL_COMMAND_LINE } from './kill-program.ts'
export { encodeNonce, encodePreparation, encodePrompt, GO, LAUNCH_COMMAND_LINE } from './launch-program.ts'
export type { Preparation } from './launch-program.ts'
