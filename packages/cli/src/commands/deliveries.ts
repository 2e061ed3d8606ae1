import { Command, Option } from '@commander-js/extra-typings'
import type { Delivery, DeliveryDetail } from '@switchyard/client'
import { indented, listFacts } from '../output/facts.ts'
import type { Output } from '../output/output.ts'
import { ageOf, instant } from '../output/time.ts'
import { withSession } from '../session.ts'
import type { World } from '../world.ts'
import { withExamples } from './examples.ts'
import { DEFAULT_LIST_LENGTH, wholeNumber } from './option-values.ts'
import { readPages } from './pages.ts'

const OUTCOMES = ['created', 'duplicate', 'ignored'] as const

/** `switchyard deliveries …` */
export function deliveriesCommand(world: World) {
  return new Command('deliveries')
    .description('Look at what the forge delivered, and what came of it.')
    .addCommand(listDeliveries(world))
    .addCommand(showDelivery(world))
}

function listDeliveries(world: World) {
  const command = new Command('list')
    .alias('ls')
    .description('List deliveries, newest first.')
    .addOption(new Option('--outcome <outcome>', 'only those with this outcome').choices(OUTCOMES))
    .option('--repository <name>', 'only those of a repository: acme/shop')
    .option('--limit <number>', 'so many at most', wholeNumber(1), DEFAULT_LIST_LENGTH)
    .option('--all', 'all of them')
    .action((options) =>
      withSession(world, command, async ({ api, out }) => {
        const { outcome, repository } = options
        await readPages(
          out,
          options,
          (page) => api.listDeliveries({ outcome, repository, ...page }),
          ({ deliveries }) => renderDeliveries(deliveries, out, world.now()),
        )
      }),
    )
  return withExamples(command, 'deliveries list', 'deliveries list --outcome ignored --repository acme/shop')
}

function renderDeliveries(deliveries: readonly Delivery[], out: Output, now: number): string {
  if (deliveries.length === 0) return 'No deliveries.\n'
  const colours = { created: out.style.green, duplicate: out.style.yellow, ignored: out.style.dim }
  return out.table(
    [
      { title: 'ID', value: ({ id }) => id },
      { title: 'AGE', value: (delivery) => ageOf(delivery.received_at, now), align: 'right', spare: 1 },
      {
        title: 'OUTCOME',
        value: ({ outcome }) => outcome,
        style: (text, { outcome }) => colours[outcome](text),
      },
      { title: 'EVENT', value: eventOf },
      { title: 'REPOSITORY', value: ({ repository }) => repository ?? '-', spare: 2 },
      { title: 'RULE', value: ({ rule }) => rule ?? '-', spare: 3 },
      { title: 'WHY', value: ({ reason }) => reason, flexible: true },
    ],
    deliveries,
  )
}

function eventOf({ event, action }: Delivery): string {
  return action === null ? event : `${event} ${action}`
}

function showDelivery(world: World) {
  const command = new Command('show')
    .description('Show a delivery with its headers and its body.')
    .argument('<delivery>', 'its id')
    .action((id) =>
      withSession(world, command, async ({ api, out }) => {
        const delivery = await api.getDelivery({ delivery_id: id })
        out.show(delivery, () => describeDelivery(delivery, out, world.now()))
      }),
    )
  return withExamples(command, 'deliveries show 0199c2f4-8a51-7c3e-9a0b-5d1f4e6a7b8c')
}

function describeDelivery(delivery: DeliveryDetail, { style }: Output, now: number): string {
  const facts = [
    { name: 'from', value: delivery.forge },
    { name: 'event', value: eventOf(delivery) },
    { name: 'repository', value: delivery.repository },
    { name: 'sender', value: delivery.sender },
    { name: 'received', value: instant(delivery.received_at, now) },
    { name: 'outcome', value: delivery.outcome },
    { name: 'why', value: delivery.reason },
    { name: 'rule', value: delivery.rule },
    { name: 'tasks', value: delivery.task_ids.join(', ') },
  ]
  const headers = Object.entries(delivery.headers).map(([name, value]) => `${name}: ${value}`)
  return [
    `${style.bold(delivery.id)}\n${listFacts(facts, style)}`,
    `${style.bold('Headers')}\n${indented(headers.join('\n'))}`,
    `${style.bold('Body')}\n${indented(prettyJson(delivery.body))}`,
  ].join('\n')
}

function prettyJson(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2)
  } catch {
    return body
  }
}
