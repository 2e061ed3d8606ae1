import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { dequeue, postAgent, startTestApi } from '../../support/api.ts'
import type { Body, WireTask } from '../../support/api.ts'
import { until } from '../../support/until.ts'
import { useTestApi } from '../../support/use-test-api.ts'
import {
  labelled,
  newIssue,
  REPOSITORY,
  WEBHOOK_CONFIG,
  webhooksOf,
} from '../../support/webhook-deliveries.ts'

const stack = useTestApi({ config: WEBHOOK_CONFIG })
const { api } = stack
const { deliver, taskOf } = webhooksOf(stack)

describe('a delivery that a rule wants', () => {
  it.each(['forgejo', 'gitea'] as const)('from %s becomes an undecided task', async (forge) => {
    const issue = newIssue()
    const answer = await deliver(labelled(issue), { forge })
    expect(answer.status).toBe(202)
    expect(answer.body).toMatchObject({ outcome: 'created', reason: 'rule label-agent matched' })
    expect(await taskOf(answer)).toMatchObject({
      title: issue['title'],
      status: 'pending',
      execution_mode: 'undecided',
      requested_mode: 'undecided',
      concurrency_key: `git.example.test/acme/shop#${String(issue['number'])}`,
      source: {
        kind: forge,
        repository: 'acme/shop',
        issue_number: issue['number'],
        url: issue['html_url'],
        event: 'issues',
        action: 'label_updated',
        sender: 'trillian',
        delivery_id: answer.body['delivery_id'],
      },
    })
  })

  it('may be a comment that begins with /agent', async () => {
    const comment = { body: '/agent add a test', user: { login: 'zaphod' } }
    const payload = { ...labelled(newIssue({ labels: [] }), 'created'), comment }
    const task = await taskOf(await deliver(payload, { event: 'issue_comment' }))
    expect(task.prompt).toContain('add a test')
  })

  it('may be an assignment to the bot', async () => {
    const payload = labelled(newIssue({ labels: [], assignees: [{ login: 'Marvin' }] }), 'assigned')
    expect((await deliver(payload)).body).toMatchObject({
      outcome: 'created',
      reason: 'rule assigned-to-bot matched',
    })
  })
})

describe('duplicates', () => {
  it('by UUID name the task and the first delivery', async () => {
    const [uuid, payload] = [randomUUID(), labelled(newIssue())]
    const first = await deliver(payload, { uuid })
    const second = await deliver(payload, { uuid })
    expect(second.status).toBe(202)
    expect(second.body).toMatchObject({ outcome: 'duplicate', tasks: first.body['tasks'] })
    expect(second.body['reason']).toContain(first.body['delivery_id'])
  })

  it('by UUID, twenty at once, make one task', async () => {
    const [uuid, payload] = [randomUUID(), labelled(newIssue())]
    const answers = await Promise.all(Array.from({ length: 20 }, () => deliver(payload, { uuid })))
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(202))
    const outcomes = answers.map(({ body }) => body['outcome'])
    expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(1)
    expect(outcomes.filter((outcome) => outcome === 'duplicate')).toHaveLength(19)
    expect(new Set(answers.map(({ body }) => JSON.stringify(body['tasks']))).size).toBe(1)
  })

  it('by meaning, ten at once and one later, name the task that has not ended', async () => {
    const issue = newIssue()
    const answers = await Promise.all(Array.from({ length: 10 }, () => deliver(labelled(issue))))
    answers.push(await deliver(labelled({ ...issue, title: 'renamed' }, 'reopened')))
    expect(answers.filter(({ body }) => body['outcome'] === 'created')).toHaveLength(1)
    const ids = new Set(answers.map(({ body }) => (body['tasks'] as { id: string }[])[0]?.id))
    expect(ids.size).toBe(1)
    expect(answers.at(-1)?.body['reason']).toContain([...ids][0])
  })

  it('are none once the task has ended and the label came again', async () => {
    const issue = newIssue()
    const first = await taskOf(await deliver(labelled(issue)))
    await api.call('POST', `/api/v1/tasks/${first.id}/cancel`)
    const kept = await deliver(labelled({ ...issue, labels: [{ name: 'agent' }, { name: 'bug' }] }))
    expect(kept.body).toMatchObject({ outcome: 'ignored', tasks: [] })
    expect(kept.body['reason']).toContain('the label “agent” was there before')
    await deliver(labelled({ ...issue, labels: [{ name: 'bug' }] }))
    const second = await deliver(labelled(issue))
    expect(second.body['outcome']).toBe('created')
    expect((await taskOf(second)).id).not.toBe(first.id)
  })

  it('of a new issue that carries the label are one task, and a later label changes nothing', async () => {
    const issue = newIssue()
    const opened = await taskOf(await deliver(labelled(issue, 'opened')))
    const announced = await deliver(labelled(issue))
    expect(announced.body).toMatchObject({ outcome: 'duplicate', tasks: [{ id: opened.id }] })
    await api.call('POST', `/api/v1/tasks/${opened.id}/cancel`)
    const kept = await deliver(labelled({ ...issue, labels: [{ name: 'agent' }, { name: 'docs' }] }))
    expect(kept.body).toMatchObject({ outcome: 'ignored', tasks: [] })
  })

  it('of another rule about the same issue wait for each other', async () => {
    const issue = newIssue()
    await deliver(labelled(issue))
    const comment = { body: '/agent now', user: { login: 'zaphod' } }
    const second = await deliver({ ...labelled(issue, 'created'), comment }, { event: 'issue_comment' })
    expect(await taskOf(second)).toMatchObject({ status: 'waiting' })
  })
})

