import { createLifecycle, createLog } from '@switchyard/platform'
import { followEvents } from './event-feed.ts'
import { createPage, wantsColours, type Page } from './page.ts'
import { runPullingAgent } from './pulling-agent.ts'
import { benchWork, playAssignedRoad, playPullRoad, playSshRoad } from './roads.ts'
import { AGENT, CYCLE_SECONDS, HOST, startDemoStack, UNDECIDED_SECONDS, type DemoStack } from './stack.ts'

const GRACE_MILLISECONDS = 30_000
const INTERRUPTED = 130

/** `npm run demo`: plays deliveries down all three roads on a private stack, prints what happened, and ends. */
async function main(): Promise<void> {
  const began = performance.now()
  const page = createPage((text) => process.stdout.write(text), wantsColours(process.stdout, process.env))
  const lifecycle = createLifecycle({
    log: createLog({ level: 'silent', service: 'demo' }),
    graceMilliseconds: GRACE_MILLISECONDS,
  })
  let ending: 'played' | 'failed' | null = null
  lifecycle.signal.addEventListener('abort', () => {
    if (ending === null) page.paragraph('Interrupted. Cleaning up.')
  })
  try {
    page.heading('Switchyard: three roads from an issue to an agent')
    const stack = await startDemoStack(lifecycle)
    introduce(page, stack)
    await play(page, stack, lifecycle.signal)
    page.heading('All three roads led to where they should')
    const seconds = Math.round((performance.now() - began) / 1000)
    page.paragraph(`It took ${seconds} s. Nothing remains of it. Your own: npm start`)
    ending = 'played'
    lifecycle.stop('the demo is over')
  } catch (error) {
    if (!lifecycle.signal.aborted) {
      ending = 'failed'
      page.paragraph(`The demo did not go as told: ${error instanceof Error ? error.message : String(error)}`)
      lifecycle.stop('the demo failed', 1)
    }
  }
  await lifecycle.finished
  if (ending === null) process.exitCode = INTERRUPTED
}

function introduce(page: Page, stack: DemoStack): void {
  page.paragraph('A private stack, made for this demo and gone afterwards:')
  page.item('PostgreSQL', `in ${stack.directory}`)
  page.item('API', stack.client.url)
  page.item(
    'dispatcher',
    `a cycle every ${CYCLE_SECONDS} s; what no host takes within ${UNDECIDED_SECONDS} s becomes http_pull`,
  )
  page.item(HOST, `offers “linux”, over SSH on 127.0.0.1:${stack.sshPort}`)
  page.item(AGENT, 'offers “usb-programmer”, pulls over HTTP; it is not asking yet')
}

async function play(page: Page, stack: DemoStack, signal: AbortSignal): Promise<void> {
  const over = new AbortController()
  const feed = followEvents(stack.client)
  let agent = Promise.resolve()
  let breakOff: (reason: unknown) => void = () => undefined
  const brokenOff = new Promise<never>((_, reject) => (breakOff = reject))
  signal.addEventListener('abort', () => breakOff(signal.reason), { once: true })
  const wakeAgent = () => {
    const options = { client: stack.agent, agentId: AGENT, work: benchWork, signal: over.signal }
    agent = runPullingAgent(options).catch(breakOff)
  }
  const stage = { stack, feed, page, wakeAgent }
  try {
    for (const road of [playSshRoad, playPullRoad, playAssignedRoad]) {
      await Promise.race([road(stage), brokenOff])
    }
  } finally {
    over.abort()
    feed.stop()
    await agent
  }
}

await main()
