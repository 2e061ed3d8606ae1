import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Those who execute tasks of a round wait for its gate, so that everybody holds one before the first of them ends. */
export function isOpen(directory: string, round: string): boolean {
  return existsSync(join(directory, `${round}.open`))
}

export function openGate(directory: string, round: string): void {
  writeFileSync(join(directory, `${round}.open`), '')
}

/** What a host runs for a task: the same as an agent does, in sh. The task's title names the round. */
export const HOST_COMMAND = [
  'sh',
  '-c',
  'until [ -e "$RACE_DIRECTORY/$SWITCHYARD_TITLE.open" ]; do sleep 0.05; done; ' +
    'echo "$SWITCHYARD_TASK_ID $SWITCHYARD_ATTEMPT $SWITCHYARD_AGENT_ID" >> "$RACE_DIRECTORY/$SWITCHYARD_TITLE.ledger"',
]
