import { deliver, issueDelivery } from '../../../demo/deliveries.ts'
import { doOneTask } from './do-one-task.ts'
import type { NoOpAnswers } from './load/no-op.process.ts'
import type { Stage } from './stage.ts'

const ISSUE = {
  repository: 'acme/shop',
  number: 1,
  title: 'Greet the user',
  body: 'Please.',
  labels: ['agent'],
}

/** What the API really answers to a dequeue, to the completion of what it brought, and to a delivery. */
export async function sampleAnswers(stage: Stage): Promise<NoOpAnswers> {
  const api = await stage.api(await stage.database())
  const { dequeue, complete } = await doOneTask(api, ['linux'])
  const delivered = await deliver(api.url, api.webhookSecret, issueDelivery('opened', ISSUE))
  await api.stop()
  return { dequeue, complete, delivery: delivered.body }
}
