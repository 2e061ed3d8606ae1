import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Connection } from './connection.ts'
import { within } from './deadline.ts'
import { encodeKillPreparation, KILL_COMMAND_LINE, type KillVerb } from './kill-program.ts'
import { RemoteDialogue } from './remote-dialogue.ts'

export interface KillTiming {
  /** Between the polite signal and the one that cannot be refused. */
  readonly killGraceSeconds: number
  /** From that one until we stop waiting for the processes to be gone. */
  readonly killDeadlineSeconds: number
}

export type KillResult = { readonly gone: true } | { readonly gone: false; readonly message: string }

const POLL_MILLISECONDS = 100
/** The first answer also waits for the login shell to get going. */
const ANSWER_MILLISECONDS = 30_000

/**
 * Ends every process of the group, and of the session that it leads, over a channel of its own: SIGTERM, a grace,
 * SIGKILL, until none is left. A process that began a session of its own is out of reach. Never rejects.
 */
export async function killGroup(
  connection: Pick<Connection, 'execute'>,
  processGroup: number,
  timing: KillTiming,
): Promise<KillResult> {
  return withKiller(connection, processGroup, async (tell) => {
    const start = performance.now()
    const killAt = start + timing.killGraceSeconds * 1000
    const giveUpAt = killAt + timing.killDeadlineSeconds * 1000
    let answer = await tell('TERM')
    while (answer === 'alive' && performance.now() < giveUpAt) {
      await delay(POLL_MILLISECONDS)
      answer = await tell(performance.now() < killAt ? 'LOOK' : 'KILL')
    }
    return answer
  })
}

/** Finds out whether the group is gone, and changes nothing. */
export async function lookAtGroup(
  connection: Pick<Connection, 'execute'>,
  processGroup: number,
): Promise<KillResult> {
  return withKiller(connection, processGroup, (tell) => tell('LOOK'))
}

type Answer = 'alive' | 'gone' | 'silent'

async function withKiller(
  connection: Pick<Connection, 'execute'>,
  processGroup: number,
  talk: (tell: (verb: KillVerb) => Promise<Answer>) => Promise<Answer>,
): Promise<KillResult> {
  const opened = await connection.execute(KILL_COMMAND_LINE)
  if (!opened.ok)
    return { gone: false, message: `no channel to kill process group ${processGroup}: ${opened.message}` }
  const nonce = randomUUID()
  const dialogue = new RemoteDialogue(opened.channel, nonce, () => Promise.resolve())
  dialogue.write(encodeKillPreparation(nonce, processGroup))
  const answer = await talk(async (verb) => {
    dialogue.write(`${verb}\n`)
    const word = await within(ANSWER_MILLISECONDS, dialogue.next())
    return word === 'alive' || word === 'gone' ? word : 'silent'
  })
  dialogue.close()
  if (answer === 'gone') return { gone: true }
  const message =
    answer === 'alive'
      ? `process group ${processGroup} is still alive`
      : `the host no longer answered whether process group ${processGroup} is gone`
  return { gone: false, message }
}
