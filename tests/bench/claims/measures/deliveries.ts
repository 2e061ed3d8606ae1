import { issueDelivery } from '../../../../demo/deliveries.ts'
import type { Child } from '../../child-process.ts'
import { rounded, summarise } from '../../statistics.ts'
import { ISSUE_MARK, type DeliveriesRequest, type DeliveriesResult } from '../load/deliveries.ts'
import type { Measure, Outcome } from '../measure.ts'
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
}

export const deliveries: Measure = {
  name: 'deliveries',
  title: 'Deliveries per second',
  about: `Signed deliveries of ${BODY_BYTES} bytes over ${CONNECTIONS} connections, each about another issue: of issues that become tasks, and of issues that no rule wants, which are stored all the same. Beside them, in turns, an Express app that reads the same body and answers the same.`,
  run,
}

async function run(stage: Stage, sizes: Sizes): Promise<Outcome> {
  const api = await stage.api(await stage.database())
  const noOp = await stage.child('no-op')
  const noOpUrl = (await noOp.call('listen', await sampleAnswers(api))) as string
  const generator = await stage.child('load')
  const wanted = paddedDelivery(['agent'])
  const sides: readonly Side[] = [
    { name: 'become tasks', url: api.url, template: wanted },
    { name: 'are stored only', url: api.url, template: paddedDelivery([]) },
    { name: 'Express that reads the body', url: noOpUrl, template: wanted },
  ]
  const rates = new Map<string, number[]>()
  const issue = { next: FIRST_ISSUE }
  for (let round = 1; round <= sizes.rounds; round++) {
    for (const side of sides) {
      stage.tell(`${side.name}, run ${round} of ${sizes.rounds}`)
      const rate = await deliverTo(generator, side, api.webhookSecret, issue, sizes)
      rates.set(side.name, [...(rates.get(side.name) ?? []), rate])
    }
  }
  const median = (name: string): number => summarise(rates.get(name) ?? []).median
  const [tasks, stored, express] = sides.map(({ name }) => median(name)) as [number, number, number]
  return {
    figures: [...rates].map(([name, values]) => ({ name, unit: 'deliveries/s', summary: summarise(values) })),
    targets: [
      {
        name: 'deliveries that become tasks ÷ Express that reads the body',
        value: rounded(tasks / express),
        unit: '',
        bound: { atLeast: 0.5 },
      },
    ],
    remarks: [`Deliveries that are stored only: × ${rounded(stored / express)} of Express.`],
  }
}

async function deliverTo(
  generator: Child,
  { url, template }: Side,
  secret: string,
  issue: { next: number },
  { warmUpSeconds, runSeconds }: Sizes,
): Promise<number> {
  const request: DeliveriesRequest = {
    url,
    path: PATH,
    secret,
    template,
    firstIssue: issue.next,
    connections: CONNECTIONS,
    seconds: warmUpSeconds + runSeconds,
  }
  const { timeline, nextIssue } = (await generator.call('deliverWebhooks', request)) as DeliveriesResult
  issue.next = nextIssue
  return rateOf(timeline, warmUpSeconds)
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
