import { randomUUID } from 'node:crypto'
import { ROUTES } from '@switchyard/contract'
import type { Route } from '@switchyard/contract'
import { RefusedError, type CallInput, type Client } from './client.ts'
import { deliver, issueDelivery, testDelivery, type ForgejoDelivery, type Issue } from './deliveries.ts'
import { WaitedInVainError, type EventFeed } from './event-feed.ts'
import type { Page } from './page.ts'
import type { Work } from './pulling-agent.ts'
import { AGENT, HOST, UNDECIDED_SECONDS, type DemoStack } from './stack.ts'
import { reportRouting, reportTask } from './task-report.ts'

/** Who and what the story is played with. */
export interface Stage {
  readonly stack: DemoStack
  readonly feed: EventFeed
  readonly page: Page
  /** The pulling agent begins to ask for work. */
  readonly wakeAgent: () => void
}

/** Something did not go as the story has it. */
export class PlotError extends Error {
  override readonly name = 'PlotError'
}

const SHOP_ISSUE: Issue = {
  repository: 'acme/shop',
  number: 7,
  title: 'Checkout total is off by one cent',
  body: 'Three items at 0.10 add up to 0.30000000000000004. Please round before the total is shown.',
  labels: ['bug', 'agent'],
}

const FIRMWARE_ISSUE: Issue = {
  repository: 'acme/firmware',
  number: 12,
  title: 'Board does not wake from standby',
  body: 'Flash the current image, send it to sleep, press the button: nothing. Find out why.',
  labels: ['agent'],
}

const HANDBOOK_ISSUE: Issue = {
  repository: 'acme/handbook',
  number: 3,
  title: 'The chapter on releases is out of date',
  body: 'We tag from main now. Bring the chapter up to date.',
  labels: ['agent'],
}

/** What the pulling agent does with every task. */
export const benchWork: Work = async (task, say) => {
  await say(`Took ${task.source.repository ?? ''}#${task.source.issue_number ?? 0} “${task.title}”.\n`)
  await say('Connected, looked, understood. A real agent would now change something.\n')
  return { summary: `Looked into “${task.title}” on the bench.` }
}

/** Road 1: a host offers what the task requires, so the dispatcher runs it there. */
export async function playSshRoad(stage: Stage): Promise<void> {
  const { page, stack } = stage
  page.heading('Road 1 · A labelled issue is run over SSH')
  page.paragraph(
    `acme/shop#7 gets the label “agent”. The rule “shop” makes a task of it that requires “linux”, which only ${HOST} offers. ` +
      'Nobody says on which track it is to run: it begins as undecided.',
  )
  const delivery = issueDelivery('label_updated', SHOP_ISSUE)
  const taskId = await deliverTask(stage, delivery)
  await ends(stage, taskId)
  const task = await reportTask(stack.client, page, taskId)
  demand(task.execution_mode === 'ssh_cli' && task.agent_id === HOST, 'road 1 ran on the host')
  demand(task.status === 'succeeded', 'road 1 succeeded')

  page.paragraph(
    'Somebody presses “redeliver” in the forge: the same delivery comes again and makes no second task.',
  )
  await deliverNothing(stage, delivery, 'duplicate')
  page.paragraph('The button “Test delivery” sends a push that moves nothing.')
  await deliverNothing(stage, testDelivery('acme/shop'), 'ignored')
  page.paragraph('A delivery that is signed with another secret leaves nothing behind.')
  const forged = await deliver(stack.client.url, randomUUID(), issueDelivery('opened', SHOP_ISSUE))
  demand(forged.status === 401, 'the forged delivery was refused')
  if (forged.status === 401) page.item('forge', `→ 401 ${forged.body.code}: ${forged.body.title}`, 'yellow')
}

/** Road 2: no host fits, so after the timeout the task belongs to the pulling agents. */
export async function playPullRoad(stage: Stage): Promise<void> {
  const { page, stack } = stage
  page.heading('Road 2 · No host fits, so an agent pulls it')
  page.paragraph(
    `acme/firmware#12 requires “usb-programmer”. ${HOST} lacks it; ${AGENT} offers it, but is not asking for work yet. ` +
      `After ${UNDECIDED_SECONDS} s without a host the task becomes http_pull (phase 2).`,
  )
  const taskId = await deliverTask(stage, issueDelivery('opened', FIRMWARE_ISSUE))
  page.paragraph('While it waits, the system can say why:')
  await reportRouting(stack.client, page, taskId)
  page.paragraph(
    'Meanwhile another label on the same issue asks for the same thing: a duplicate, in meaning.',
  )
  const again = issueDelivery('label_updated', { ...FIRMWARE_ISSUE, labels: ['agent', 'hardware'] })
  await deliverNothing(stage, again, 'duplicate')

  await happens(stage, taskId, 'flipped')
  page.paragraph(`The timeout has passed. Now ${AGENT} begins to ask: POST /api/v1/tasks/dequeue.`)
  stage.wakeAgent()
  await ends(stage, taskId)
  const task = await reportTask(stack.client, page, taskId)
  demand(task.execution_mode === 'http_pull' && task.agent_id === AGENT, 'road 2 was pulled by the agent')
  demand(task.status === 'succeeded', 'road 2 succeeded')
}

