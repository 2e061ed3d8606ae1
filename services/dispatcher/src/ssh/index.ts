export { createSsh, SSH_DEFAULTS } from './ssh.ts'
export type { Ssh, SshCheck, SshDialResult, SshOptions, SshSession } from './ssh.ts'
export type { DialFailure, SshTarget } from './target.ts'
export type { RunRequest, RunResult } from './run-result.ts'
