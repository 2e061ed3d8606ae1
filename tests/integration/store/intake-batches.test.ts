import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import {
  createTask,
  createTasks,
  getDelivery,
  getTask,
  isPlain,
  listDeliveries,
  listTaskEvents,
  receiveDeliveries,
  receiveDelivery,
} from '@switchyard/store'
import type {
  DeliveryPlan,
  NewTask,
  PlainDelivery,
  PlannedDelivery,
  ReceivedDelivery,
} from '@switchyard/store'
import { createTestDatabase } from '../../support/database.ts'
import type { TestDatabase } from '../../support/database.ts'
import { at } from '../../support/fixed-clock.ts'
import { newTask } from '../../support/task-factory.ts'
import { until } from '../../support/until.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

describe('many tasks created at once', () => {
  it('are each in their place, and those whose keys are taken are left out', async () => {
    const idempotency = { key: randomUUID(), hash: 'hash' }
    await createTask(database.pool, newTask({ idempotency }))
    await createTask(database.pool, newTask({ dedupeKey: 'taken' }))
    await createTask(database.pool, newTask({ concurrencyKey: 'busy' }))
    const tasks = [
      newTask({ title: 'first' }),
      newTask({ idempotency }),
      newTask({ dedupeKey: 'taken' }),
      newTask({ title: 'behind another', concurrencyKey: 'busy' }),
      newTask({ title: 'later', runAt: at(60) }),
      newTask({ title: 'one of two', concurrencyKey: 'both' }),
      newTask({ title: 'the other', concurrencyKey: 'both' }),
      newTask({ title: 'last', requires: ['b', 'a', 'b'] }),
    ]
    const created = await createTasks(database.pool, tasks, at(0))
    expect(created.map((task) => task && [task.title, task.status])).toEqual([
      ['first', 'pending'],
      null,
      null,
      ['behind another', 'waiting'],
      ['later', 'scheduled'],
      ['one of two', 'pending'],
      null,
      ['last', 'pending'],
    ])
    const last = created.at(-1)!
    expect(last.requires).toEqual(['a', 'b'])
    const ids = created.flatMap((task) => (task === null ? [] : [task.id]))
    const { rows } = await database.pool.query<{ id: string }>(
      'select id from tasks where id = any($1) order by position',
      [ids],
    )
    expect(rows.map(({ id }) => id)).toEqual(ids)
    expect(await listTaskEvents(database.pool, last.id)).toMatchObject([
      { event: 'created', toStatus: 'pending', actor: 'coordinator', at: at(0) },
    ])
  })

  it('keep every text as it is', async () => {
    const texts = [
      '"quotes" \\ and \\u0041',
      '{"json": [1]}',
      'Größe 🚀\n\t\u0001',
      "'; drop table tasks; --",
      '',
    ]
    const created = await createTasks(
      database.pool,
      texts.map((prompt) => newTask({ prompt })),
    )
    const read = await Promise.all(created.map((task) => getTask(database.pool, task!.id)))
    expect(read.map((task) => task?.prompt)).toEqual(texts)
  })

  it('are told as they are read', async () => {
    const rich: Partial<NewTask> = {
      requestedMode: 'http_pull',
      modeReason: 'it was asked for',
      priority: 1,
      requires: ['b', 'a', 'b'],
      concurrencyKey: 'told as read',
      dedupeKey: 'told as read',
      maxAttempts: 7,
      rule: 'label',
      source: { ...newTask().source, kind: 'forgejo', repository: 'acme/shop', issue_number: 7 },
    }
    const created = await createTasks(
      database.pool,
      [newTask(rich), newTask({ runAt: at(9_000_000_000) }), newTask({ concurrencyKey: 'busy' })],
      null,
    )
    expect(created.map((task) => task?.status)).toEqual(['pending', 'scheduled', 'waiting'])
    const read = await Promise.all(created.map((task) => getTask(database.pool, task!.id)))
    expect(created).toStrictEqual(read)
  })

  it('are all or none', async () => {
    const title = randomUUID()
    const tasks = [newTask({ title }), newTask({ title, priority: 9 })]
    await expect(createTasks(database.pool, tasks)).rejects.toMatchObject({ code: '23514' })
    const { rows } = await database.pool.query('select 1 from tasks where title = $1', [title])
    expect(rows).toEqual([])
  })
})

