import { rounded, summarise } from '../../statistics.ts'
import type { Measure, Outcome } from '../measure.ts'
import { createProcessorCosts, limitText } from '../processor-costs.ts'
import { profileApi } from '../profile-api.ts'
import { ONE_AT_A_TIME, startPeer } from '../peers.ts'
import { rateOf } from '../rates.ts'
import { sampleAnswers } from '../sample-answers.ts'
import { AGENTS, bareTable, expressNoOp, otherQueue, supplied, switchyard } from '../contenders.ts'
import type { Sizes } from '../sizes.ts'
import type { Stage } from '../stage.ts'

export const pairs: Measure = {
  name: 'pairs',
  title: 'Tasks per second',
  about: `A task is taken and completed: two requests, one task each. ${AGENTS} agents over HTTP, each on a connection of its own, one pair after the other. Beside them, in turns: an Express app that answers the same two requests with the same bodies and does nothing, under the same generator, on the server that Switchyard has made for Express and on Express's own; pg-boss and graphile-worker in a process of their own without HTTP; and a bare table with one statement to take a row and one to end it, the limit of PostgreSQL itself. Then the processor time that a task takes, by whose it is, and where the API's goes, from a profile of a run of its own.`,
  run,
}

async function run(stage: Stage, sizes: Sizes): Promise<Outcome> {
  const generator = await stage.child('load')
  const ours = await switchyard(stage, generator)
  const answers = await sampleAnswers(ours.api)
  const noOp = await expressNoOp(stage, generator, { answers, on: 'our server' })
  const asItComes = await expressNoOp(stage, generator, { answers, on: 'its own server' })
  const bare = await bareTable(stage)
  const contenders = [ours, noOp, asItComes, bare]
  for (const kind of sizes.peers) contenders.push(otherQueue(await startPeer(stage, kind)))
  const takers = contenders.map((contender) => ({
    name: contender.name,
    supply: supplied(contender),
    rates: [] as number[],
    costs: createProcessorCosts(contender.name, contender.processes ?? {}),
  }))
  for (let round = 1; round <= sizes.rounds; round++) {
    for (const { name, supply, rates, costs } of takers) {
      stage.tell(`${name}, run ${round} of ${sizes.rounds}`)
      const seconds = sizes.warmUpSeconds + sizes.runSeconds
      await supply.prepare(seconds)
      const timeline = await costs.watch(() => supply.work(seconds))
      rates.push(rateOf(timeline, sizes.warmUpSeconds))
    }
  }
  const profile = await profileApi(stage, sizes, async (flags) => {
    const profiled = await switchyard(stage, generator, flags)
    const supply = supplied(profiled)
    await supply.prepare(sizes.warmUpSeconds + sizes.runSeconds)
    return { api: profiled.api, work: (seconds) => supply.work(seconds) }
  })
  const figures = takers.map(({ name, rates }) => ({ name, unit: 'tasks/s', summary: summarise(rates) }))
  const costs = takers.flatMap((taker) => taker.costs.figures())
  const median = (name: string): number =>
    figures.find((figure) => figure.name === name)?.summary.median ?? Number.NaN
  return {
    figures: [...figures, ...costs, ...profile],
    targets: [
      ...figures
        .filter(({ name }) => name === ONE_AT_A_TIME)
        .map(({ summary }) => ({
          name: 'Switchyard over HTTP ÷ pg-boss in process, one at a time',
          value: rounded(median(ours.name) / summary.median),
          unit: '',
          bound: { atLeast: 4 },
        })),
      {
        name: 'Switchyard ÷ Express that does nothing, the same two requests',
        value: rounded(median(ours.name) / median(noOp.name)),
        unit: '',
        bound: { atLeast: 0.6 },
      },
    ],
    remarks: [
      `The target is against the faster Express. Of Express on its own server, Switchyard does ${rounded(median(ours.name) / median(asItComes.name))}.`,
      `Switchyard does ${rounded(median(ours.name) / median(bare.name))} of what the bare table does.`,
      limitText(takers[0]?.costs.sum() ?? NaN, median(noOp.name)),
    ],
  }
}
