import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { toForgeEvent } from './forge-event.ts'
import { isJsonObject } from './json-object.ts'
import {
  commentEvent,
  ISSUE,
  issueEvent,
  labelled,
  PULL_REQUEST,
  pushEvent,
  REPOSITORY,
  sampleEvent,
} from './forge-event.samples.ts'

describe('toForgeEvent', () => {
  it('names an issue', () => {
    expect(
      issueEvent('opened', { labels: labelled('Agent', 'bug'), assignees: [{ login: 'marvin' }] }),
    ).toMatchObject({
      event: 'issues',
      action: 'opened',
      repository: 'acme/widgets',
      host: 'git.example.test',
      number: 12,
      isPull: false,
      labels: ['Agent', 'bug'],
      addedLabels: null,
      assignees: ['marvin'],
      sender: 'trillian',
      commentBody: null,
      url: 'https://git.example.test/acme/widgets/issues/12',
      ref: null,
      headSha: null,
      object: 'git.example.test/acme/widgets#12',
    })
  })

  it('names the pull request of a comment as opening the pull request does', () => {
    const pull = { ...ISSUE, number: 7, pull_request: { merged: false } }
    const comment = commentEvent('Looks good', { issue: pull, is_pull: true })
    const opened = sampleEvent('pull_request', { action: 'opened', number: 7, pull_request: PULL_REQUEST })
    expect(comment).toMatchObject({ isPull: true, commentBody: 'Looks good', object: opened.object })
    expect(opened).toMatchObject({
      isPull: true,
      ref: 'warm',
      headSha: 'a9a6c3719478d4db373e38de796becabcca710d2',
    })
  })

  it.each([
    ['pull_request_approved', 'approved'],
    ['pull_request_rejected', 'rejected'],
    ['pull_request_comment', 'commented'],
  ])('calls %s a review that %s', (event, action) => {
    const review = { type: 'whatever', content: 'ship it' }
    expect(sampleEvent(event, { action: 'reviewed', pull_request: PULL_REQUEST, review })).toMatchObject({
      event: 'pull_request_review',
      action,
      commentBody: 'ship it',
      object: 'git.example.test/acme/widgets#7',
    })
  })

  it('falls back on the event type, where pull_request_comment is a comment and no review', () => {
    const received = { forge: 'gitea', event: '', payload: { action: 'created' } } as const
    expect(toForgeEvent({ ...received, eventType: 'pull_request_comment' }).event).toBe('issue_comment')
    expect(toForgeEvent({ ...received, eventType: 'issue_label' }).event).toBe('issues')
    expect(toForgeEvent({ ...received, eventType: 'package' })).toMatchObject({
      event: 'package',
      action: 'created',
    })
    expect(toForgeEvent({ ...received, eventType: 'constructor' }).event).toBe('constructor')
    expect(toForgeEvent({ ...received, eventType: null }).event).toBe('')
  })

  it('takes the labels away that label_cleared still lists', () => {
    expect(issueEvent('label_cleared', { labels: labelled('agent') }).labels).toEqual([])
  })

  it('knows the added labels where the forge tells them', () => {
    const added = { changes: { added_labels: labelled('agent'), removed_labels: null } }
    expect(issueEvent('label_updated', {}, added).addedLabels).toEqual(['agent'])
    const removed = { changes: { added_labels: null, removed_labels: labelled('bug') } }
    expect(issueEvent('label_updated', {}, removed).addedLabels).toEqual([])
    expect(issueEvent('edited', {}, { changes: { title: { from: 'x' } } }).addedLabels).toBeNull()
  })

  it('finds assignees in the old place and in the new one, once each', () => {
    const issue = {
      assignee: { login: 'marvin' },
      assignees: [{ login: 'marvin' }, { username: 'ford' }, null, 3],
    }
    expect(issueEvent('assigned', issue).assignees).toEqual(['marvin', 'ford'])
  })

  it('names a push and a release by their ref', () => {
    expect(pushEvent()).toMatchObject({
      ref: 'refs/heads/main',
      headSha: 'a9a6c3719478d4db373e38de796becabcca710d2',
      object: 'git.example.test/acme/widgets@refs/heads/main',
    })
    expect(pushEvent({ after: '0'.repeat(40) }).headSha).toBeNull()
    const release = { tag_name: 'v1.0', html_url: 'https://git.example.test/acme/widgets/releases/tag/v1.0' }
    expect(sampleEvent('release', { action: 'published', release })).toMatchObject({
      ref: 'v1.0',
      url: release.html_url,
      object: 'git.example.test/acme/widgets@v1.0',
    })
  })

  it('keeps the port of the host and finds the repository of a run', () => {
    const repository = { ...REPOSITORY, html_url: 'http://localhost:3000/acme/widgets' }
    const event = sampleEvent('action_run_failure', { repository: null, run: { repository } })
    expect(event).toMatchObject({ host: 'localhost:3000', repository: 'acme/widgets', object: null })
  })

  it('makes text storable', () => {
    const event = issueEvent(
      'opened',
      { labels: labelled('a\u0000gent') },
      { sender: { login: 'tril\ud800lian' } },
    )
    expect(event).toMatchObject({ labels: ['agent'], sender: 'tril\ufffdlian' })
  })

  it('does not fail on any JSON object', () => {
    fc.assert(
      fc.property(anyEventName, anyEventName, oddPayload, (event, eventType, payload) => {
        const normalized = toForgeEvent({ forge: 'forgejo', event, eventType, payload })
        expect(normalized.labels.every((label) => typeof label === 'string')).toBe(true)
        expect(Object.values(normalized)).not.toContain(undefined)
      }),
    )
  })
})

const anyEventName = fc.oneof(
  fc.constantFrom('issues', 'issue_comment', 'pull_request', 'push', 'release', ''),
  fc.string(),
)

const anyValue = fc.jsonValue()

/** Any JSON for any of the members that are read, or a member of the right type with anything in it. */
const oddUser = fc.oneof(anyValue, fc.record({ login: anyValue, username: anyValue }, { requiredKeys: [] }))
const oddThread = fc.oneof(
  anyValue,
  fc.record(
    {
      number: anyValue,
      labels: fc.oneof(anyValue, fc.array(fc.oneof(anyValue, fc.record({ name: anyValue })))),
      assignees: fc.oneof(anyValue, fc.array(oddUser)),
      assignee: oddUser,
      head: fc.oneof(anyValue, fc.record({ ref: anyValue, sha: anyValue })),
      html_url: anyValue,
    },
    { requiredKeys: [] },
  ),
)
const oddPayload = fc
  .record(
    {
      action: fc.oneof(fc.constantFrom('opened', 'label_cleared'), anyValue),
      issue: oddThread,
      pull_request: oddThread,
      repository: fc.oneof(
        anyValue,
        fc.record({ html_url: fc.oneof(anyValue, fc.webUrl()), full_name: anyValue }),
      ),
      run: anyValue,
      comment: fc.oneof(anyValue, fc.record({ body: anyValue })),
      review: fc.oneof(anyValue, fc.record({ content: anyValue })),
      release: fc.oneof(anyValue, fc.record({ tag_name: anyValue })),
      changes: fc.oneof(anyValue, fc.record({ added_labels: anyValue })),
      sender: oddUser,
      pusher: oddUser,
      ref: anyValue,
      after: anyValue,
      is_pull: anyValue,
    },
    { requiredKeys: [] },
  )
  .filter(isJsonObject)
