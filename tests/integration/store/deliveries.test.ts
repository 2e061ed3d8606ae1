import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import {
  cancelTask,
  completeClaim,
  getDelivery,
  getTask,
  listDeliveries,
  receiveDelivery,
} from '@switchyard/store'
import type { DeliveryPlan, ReceivedDelivery } from '@switchyard/store'
import { createTestDatabase } from '../../support/database.ts'
import type { TestDatabase } from '../../support/database.ts'
import { at } from '../../support/fixed-clock.ts'
import { claimTask, newTask } from '../../support/task-factory.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

function delivery(
  deliveryUuid: string | null,
  subject: ReceivedDelivery['subject'] = null,
): ReceivedDelivery {
  return {
    deliveryUuid,
    forge: 'forgejo',
    event: 'issues',
    eventType: 'issue_label',
    action: 'label_updated',
    repository: 'acme/shop',
    sender: 'ada',
    headers: { 'x-forgejo-event': 'issues' },
    body: Buffer.from('{"a":"\u0000ü"}'),
    subject,
  }
}

function plan(object: string | null, triggerLabels: readonly string[] | null = null): DeliveryPlan {
  const task = newTask({ dedupeKey: object, concurrencyKey: object })
  return { kind: 'task', rule: 'label', cancelFirst: null, triggerLabels, task }
}

describe('a delivery', () => {
  it('is kept as it came, with what became of it', async () => {
    const received = delivery('kept')
    const receipt = await receiveDelivery(database.pool, received, plan('kept'), at(0))
    expect(receipt).toMatchObject({ outcome: 'created', reason: 'rule label matched', rule: 'label' })
    const kept = await getDelivery(database.pool, receipt.deliveryId)
    expect(kept).toMatchObject({
      forge: received.forge,
      deliveryUuid: 'kept',
      event: received.event,
      eventType: received.eventType,
      action: received.action,
      repository: received.repository,
      sender: received.sender,
      headers: received.headers,
      body: received.body,
      outcome: 'created',
      taskIds: receipt.taskIds,
      receivedAt: at(0),
    })
    const task = await getTask(database.pool, receipt.taskIds[0]!)
    expect(task).toMatchObject({
      status: 'pending',
      rule: 'label',
      source: { delivery_id: receipt.deliveryId },
    })
    const listed = await listDeliveries(database.pool, {
      beforeId: null,
      outcome: 'created',
      repository: 'acme/shop',
      limit: 10,
    })
    expect(listed.map(({ id }) => id)).toEqual([receipt.deliveryId])
  })

  it('has its effect once when the same one comes many times at once', async () => {
    for (const object of ['at-once', null]) {
      const uuid = `at-once-${object}`
      const receipts = await Promise.all(
        Array.from({ length: 6 }, () => receiveDelivery(database.pool, delivery(uuid), plan(object))),
      )
      expect(receipts.map(({ outcome }) => outcome).sort()).toEqual([
        'created',
        ...Array<string>(5).fill('duplicate'),
      ])
      expect(new Set(receipts.flatMap(({ taskIds }) => taskIds)).size).toBe(1)
      const first = receipts.find(({ outcome }) => outcome === 'created')
      for (const receipt of receipts.filter(({ outcome }) => outcome === 'duplicate'))
        expect(receipt.reason).toContain(first!.deliveryId)
    }
  })

  it('about an object whose task has not ended is a duplicate that names the task', async () => {
    const first = await receiveDelivery(database.pool, delivery('object-1'), plan('object'))
    const second = await receiveDelivery(database.pool, delivery('object-2'), plan('object'))
    expect(second).toMatchObject({ outcome: 'duplicate', taskIds: first.taskIds })
    expect(second.reason).toContain(first.taskIds[0])
    const held = await claimTask(database.pool, (await getTask(database.pool, first.taskIds[0]!))!)
    await completeClaim(database.pool, held, { result: {}, actor: 'agent' })
    // The same delivery again has had its effect, which was none; a new one about the same object has another.
    expect(await receiveDelivery(database.pool, delivery('object-2'), plan('object'))).toMatchObject({
      outcome: 'duplicate',
    })
    expect(await receiveDelivery(database.pool, delivery('object-3'), plan('object'))).toMatchObject({
      outcome: 'created',
    })
  })

  it('without a UUID is never a repetition', async () => {
    expect(await receiveDelivery(database.pool, delivery(null), plan(null))).toMatchObject({
      outcome: 'created',
    })
    expect(await receiveDelivery(database.pool, delivery(null), plan(null))).toMatchObject({
      outcome: 'created',
    })
  })

  it('that closes the issue cancels what is unfinished about it', async () => {
    const created = await receiveDelivery(database.pool, delivery('open'), plan('closed'))
    const cancel: DeliveryPlan = { kind: 'cancel', concurrencyKey: 'closed', reason: 'the issue was closed' }
    const receipt = await receiveDelivery(database.pool, delivery('close'), cancel, at(5))
    expect(receipt).toMatchObject({
      outcome: 'ignored',
      taskIds: created.taskIds,
      reason: 'the issue was closed: cancelled 1 unfinished task(s)',
    })
    expect(await getTask(database.pool, created.taskIds[0]!)).toMatchObject({
      status: 'cancelled',
      cancelReason: 'the issue was closed',
    })
    expect(await receiveDelivery(database.pool, delivery('close-again'), cancel)).toMatchObject({
      outcome: 'ignored',
      taskIds: [],
    })
  })

  it('that nothing is made of is kept with the reason', async () => {
    const receipt = await receiveDelivery(database.pool, delivery('ignored'), {
      kind: 'ignored',
      reason: 'no rule matched',
    })
    expect(receipt).toMatchObject({ outcome: 'ignored', reason: 'no rule matched', rule: null, taskIds: [] })
  })
})

describe('a change of labels on a forge that does not say which', () => {
  const receive = (uuid: string, labels: readonly string[], triggerLabels: readonly string[] | null) =>
    receiveDelivery(
      database.pool,
      delivery(uuid, { object: 'labelled', labels }),
      plan('labelled', triggerLabels),
    )

  it('makes a task for the label once, until it goes and comes again', async () => {
    const first = await receive('labels-1', ['Agent'], ['Agent'])
    expect(first.outcome).toBe('created')
    const meanwhile = await receive('labels-2', ['agent', 'bug'], ['agent'])
    expect(meanwhile).toMatchObject({ outcome: 'duplicate', taskIds: first.taskIds })
    await cancelTask(database.pool, first.taskIds[0]!, { reason: 'enough', actor: 'test' })

    const afterwards = await receive('labels-3', ['agent', 'docs'], ['agent'])
    expect(afterwards).toMatchObject({ outcome: 'ignored', rule: 'label', taskIds: [] })
    expect(afterwards.reason).toContain('the label “agent” was there before this change')

    await receive('labels-4', ['docs'], [])
    const again = await receive('labels-5', ['docs', 'agent'], ['agent'])
    expect(again.outcome).toBe('created')
  })
})