function delivery(deliveryUuid: string | null, body = '{}'): ReceivedDelivery {
  return {
    deliveryUuid,
    forge: 'forgejo',
    event: 'issues',
    eventType: 'issues',
    action: 'opened',
    repository: 'acme/shop',
    sender: 'ada',
    headers: { 'x-forgejo-event': 'issues', 'user-agent': 'Go "http" \\ client' },
    body: Buffer.from(body, 'latin1'),
    subject: null,
  }
}

function wanting(dedupeKey: string): PlainDelivery['plan'] {
  return {
    kind: 'task',
    rule: 'label',
    cancelFirst: null,
    triggerLabels: null,
    task: newTask({ dedupeKey, concurrencyKey: dedupeKey }),
  }
}

const IGNORED: PlainDelivery['plan'] = { kind: 'ignored', reason: 'no rule matched' }

describe('many deliveries received at once', () => {
  it('are kept as they came, and those that meet something are left out', async () => {
    await receiveDelivery(database.pool, delivery('before'), IGNORED)
    await receiveDelivery(database.pool, delivery('its task is there'), wanting('object'))
    const planned: PlainDelivery[] = [
      { delivery: delivery('wanted', 'body \xff\x00 1'), plan: wanting('object 1') },
      { delivery: delivery('before'), plan: wanting('object 2') },
      { delivery: delivery('unwanted', ''), plan: IGNORED },
      { delivery: delivery('same object'), plan: wanting('object') },
      { delivery: delivery(null, 'no name 1'), plan: IGNORED },
      { delivery: delivery(null, 'no name 2'), plan: wanting('object 3') },
    ]
    const receipts = await receiveDeliveries(database.pool, planned, at(3))
    expect(receipts.map((receipt) => receipt?.outcome ?? null)).toEqual([
      'created',
      null,
      'ignored',
      null,
      'ignored',
      'created',
    ])
    for (const [index, receipt] of receipts.entries()) {
      if (receipt === null) continue
      const { outcome, reason, rule, taskIds } = receipt
      const { body, deliveryUuid, headers } = planned[index]!.delivery
      expect(await getDelivery(database.pool, receipt.deliveryId)).toMatchObject({
        body,
        deliveryUuid,
        headers,
        outcome,
        reason,
        rule,
        taskIds,
        receivedAt: at(3),
      })
      for (const id of taskIds)
        expect(await getTask(database.pool, id)).toMatchObject({
          status: 'pending',
          rule: 'label',
          source: { delivery_id: receipt.deliveryId },
        })
    }
    // Nothing is there of the task that the repeated delivery wanted.
    expect(await createTask(database.pool, newTask({ dedupeKey: 'object 2' }))).toMatchObject({
      kind: 'created',
    })
  })

  it('get the receipts that each would have got alone', async () => {
    const together = await receiveDeliveries(database.pool, [
      { delivery: delivery('a1'), plan: wanting('alike a') },
      { delivery: delivery('a2'), plan: IGNORED },
    ])
    const alone = [
      await receiveDelivery(database.pool, delivery('b1'), wanting('alike b')),
      await receiveDelivery(database.pool, delivery('b2'), IGNORED),
    ]
    const told = (receipts: readonly ({ outcome: string; reason: string; rule: string | null } | null)[]) =>
      receipts.map((receipt) => receipt && [receipt.outcome, receipt.reason, receipt.rule])
    expect(told(together)).toEqual(told(alone))
  })

  it('are all or none: the same one twice is for the caller to tell apart', async () => {
    const twice: PlainDelivery[] = [
      { delivery: delivery('twice'), plan: wanting('twice 1') },
      { delivery: delivery('twice'), plan: wanting('twice 2') },
    ]
    await expect(receiveDeliveries(database.pool, twice)).rejects.toThrow('at the same moment')
    const filter = { beforeId: null, outcome: null, repository: null, limit: 100 }
    const kept = await listDeliveries(database.pool, filter)
    expect(kept.filter(({ deliveryUuid }) => deliveryUuid === 'twice')).toEqual([])
    expect(await createTask(database.pool, newTask({ dedupeKey: 'twice 1' }))).toMatchObject({
      kind: 'created',
    })
  })
})

