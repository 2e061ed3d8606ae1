import { summarise, type Summary } from './statistics.ts'
import { runsFolder, type World } from './world.ts'

const LINES = 15
const REQUIRES = ['bench-output']

/** Quiet for longer than the longest pause between two looks, then the time, in nanoseconds. */
const COMMAND = `i=0; while [ $i -lt ${LINES} ]; do sleep 1.37; date +%s%N; i=$((i + 1)); done`

export interface OutputDelay {
  /** From a line that a running command prints to the client of the log's event stream, in milliseconds. */
  readonly printedToSeen: Summary
}

/** Follows a run that is mostly quiet, the worst case: whoever looks, looks seldom. */
export async function measureOutputDelay(world: World): Promise<OutputDelay> {
  const { stack, server } = world
  const env = runsFolder(world)
  await stack.putHost(server, { command: ['sh', '-c', COMMAND], labels: REQUIRES, max_concurrent: 1, env })
  const { id } = await stack.createTask({ requires: REQUIRES, execution_mode: 'ssh_cli' })
  const { url, token } = stack.client
  const response = await fetch(`${url}/api/v1/tasks/${id}/logs`, {
    headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream' },
  })
  if (response.body === null) throw new Error(`the log cannot be followed: ${response.status}`)
  const delays: number[] = []
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const now = Date.now()
    // Each line is an event of its own: they are more than a second apart.
    for (const [, printed] of chunk.matchAll(/"text":"(\d{19})\\n"/g))
      delays.push(now - Number(printed) / 1e6)
  }
  if (delays.length !== LINES) throw new Error(`${delays.length} of ${LINES} lines were seen`)
  return { printedToSeen: summarise(delays) }
}
