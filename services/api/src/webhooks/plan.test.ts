import { describe, expect, it } from '@jest/globals'
import { storableText } from '@switchyard/core'
import fc from 'fast-check'
import { builtInRules } from '../rules/built-in-rules.ts'
import { parseRules } from '../rules/parse-rules.ts'
import type { Rule } from '../rules/rule.ts'
import { toForgeEvent, type ForgeEvent } from './forge-event.ts'
import { planDelivery, type PlannedTask } from './plan.ts'
import {
  commentEvent,
  issueEvent,
  labelled,
  PULL_REQUEST,
  pushEvent,
  REPOSITORY,
  sampleEvent,
} from './forge-event.samples.ts'

const bot = { login: 'Marvin' }

function rulesOf(text: string): readonly Rule[] {
  const parsed = parseRules(text)
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
  return parsed.rules
}

function plan(event: ForgeEvent, rules = builtInRules('marvin')) {
  return planDelivery(event, rules, { botUser: 'marvin' })
}

function taskOf(event: ForgeEvent, rules = builtInRules('marvin')): PlannedTask {
  const planned = plan(event, rules)
  if (planned.kind !== 'task') throw new Error(JSON.stringify(planned))
  return planned.task
}

const labelledIssue = issueEvent('label_updated', { labels: labelled('bug', 'Agent') })
const pull = (action: string, rest: object = {}) =>
  sampleEvent('pull_request', {
    action,
    pull_request: { ...PULL_REQUEST, labels: labelled('agent') },
    ...rest,
  })