/** Road 3: nobody offers what the tasks require; a coordinator decides. */
export async function playAssignedRoad(stage: Stage): Promise<void> {
  const { page, stack } = stage
  page.heading('Road 3 · A coordinator decides by hand')
  page.paragraph(
    'Two issues of acme/handbook require “good-writer”, which nobody offers. The coordinator assigns one to the agent and one ' +
      'to the host, without naming a track: it follows from whom the task is assigned to.',
  )
  const forAgent = await deliverTask(stage, issueDelivery('opened', HANDBOOK_ISSUE))
  const forHost = await deliverTask(
    stage,
    issueDelivery('opened', { ...HANDBOOK_ISSUE, number: 4, title: 'A typo in the first sentence' }),
  )

  page.paragraph('First some mistakes, and what the API says to them:')
  const assign = (taskId: string, body: { agent_id: string; execution_mode?: 'ssh_cli' | 'http_pull' }) => ({
    params: { task_id: taskId },
    body,
  })
  await isRefused(
    stage,
    'nobody of that name',
    ROUTES.assignTask,
    assign(forAgent, { agent_id: 'bunch-agent' }),
  )
  await isRefused(stage, 'no such task', ROUTES.assignTask, assign(randomUUID(), { agent_id: AGENT }))
  await isRefused(
    stage,
    'the wrong track',
    ROUTES.assignTask,
    assign(forAgent, { agent_id: AGENT, execution_mode: 'ssh_cli' }),
  )

  page.paragraph('Then the real thing:')
  for (const [taskId, agentId] of [
    [forAgent, AGENT],
    [forHost, HOST],
  ] as const) {
    const { body } = await stack.client.call(ROUTES.assignTask, assign(taskId, { agent_id: agentId }))
    page.item(
      'assign',
      `${shortId(taskId)} to ${agentId} → 200, the track is now ${body.execution_mode}`,
      'green',
    )
    await ends(stage, taskId)
  }
  for (const [taskId, agentId] of [
    [forAgent, AGENT],
    [forHost, HOST],
  ] as const) {
    page.paragraph(`The one for ${agentId}:`)
    const task = await reportTask(stack.client, page, taskId)
    demand(task.agent_id === agentId && task.status === 'succeeded', `${agentId} did what was assigned to it`)
  }
  page.paragraph('What has ended cannot be assigned any more:')
  await isRefused(stage, 'too late', ROUTES.assignTask, assign(forAgent, { agent_id: AGENT }))
}

/** Delivers what must become exactly one task. */
async function deliverTask({ stack, page }: Stage, delivery: ForgejoDelivery): Promise<string> {
  const answer = await deliver(stack.client.url, stack.webhookSecret, delivery)
  const [task] = answer.status === 202 ? answer.body.tasks : []
  if (answer.status !== 202 || answer.body.outcome !== 'created' || task === undefined) {
    throw new PlotError(`a delivery should have made a task, but was answered ${JSON.stringify(answer)}`)
  }
  page.item('forge', `→ 202 ${answer.body.outcome}: ${answer.body.reason}`)
  page.item('', `task ${task.id}`)
  return task.id
}

async function deliverNothing(
  { stack, page }: Stage,
  delivery: ForgejoDelivery,
  outcome: 'duplicate' | 'ignored',
): Promise<void> {
  const answer = await deliver(stack.client.url, stack.webhookSecret, delivery)
  if (answer.status !== 202 || answer.body.outcome !== outcome) {
    throw new PlotError(`a delivery should have been ${outcome}, but was answered ${JSON.stringify(answer)}`)
  }
  page.item('forge', `→ 202 ${outcome}: ${answer.body.reason}`, 'yellow')
}

async function isRefused<R extends Route>(
  { stack, page }: { stack: { client: Client }; page: Page },
  what: string,
  route: R,
  input: CallInput<R>,
): Promise<void> {
  try {
    await stack.client.call(route, input)
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error
    const { status, code, detail } = error.problem
    page.item('assign', `${what} → ${status} ${code}`, 'yellow')
    page.item('', detail)
    return
  }
  throw new PlotError(`${what} should have been refused`)
}

function happens({ feed }: Stage, taskId: string, name: string) {
  return feed.next(`task ${taskId} is ${name}`, ({ task_id: id, event }) => id === taskId && event === name)
}

async function ends({ feed, page, stack }: Stage, taskId: string): Promise<void> {
  const ended = ['succeeded', 'failed', 'cancelled']
  try {
    await feed.next(
      `task ${taskId} has ended`,
      ({ task_id: id, to_status: status }) => id === taskId && status !== null && ended.includes(status),
    )
  } catch (error) {
    if (error instanceof WaitedInVainError) await reportTask(stack.client, page, taskId)
    throw error
  }
}

function demand(condition: boolean, what: string): void {
  if (!condition) throw new PlotError(`it was not so that ${what}: see above`)
}

function shortId(taskId: string): string {
  return `task …${taskId.slice(-6)}`
}