describe('many changes of labels received at once', () => {
  const change = (object: string, labels: readonly string[], plan: PlainDelivery['plan']): PlainDelivery => ({
    delivery: { ...delivery(randomUUID()), subject: { object, labels } },
    plan: plan.kind === 'task' ? { ...plan, triggerLabels: ['agent'] } : plan,
  })
  const outcomesOf = (receipts: readonly ({ outcome: string } | null)[]) =>
    receipts.map((receipt) => receipt?.outcome ?? null)
  const receiveAlone = ({ delivery, plan }: PlainDelivery) => receiveDelivery(database.pool, delivery, plan)

  it('are compared with what was known, and what is left out changes nothing', async () => {
    await receiveAlone(change('had it', ['Agent'], IGNORED))
    const receipts = await receiveDeliveries(database.pool, [
      change('had it', ['agent', 'bug'], wanting('had it')),
      change('is new', ['agent'], wanting('is new')),
      change('is new', [], IGNORED),
      change('has none', [], IGNORED),
    ])
    expect(outcomesOf(receipts)).toEqual([null, 'created', null, 'ignored'])
    const { rows } = await database.pool.query<{ object: string; labels: string[] }>(
      `select object, labels from forge_objects where object = any($1) order by object`,
      [['had it', 'is new', 'has none']],
    )
    expect(rows).toEqual([
      { object: 'had it', labels: ['Agent'] },
      { object: 'has none', labels: [] },
      { object: 'is new', labels: ['agent'] },
    ])
    const later = await receiveDeliveries(database.pool, [
      change('has none', ['bug', 'agent'], wanting('has none')),
      change('is new', ['agent', 'docs'], wanting('is new')),
    ])
    expect(outcomesOf(later)).toEqual(['created', null])
  })

  it('whose task is there already leave the labels to who finds out', async () => {
    await createTask(database.pool, newTask({ dedupeKey: 'taken by another' }))
    const taken = change('unknown yet', ['agent'], wanting('taken by another'))
    expect(outcomesOf(await receiveDeliveries(database.pool, [taken]))).toEqual([null])
    const { rows } = await database.pool.query(`select 1 from forge_objects where object = 'unknown yet'`)
    expect(rows).toEqual([])
    expect(await receiveAlone(taken)).toMatchObject({ outcome: 'duplicate' })
  })

  // Somebody has the one in the middle, so that each of them has got half-way when it goes on.
  it('of the same new objects in another order do not wait for one another in turn', async () => {
    const objects = ['one', 'two', 'three', 'four', 'five'].map((name) => `in order: ${name}`)
    const locker = await database.pool.connect()
    await locker.query('begin')
    await locker.query(`insert into forge_objects values ('in order: three', '{}', now())`)
    const received = [objects, objects.toReversed()].map((order) =>
      receiveDeliveries(
        database.pool,
        order.map((object) => change(object, ['agent'], IGNORED)),
      ),
    )
    await until('both wait', async () => {
      const { rows } = await database.pool.query(
        `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      )
      return rows.length === 2
    })
    await locker.query('rollback')
    locker.release()
    for (const receipts of await Promise.all(received))
      expect(outcomesOf(receipts)).toEqual(objects.map(() => 'ignored'))
  })
})

describe('a plain delivery', () => {
  const subject = { object: 'acme/shop#1', labels: [] }
  const cancel: DeliveryPlan = { kind: 'cancel', concurrencyKey: 'key', reason: 'closed' }
  const cancelFirst = { concurrencyKey: 'key', reason: 'closed' }
  it.each<[string, PlannedDelivery, boolean]>([
    ['is one that nothing is made of', { delivery: delivery('1'), plan: IGNORED }, true],
    ['is one that becomes a task', { delivery: delivery('1'), plan: wanting('x') }, true],
    ['may change labels', { delivery: { ...delivery('1'), subject }, plan: wanting('x') }, true],
    ['cancels nothing', { delivery: delivery('1'), plan: cancel }, false],
    [
      'cancels nothing first',
      { delivery: delivery('1'), plan: { ...wanting('x'), cancelFirst } as DeliveryPlan },
      false,
    ],
  ])('%s', (_, planned, expected) => {
    expect(isPlain(planned)).toBe(expected)
  })
})
