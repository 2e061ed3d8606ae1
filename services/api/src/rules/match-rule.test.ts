import { describe, expect, it } from '@jest/globals'
import type { ForgeEvent } from '../webhooks/forge-event.ts'
import {
  commentEvent,
  issueEvent,
  labelled,
  PULL_REQUEST,
  pushEvent,
  sampleEvent,
} from '../webhooks/forge-event.samples.ts'
import { matchRule } from './match-rule.ts'
import { parseRules } from './parse-rules.ts'

function verdict(rule: string, event: ForgeEvent): string {
  const parsed = parseRules(`rules: [{ name: x, ${rule} }]`)
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
  const result = matchRule(parsed.rules[0]!, event)
  return result.fits ? 'fits' : result.because
}

const bug = issueEvent('opened', { labels: labelled('bug') })
const pull = (action: string) => sampleEvent('pull_request', { action, pull_request: PULL_REQUEST })
const updated = (changes: object) => issueEvent('label_updated', { labels: labelled('agent') }, { changes })

describe('matchRule', () => {
  it.each([
    ['event: issues', bug, 'fits'],
    ['event: [push, issues]', bug, 'fits'],
    ['event: push', bug, 'is about push'],
    ['event: issues, actions: [closed]', bug, 'wants the action closed, this is opened'],
    ['event: issues, actions: ["*"]', issueEvent('edited'), 'fits'],
    ['event: issues, labels: [BUG]', bug, 'fits'],
    ['event: issues, labels: [agent, docs]', bug, 'wants the label “agent” or “docs”, the issue has “bug”'],
    [
      'event: issues, labels: [agent]',
      issueEvent('opened'),
      'wants the label “agent”, the issue has no label',
    ],
    ['event: issues, without_labels: [Bug]', bug, 'does not want the label “bug”'],
    ['event: issues, assignee: Marvin', issueEvent('assigned', { assignees: [{ login: 'marvin' }] }), 'fits'],
    ['event: issues, assignee: marvin', bug, 'wants the assignee marvin, nobody is assigned'],
    ['event: issues, repositories: [ACME/*]', bug, 'fits'],
    ['event: issues, repositories: ["**"]', bug, 'fits'],
    ['event: issues, repositories: [other/*]', bug, 'wants the repository other/*, this is acme/widgets'],
    [
      'event: issues, repositories: ["!acme/widgets"]',
      bug,
      'wants the repository !acme/widgets, this is acme/widgets',
    ],
    [
      'event: issues, repositories: [acme/*, "!acme/w*"]',
      bug,
      'wants the repository acme/* or !acme/w*, this is acme/widgets',
    ],
    ['event: issues, senders: [TRILL*]', bug, 'fits'],
    ['event: issues, senders: [zaphod]', bug, 'does not listen to trillian'],
    [
      'event: issues, senders: ["*"]',
      issueEvent('opened', {}, { sender: null }),
      'does not listen to an unknown sender',
    ],
    ['event: issue_comment, comment_prefix: /agent', commentEvent('/agent go on'), 'fits'],
    ['event: issue_comment, comment_prefix: /agent', commentEvent('\n /agent'), 'fits'],
    ['event: issue_comment, comment_prefix: /agent', commentEvent('/agent\nplease'), 'fits'],
    [
      'event: issue_comment, comment_prefix: /agent',
      commentEvent('/agents'),
      'wants a comment that begins with “/agent”',
    ],
    [
      'event: issue_comment, comment_prefix: /agent',
      commentEvent('try /agent'),
      'wants a comment that begins with “/agent”',
    ],
    ['event: push', pushEvent(), 'fits'],
  ])('%s', (rule, event, expected) => {
    expect(verdict(rule, event)).toBe(expected)
  })

  it.each([
    [{ added_labels: labelled('agent') }, 'fits'],
    [{ added_labels: labelled('bug') }, 'wants the label “agent” to be added, the issue had it before'],
    [
      { added_labels: null, removed_labels: labelled('bug') },
      'wants the label “agent” to be added, the issue had it before',
    ],
    [{}, 'fits'],
  ])('goes by the added labels where the forge tells them: %j', (changes, expected) => {
    expect(verdict('event: issues, labels: [agent]', updated(changes))).toBe(expected)
  })

  it('has usual actions, none of which an agent causes by pushing, commenting or closing', () => {
    const issues = [
      'opened',
      'closed',
      'reopened',
      'edited',
      'deleted',
      'assigned',
      'unassigned',
      'label_updated',
      'label_cleared',
    ]
    expect(issues.filter((action) => verdict('event: issues', issueEvent(action)) === 'fits')).toEqual([
      ...['opened', 'reopened', 'assigned', 'label_updated'],
    ])
    const pulls = [
      'opened',
      'closed',
      'synchronized',
      'review_requested',
      'review_request_removed',
      'milestoned',
    ]
    expect(pulls.filter((action) => verdict('event: pull_request', pull(action)) === 'fits')).toEqual([
      'opened',
      'review_requested',
    ])
    const comments = ['created', 'edited', 'deleted']
    expect(
      comments.filter((action) => verdict('event: issue_comment', commentEvent('x', { action })) === 'fits'),
    ).toEqual(['created'])
  })
})
