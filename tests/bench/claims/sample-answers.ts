import { deliver, issueDelivery } from '../../../demo/deliveries.ts'
import type { ApiProcess } from './api-process.ts'
import { doOneTask } from './do-one-task.ts'
import type { NoOpAnswers } from './load/no-op.process.ts'

const ISSUE = {
  repository: 'acme/shop',
  number: 1,
  title: 'Greet the user',
  body: 'Please.',
  labels: ['agent'],
}

/** What the API really answers to a dequeue, to the completion of what it brought, and to a delivery. */
export async function sampleAnswers(api: ApiProcess): Promise<NoOpAnswers> {
  const { dequeue, complete } = await doOneTask(api, ['sample'])
  const delivered = await deliver(api.url, api.webhookSecret, issueDelivery('opened', ISSUE))
  return { dequeue, complete, delivery: delivered.body }
}
