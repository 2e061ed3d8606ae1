import { issueDelivery } from '../../../../demo/deliveries.ts'
import type { Child } from '../../child-process.ts'
import { rounded, summarise } from '../../statistics.ts'
import { ISSUE_MARK, type DeliveriesRequest, type DeliveriesResult } from '../load/deliveries.ts'
import type { NoOpRequest } from '../load/no-op.process.ts'
import type { Timeline } from '../load/timeline.ts'
import type { Measure, Outcome } from '../measure.ts'
import { startNoOp } from '../no-op.ts'
import { createProcessorCosts, limitText, type ProcessorCosts } from '../processor-costs.ts'
import { processesBehind, processesBehindExpress, type Processes } from '../processor-time.ts'
import { profileApi } from '../profile-api.ts'
import { rateOf } from '../rates.ts'
import { sampleAnswers } from '../sample-answers.ts'
import type { Sizes } from '../sizes.ts'
import type { Stage } from '../stage.ts'

const PATH = '/api/v1/webhooks/forgejo'
const CONNECTIONS = 64
const BODY_BYTES = 10_240
const FIRST_ISSUE = 100_000_000

/** Each side has a name, a place, and the body that it gets. */
interface Side {
  readonly name: string
  readonly url: string
  readonly template: string
  readonly costs: ProcessorCosts
}

export const deliveries: Measure = {
  name: 'deliveries',
  title: 'Deliveries per second',
  about: `Signed deliveries of ${BODY_BYTES} bytes over ${CONNECTIONS} connections, each about another issue: of issues that become tasks, and of issues that no rule wants, which are stored all the same. Beside them, in turns, an Express app that reads the same body and answers the same, on the server that Switchyard has made for Express and on Express's own. Then the processor time that a delivery takes, by whose it is, and where the API's goes, from a profile of a run of its own.`,
  run,
}

async function run(stage: Stage, sizes: Sizes): Promise<Outcome> {
  const api = await stage.api(await stage.database())
  const answers = await sampleAnswers(api)
  const generator = await stage.child('load')
  const wanted = paddedDelivery(['agent'])
  const ours = processesBehind(stage.server, api, generator)
  const express = async (on: NoOpRequest['on']): Promise<Side> => {
    const noOp = await startNoOp(stage, { answers, on })
    const processes = processesBehindExpress(noOp, generator)
    return side(`Express that reads the body, on ${on}`, noOp.url, wanted, processes)
  }
  const side = (name: string, url: string, template: string, processes: Processes): Side => {
    return { name, url, template, costs: createProcessorCosts(name, processes) }
  }
  const sides: readonly Side[] = [
    side('become tasks', api.url, wanted, ours),
    side('are stored only', api.url, paddedDelivery([]), ours),
    await express('our server'),
    await express('its own server'),
  ]
  const rates = new Map<string, number[]>()
  const issue = { next: FIRST_ISSUE }
  for (let round = 1; round <= sizes.rounds; round++) {
    for (const { name, url, template, costs } of sides) {
      stage.tell(`${name}, run ${round} of ${sizes.rounds}`)
      const seconds = sizes.warmUpSeconds + sizes.runSeconds
      const timeline = await costs.watch(() =>
        deliverTo(generator, { url, template, secret: api.webhookSecret, seconds, issue }),
      )
      rates.set(name, [...(rates.get(name) ?? []), rateOf(timeline, sizes.warmUpSeconds)])
    }
  }
  const profile = await profileApi(stage, sizes, async (flags) => {
    const profiled = await stage.api(await stage.database(), flags)
    const { url, webhookSecret: secret } = profiled
    return {
      api: profiled,
      work: (seconds) => deliverTo(generator, { url, template: wanted, secret, seconds, issue }),
    }
  })
  const median = (name: string): number => summarise(rates.get(name) ?? []).median
  const [tasks, stored, noOp, asItComes] = sides.map(({ name }) => median(name)) as [
    number,
    number,
    number,
    number,
  ]
  return {
    figures: [
      ...[...rates].map(([name, values]) => ({ name, unit: 'deliveries/s', summary: summarise(values) })),
      ...sides.flatMap(({ costs }) => costs.figures()),
      ...profile,
    ],
    targets: [
      {
        name: 'deliveries that become tasks ÷ Express that reads the body',
        value: rounded(tasks / noOp),
        unit: '',
        bound: { atLeast: 0.5 },
      },
    ],
    remarks: [
      `Deliveries that are stored only: × ${rounded(stored / noOp)} of Express.`,
      `The target is against the faster Express. Of Express on its own server: × ${rounded(tasks / asItComes)} become tasks, × ${rounded(stored / asItComes)} are stored only.`,
      limitText(sides[0]?.costs.sum() ?? NaN, noOp),
    ],
  }
}

type Delivering = Pick<DeliveriesRequest, 'url' | 'template' | 'secret' | 'seconds'> & {
  /** The next issue that nobody has heard of. */
  readonly issue: { next: number }
}

async function deliverTo(generator: Child, { issue, ...delivering }: Delivering): Promise<Timeline> {
  const request: DeliveriesRequest = {
    ...delivering,
    path: PATH,
    firstIssue: issue.next,
    connections: CONNECTIONS,
  }
  const { timeline, nextIssue } = (await generator.call('deliverWebhooks', request)) as DeliveriesResult
  issue.next = nextIssue
  return timeline
}

/** As Forgejo sends it, its text as long as the whole must be. */
function paddedDelivery(labels: readonly string[]): string {
  const withText = (text: string): string =>
    JSON.stringify(
      issueDelivery('opened', {
        repository: 'acme/shop',
        number: Number(ISSUE_MARK),
        title: 'Greet the user',
        body: text,
        labels,
      }).payload,
    )
  return withText('x'.repeat(BODY_BYTES - withText('').length))
}