describe('planDelivery with the built-in rules', () => {
  it('makes a task of a labelled issue', () => {
    const planned = plan(labelledIssue)
    expect(planned).toMatchObject({
      kind: 'task',
      rule: 'label-agent',
      cancelFirst: null,
      triggerLabels: ['Agent'],
      task: {
        title: 'Improbability drive stalls',
        requires: [],
        priority: 3,
        executionMode: 'undecided',
        maxAttempts: 3,
        concurrencyKey: 'git.example.test/acme/widgets#12',
        dedupeKey: 'label-agent git.example.test/acme/widgets#12',
        source: {
          kind: 'forgejo',
          repository: 'acme/widgets',
          issue_number: 12,
          url: 'https://git.example.test/acme/widgets/issues/12',
          event: 'issues',
          action: 'label_updated',
          sender: 'trillian',
        },
      },
    })
  })

  it('tells the agent what it needs', () => {
    const { prompt } = taskOf(commentEvent('/agent use <b>&amp;</b> tea'))
    for (const part of [
      'issue #12 of the repository acme/widgets',
      'Clone URL: https://git.example.test/acme/widgets.git',
      'Clone URL (SSH): ssh://git@git.example.test/acme/widgets.git',
      'Default branch: main',
      'Title: Improbability drive stalls',
      'URL: https://git.example.test/acme/widgets/issues/12',
      'Asked for by: trillian (issue_comment created)',
      '## Description\n\nOn cold mornings.',
      '## Comment by zaphod\n\nuse <b>&amp;</b> tea',
    ]) {
      expect(prompt).toContain(part)
    }
    expect(prompt).not.toMatch(/\{\{|\n\n\n|undefined|null/)
    expect(taskOf(pull('opened')).prompt).toContain(
      'Pull request branch: warm (into main), head commit a9a6c3719',
    )
    expect(taskOf(labelledIssue).prompt).not.toContain('## Comment')
  })

  it.each([
    ['a new issue with the label', issueEvent('opened', { labels: labelled('agent') }), 'label-agent'],
    ['a pull request with the label', pull('label_updated'), 'label-agent'],
    ['a comment', commentEvent('/agent please'), 'comment-agent'],
    ['an assignment', issueEvent('assigned', { assignees: [bot] }), 'assigned-to-bot'],
    [
      'the bot handing over by label',
      issueEvent('label_updated', { labels: labelled('agent') }, { sender: bot }),
      'label-agent',
    ],
  ])('reacts to %s', (_, event, rule) => {
    expect(plan(event)).toMatchObject({ kind: 'task', rule })
  })

  it.each([
    [
      'labels that were cleared',
      issueEvent('label_cleared', { labels: labelled('agent') }),
      'label-agent wants the action',
    ],
    [
      'another label',
      issueEvent('opened', { labels: labelled('bug') }),
      'no rule matched: label-agent wants the label “agent”, the issue has “bug”; assigned-to-bot wants the action assigned, this is opened',
    ],
    [
      'a comment that was edited',
      commentEvent('/agent', { action: 'edited' }),
      'wants the action created, this is edited',
    ],
    ['a comment of the bot', commentEvent('/agent', { sender: bot }), 'the bot itself'],
    ['a push to a labelled pull request', pull('synchronized'), 'wants the action'],
    [
      'an assignment of a labelled issue, whose label is enough',
      issueEvent('assigned', { labels: labelled('agent'), assignees: [bot] }),
      'assigned-to-bot does not want the label “agent”',
    ],
    ['a push', pushEvent(), 'no rule is about the event “push”'],
    [
      'a test delivery',
      pushEvent({ before: 'abc', after: 'abc' }),
      'test delivery received, the webhook works',
    ],
    [
      'an event nobody knows',
      sampleEvent('wiki', { action: 'created' }),
      'no rule is about the event “wiki”',
    ],
    ['no event at all', sampleEvent('', {}), 'does not name its event'],
  ])('ignores %s and says why', (_, event, reason) => {
    expect(plan(event)).toEqual({ kind: 'ignored', reason: expect.stringContaining(reason) })
  })

  it.each([
    [issueEvent('closed'), 'git.example.test/acme/widgets#12', 'the issue was closed by trillian'],
    [issueEvent('deleted'), 'git.example.test/acme/widgets#12', 'the issue was deleted by trillian'],
    [pull('closed'), 'git.example.test/acme/widgets#7', 'the pull request was closed by trillian'],
  ])('cancels when the thing is over', (event, concurrencyKey, reason) => {
    expect(plan(event)).toEqual({ kind: 'cancel', concurrencyKey, reason })
  })

  it('does not cancel when the bot closes the issue at the end of its own work, or a comment is deleted', () => {
    expect(plan(issueEvent('closed', {}, { sender: bot })).kind).toBe('ignored')
    expect(plan(commentEvent('x', { action: 'deleted' })).kind).toBe('ignored')
  })
})

describe('planDelivery with rules of one’s own', () => {
  it('takes the first rule that matches', () => {
    const rules = rulesOf(
      'rules: [{ name: a, event: push }, { name: b, event: issues }, { name: c, event: issues }]',
    )
    expect(plan(issueEvent('opened'), rules)).toMatchObject({ kind: 'task', rule: 'b' })
  })

  it('fills in templates, task settings and the conveniences', () => {
    const rules = rulesOf(`
rules:
  - name: pick
    event: issue_comment
    comment_prefix: /fix
    task:
      title: '{{event.action}} {{event.repository}}#{{event.number}} {{comment.text_after_prefix}} {{rule.name}}'
      prompt: '{{issue.title}} {{comment.author}} {{comment.body}} {{event.labels}}'
      requires: [linux]
      priority: 1
      execution_mode: ssh_cli
      max_attempts: 5
`)
    expect(taskOf(commentEvent('/fix the tea'), rules)).toMatchObject({
      title: 'created acme/widgets#12 the tea pick',
      prompt: 'Improbability drive stalls zaphod /fix the tea',
      requires: ['linux'],
      priority: 1,
      executionMode: 'ssh_cli',
      maxAttempts: 5,
    })
  })

  it('works with pushes, releases and reviews', () => {
    const rules = rulesOf('rules: [{ name: all, event: [push, release, pull_request_review] }]')
    expect(taskOf(pushEvent(), rules)).toMatchObject({
      title: 'main: Warm the drive',
      concurrencyKey: null,
      dedupeKey: 'all git.example.test/acme/widgets@refs/heads/main',
    })
    expect(plan(pushEvent({ after: '0'.repeat(40) }), rules)).toMatchObject({ kind: 'ignored' })
    const release = { tag_name: 'v1.0', name: '', body: 'Notes' }
    expect(taskOf(sampleEvent('release', { action: 'published', release }), rules)).toMatchObject({
      title: 'v1.0',
    })
    const review = { type: 'pull_request_review_rejected', content: 'no tea' }
    const rejected = { action: 'reviewed', pull_request: PULL_REQUEST, review }
    expect(taskOf(sampleEvent('pull_request_rejected', rejected), rules)).toMatchObject({
      concurrencyKey: 'git.example.test/acme/widgets#7',
      prompt: expect.stringContaining('## Comment by trillian\n\nno tea'),
    })
  })

  it('cancels earlier tasks first when a rule wants the closing itself', () => {
    const rules = rulesOf('rules: [{ name: after, event: issues, actions: [closed] }]')
    const concurrencyKey = 'git.example.test/acme/widgets#12'
    expect(plan(issueEvent('closed'), rules)).toMatchObject({ kind: 'task', cancelFirst: { concurrencyKey } })
  })

  it('cuts a long title between characters, and never leaves it empty', () => {
    const long = taskOf(issueEvent('opened', { title: '🚀'.repeat(300), labels: labelled('agent') })).title
    expect(Array.from(long)).toHaveLength(200)
    expect(long).toBe(`${'🚀'.repeat(199)}…`)
    const title = (text: unknown) =>
      taskOf(issueEvent('opened', { title: text, labels: labelled('agent') })).title
    expect(title('a\n b\u0000\tc')).toBe('a b c')
    expect(title(' \u0000 ')).toBe('label-agent: git.example.test/acme/widgets#12')
    expect(title(null)).toBe('label-agent: git.example.test/acme/widgets#12')
  })

  it('never leaves the prompt empty', () => {
    const rules = rulesOf('rules: [{ name: x, event: issues, task: { prompt: "{{nothing}}" } }]')
    expect(taskOf(issueEvent('opened'), rules).prompt).toBe(
      'x: git.example.test/acme/widgets#12\nhttps://git.example.test/acme/widgets/issues/12',
    )
  })

  it('does not make a task of something it cannot name', () => {
    const event = issueEvent('opened', { number: null, labels: labelled('agent') })
    expect(plan(event)).toMatchObject({
      kind: 'ignored',
      reason: expect.stringContaining('does not say which'),
    })
  })

  it('does not list rules without end', () => {
    const many = rulesOf(
      `rules: [${Array.from({ length: 6 }, (_, n) => `{ name: r${n}, event: issues, labels: [l${n}] }`).join()}]`,
    )
    expect(plan(issueEvent('opened'), many)).toMatchObject({
      reason: 'no rule matched: all 6 rules about issues want something else',
    })
    expect(plan(issueEvent('opened'), [])).toMatchObject({ reason: 'no rule matched: there are no rules' })
    const event = issueEvent('opened', { labels: labelled('x'.repeat(2000)) })
    const { reason } = plan(event) as { reason: string }
    expect(reason).toHaveLength(500)
  })

  it('does not fail on any payload', () => {
    const rules = rulesOf(
      'rules: [{ name: all, event: [issues, issue_comment, pull_request, pull_request_review, push, release] }]',
    )
    const names = fc.constantFrom(
      'issues',
      'issue_comment',
      'pull_request',
      'pull_request_approved',
      'push',
      'release',
    )
    const thread = fc.record({
      number: fc.constant(3),
      title: fc.jsonValue(),
      body: fc.jsonValue(),
      user: fc.jsonValue(),
    })
    const payload = fc.record(
      {
        action: fc.constantFrom('opened', 'created', 'published'),
        repository: fc.constant(REPOSITORY),
        issue: thread,
        pull_request: thread,
        ref: fc.jsonValue(),
        head_commit: fc.jsonValue(),
        commits: fc.jsonValue(),
        release: fc.record({ tag_name: fc.string(), name: fc.jsonValue(), body: fc.jsonValue() }),
        comment: fc.oneof(fc.jsonValue(), fc.record({ body: fc.string(), user: fc.jsonValue() })),
      },
      { requiredKeys: ['action', 'repository'] },
    )
    fc.assert(
      fc.property(names, payload, (event, anything) => {
        const planned = plan(
          toForgeEvent({ forge: 'gitea', event, eventType: null, payload: anything }),
          rules,
        )
        if (planned.kind === 'task') {
          expect(planned.task.title.trim()).not.toBe('')
          const text = planned.task.title + planned.task.prompt
          expect(text).toBe(storableText(text))
        }
      }),
    )
  })
})