describe('what ends work', () => {
  it.each(['closed', 'deleted'])('an issue that is %s cancels its unfinished tasks', async (action) => {
    const issue = newIssue()
    const waiting = await taskOf(await deliver(labelled(issue)))
    const comment = { body: '/agent now', user: { login: 'zaphod' } }
    const behind = await taskOf(
      await deliver({ ...labelled(issue, 'created'), comment }, { event: 'issue_comment' }),
    )
    const closed = await deliver(labelled(issue, action))
    expect(closed.body).toMatchObject({
      outcome: 'ignored',
      reason: `the issue was ${action} by trillian: cancelled 2 unfinished task(s)`,
    })
    for (const { id } of [waiting, behind]) {
      expect((await api.call('GET', `/api/v1/tasks/${id}`)).body['status']).toBe('cancelled')
    }
  })

  it('asks the holder of a running one', async () => {
    const issue = newIssue()
    const task = await taskOf(await deliver(labelled(issue)))
    const agent = await postAgent(api)
    await api.call('POST', `/api/v1/tasks/${task.id}/assign`, { agent_id: agent.id })
    await until('the agent has taken it', async () => {
      const { body } = await dequeue(api, agent)
      return (body['task'] as WireTask).id === task.id
    })
    await deliver(labelled(issue, 'closed'))
    expect((await api.call('GET', `/api/v1/tasks/${task.id}`)).body).toMatchObject({
      status: 'claimed',
      cancel_requested: true,
    })
  })
})

describe('what is ignored, with its reason', () => {
  it.each<[string, Body, string, string]>([
    [
      'a test delivery',
      { before: 'a', after: 'a', repository: REPOSITORY },
      'push',
      'test delivery received, the webhook works',
    ],
    [
      'label_cleared, though it lists the old labels',
      labelled(newIssue(), 'label_cleared'),
      'issues',
      'wants the action opened or reopened or label_updated',
    ],
    [
      'an issue without the label',
      labelled(newIssue({ labels: [{ name: 'bug' }] })),
      'issues',
      'wants the label “agent”, the issue has “bug”',
    ],
    [
      'an event without a rule',
      { action: 'published', release: {}, repository: REPOSITORY },
      'release',
      'no rule is about the event “release”',
    ],
    [
      'an event nobody knows',
      { repository: REPOSITORY },
      'moon_phase',
      'no rule is about the event “moon_phase”',
    ],
    [
      'what the bot did',
      { ...labelled(newIssue(), 'opened'), sender: { login: 'marvin' } },
      'issues',
      'sent by marvin, the bot itself',
    ],
    ['no event', labelled(newIssue()), '', 'does not name its event'],
    ['an empty payload', {}, 'issues', 'label-agent'],
  ])('%s', async (_name, payload, event, reason) => {
    const { status, body } = await deliver(payload, { event })
    expect(status).toBe(202)
    expect(body).toMatchObject({ outcome: 'ignored', tasks: [] })
    expect(body['reason']).toContain(reason)
    const kept = await api.call('GET', `/api/v1/deliveries/${String(body['delivery_id'])}`)
    expect(kept.body).toMatchObject({ outcome: 'ignored', reason: body['reason'] })
  })
})

describe('rules of one’s own', () => {
  it('can want a task because the issue was closed: it comes after those that the closing cancels', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'rules-'))
    const file = join(folder, 'rules.yaml')
    await writeFile(
      file,
      'rules:\n  - { name: work, event: issues, actions: [opened], task: { execution_mode: ssh_cli, priority: 1 } }\n  - { name: follow-up, event: issues, actions: [closed] }\n',
    )
    const own = await startTestApi(stack.database, { config: { SWITCHYARD_RULES_FILE: file } })
    try {
      const issue = newIssue()
      const first = await taskOf(await deliver(labelled(issue, 'opened'), { to: own }))
      expect(first).toMatchObject({ execution_mode: 'ssh_cli', requested_mode: 'ssh_cli', priority: 1 })
      const second = await deliver(labelled(issue, 'closed'), { to: own })
      expect(second.body).toMatchObject({ outcome: 'created', reason: 'rule follow-up matched' })
      expect((await api.call('GET', `/api/v1/tasks/${first.id}`)).body['status']).toBe('cancelled')
      expect(await taskOf(second)).toMatchObject({ status: 'pending' })
    } finally {
      await own.stop()
      await rm(folder, { recursive: true })
    }
  })
})
