import { setTimeout as delay } from 'node:timers/promises'
import type { Task, TaskEvent } from '@switchyard/contract'
import type { Static } from '@switchyard/platform'
import { ApiClient } from './api-client.ts'
import { contradictions, runsByTask } from './proof.ts'
import { runPullingAgent } from './pulling-agent.ts'
import { promptOf, type RunLine } from './run-line.ts'
import { DISPATCHERS, HOSTS, type Stack } from './stack.ts'

const MODES = ['undecided', 'ssh_cli', 'http_pull'] as const
const AGENTS = ['puller-a', 'puller-b']
const WORKERS_PER_AGENT = 3
const SLOTS_PER_HOST = 6
/** stop_grace_period of docker-compose.yml. */
const STOP_SECONDS = 35

type Mode = (typeof MODES)[number]
type Event = Static<typeof TaskEvent>

/** What the check does to a running stack, step by step. Each step throws when what it saw contradicts what was promised. */
export class Scenario {
  readonly #stack: Stack
  readonly #admin: ApiClient
  readonly #signal: AbortSignal
  readonly #agentLines: RunLine[] = []
  #failure: unknown = null

  private constructor(stack: Stack, signal: AbortSignal) {
    this.#stack = stack
    this.#signal = signal
    this.#admin = new ApiClient(() => stack.url, stack.adminToken, signal)
  }

  /** Registers two pulling agents, which begin to pull, and two hosts. */
  static async begin(stack: Stack, signal: AbortSignal): Promise<Scenario> {
    const scenario = new Scenario(stack, signal)
    for (const id of HOSTS) await scenario.#registerHost(id)
    for (const id of AGENTS) await scenario.#startAgent(id)
    return scenario
  }

  /** 300 short tasks of all modes: each is executed once, and every dispatcher takes part. */
  async calm(): Promise<void> {
    const start = performance.now()
    const tasks = await this.#create('calm', 300, (index) => ({
      mode: MODES[index % 3],
      prompt: promptOf(100),
    }))
    const ended = await this.#untilEnded(tasks)
    const seconds = (performance.now() - start) / 1000
    const { events } = await this.#prove(ended, { interrupted: false })
    const claimers = new Set(
      events
        .filter(({ event, execution_mode: mode }) => event === 'claim' && mode === 'ssh_cli')
        .map(({ actor }) => actor),
    )
    if (claimers.size !== DISPATCHERS) throw new Error(`only ${[...claimers].join(', ')} claimed tasks`)
    console.log(
      `calm: ${ended.length} tasks ended in ${seconds.toFixed(1)} s, each executed once; ${DISPATCHERS} dispatchers took part`,
    )
    for (const [name, count] of tally(ended)) console.log(`  ${name}: ${count}`)
  }

  /** PostgreSQL restarts while tasks run: no service ends, and no task is lost or executed twice. */
  async postgresRestart(): Promise<void> {
    const before = await this.#services()
    const tasks = await this.#create('restart', 60, (index) => ({
      mode: MODES[index % 3],
      prompt: promptOf(700),
    }))
    await this.#until(async () => (await this.#running(tasks)) >= 6)
    await this.#stack.restartPostgres()
    const ended = await this.#untilEnded(tasks)
    const { runs } = await this.#prove(ended, { interrupted: true })
    const after = await this.#services()
    if (JSON.stringify(after) !== JSON.stringify(before))
      throw new Error('a service did not survive the restart')
    console.log(
      `postgres restarted: ${ended.length} tasks ended, executed to the end once each (${runs} runs); no service ended`,
    )
  }

  /** A stop while tasks run: commands on hosts go on, and are followed to their end after the next start. */
  async stop(): Promise<void> {
    const short = await this.#create('short', 6, () => ({ mode: 'ssh_cli', prompt: promptOf(6_000) }))
    const long = await this.#create('long', 6, () => ({ mode: 'ssh_cli', prompt: promptOf(40_000) }))
    const pulled = await this.#create('pulled', 6, () => ({ mode: 'http_pull', prompt: promptOf(3_000) }))
    const all = [...short, ...long, ...pulled]
    await this.#until(async () => (await this.#running(all)) === all.length)
    const seconds = await this.#stack.stop()
    const lines = await this.#stack.hostLines()
    const unclean = (await this.#services()).filter(({ running, exitCode }) => running || exitCode !== 0)
    if (unclean.length > 0) throw new Error(`not an orderly end: ${JSON.stringify(unclean)}`)
    if (seconds > STOP_SECONDS) throw new Error(`the stop took ${seconds} s`)
    const at = (what: RunLine['what'], ids: readonly string[]): number =>
      lines.filter((line) => line.what === what && ids.includes(line.task)).length
    if (at('stopped', [...short, ...long]) !== 0) throw new Error('a command was stopped with its dispatcher')
    if (at('finished', long) !== 0)
      throw new Error('the long tasks did not outlive the stop: it took too long')

    await this.#stack.up(this.#signal)
    const ended = await this.#untilEnded(all)
    const { events } = await this.#prove(ended, { interrupted: true })
    const adopted = new Set(events.filter(({ event }) => event === 'adopt').map(({ task_id: id }) => id))
    if (!long.every((id) => adopted.has(id))) throw new Error('a long task was not adopted')
    const pushed = ended.filter(({ execution_mode: mode }) => mode === 'ssh_cli')
    if (pushed.some(({ attempt }) => attempt !== 1)) throw new Error('a command was started again')
    console.log(
      `stopped in ${seconds.toFixed(1)} s, every service with exit code 0: ${short.length + long.length} commands went on on their hosts, ` +
        `and were followed to their end after the next start, ${pulled.length} were with pulling agents, which reported afterwards`,
    )
  }

  end(): void {
    console.log('No task was lost, none was executed twice.')
  }

  async #registerHost(id: string): Promise<void> {
    await this.#until(async () => (await this.#stack.hostFacts(id)) !== null)
    const facts = await this.#stack.hostFacts(id)
    await this.#admin.call('PUT', `/hosts/${id}`, {
      ...facts,
      private_key_path: `/config/${id}.key`,
      max_concurrent: SLOTS_PER_HOST,
      command: ['node', '/app/tests/compose/recorded-run.process.ts'],
      env: { RECORD_FILE: `/check/${id}.jsonl` },
    })
  }

  async #startAgent(id: string): Promise<void> {
    const { body } = await this.#admin.call('POST', '/agents', { id })
    const client = new ApiClient(() => this.#stack.url, (body as { token: string }).token, this.#signal)
    const agent = runPullingAgent(id, client, WORKERS_PER_AGENT, (line) => this.#agentLines.push(line))
    // It ends when the check does; until then whatever it throws is a finding.
    agent.catch((error: unknown) => {
      if (!this.#signal.aborted) this.#failure = error
    })
  }

  async #create(
    name: string,
    count: number,
    kind: (index: number) => { mode: Mode | undefined; prompt: string },
  ): Promise<string[]> {
    const ids: string[] = []
    for (let index = 0; index < count; index += 1) {
      const { mode, prompt } = kind(index)
      const body = { title: `${name} ${index}`, prompt, execution_mode: mode }
      const answer = await this.#admin.call('POST', '/tasks', body)
      ids.push((answer.body as Task).id)
    }
    return ids
  }

  async #task(id: string): Promise<Task> {
    return (await this.#admin.call('GET', `/tasks/${id}`)).body as Task
  }

  async #running(ids: readonly string[]): Promise<number> {
    const lines = await this.#lines()
    return new Set(lines.filter(({ task }) => ids.includes(task)).map(({ task }) => task)).size
  }

  async #untilEnded(ids: readonly string[]): Promise<Task[]> {
    const ended = new Map<string, Task>()
    await this.#until(async () => {
      for (const id of ids) {
        if (ended.has(id)) continue
        const task = await this.#task(id)
        if (task.finished_at === null) return false
        ended.set(id, task)
      }
      return true
    })
    return [...ended.values()]
  }

  /** Compares what the system says about these tasks with what was executed. Throws with every contradiction. */
  async #prove(
    tasks: readonly Task[],
    options: { interrupted: boolean },
  ): Promise<{ events: Event[]; runs: number }> {
    const runs = runsByTask(await this.#lines())
    const found: string[] = []
    const all: Event[] = []
    let count = 0
    for (const task of tasks) {
      const { events } = (await this.#admin.call('GET', `/tasks/${task.id}/events`)).body as {
        events: Event[]
      }
      const own = runs.get(task.id) ?? []
      found.push(...contradictions(task, events, own, options))
      all.push(...events)
      count += own.length
    }
    if (found.length > 0) throw new Error(`${found.length} contradictions:\n${found.join('\n')}`)
    return { events: all, runs: count }
  }

  async #lines(): Promise<RunLine[]> {
    return [...this.#agentLines, ...(await this.#stack.hostLines())]
  }

  async #services(): Promise<{ name: string; running: boolean; exitCode: number; startedAt: string }[]> {
    const containers = await this.#stack.containers()
    return containers
      .filter(({ service }) => service === 'api' || service === 'dispatcher')
      .map(({ name, running, exitCode, startedAt }) => ({ name, running, exitCode, startedAt }))
      .sort((left, right) => left.name.localeCompare(right.name))
  }

  async #until(reached: () => Promise<boolean>): Promise<void> {
    while (!(await reached())) {
      if (this.#failure !== null) throw new Error('a pulling agent failed', { cause: this.#failure })
      await delay(100, undefined, { signal: this.#signal })
    }
  }
}

/** How many tasks went which way, by whom they were executed. */
function tally(tasks: readonly Task[]): [string, number][] {
  const counts = new Map<string, number>()
  for (const { requested_mode: requested, execution_mode: mode, agent_id: agent } of tasks) {
    const way = `${requested}${requested === mode ? '' : ` → ${mode}`}, executed by ${agent ?? 'nobody'}`
    counts.set(way, (counts.get(way) ?? 0) + 1)
  }
  return [...counts].sort(([left], [right]) => left.localeCompare(right))
}
