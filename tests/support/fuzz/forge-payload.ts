import type { JsonSchema } from '../arbitrary-for-schema.ts'

const user: JsonSchema = { type: 'object', properties: { login: { type: 'string' } } }

const thread: JsonSchema = {
  type: 'object',
  properties: {
    number: { type: 'integer', minimum: 1 },
    title: { type: 'string' },
    body: { type: 'string' },
    html_url: { type: 'string' },
    labels: {
      type: 'array',
      items: { type: 'object', properties: { name: { enum: ['agent', 'bug', 5, null] } } },
    },
    assignee: user,
  },
  required: ['number', 'title'],
}

/** What a forge delivers, as far as rules look at it. The API's own description calls it an object and no more. */
export const FORGE_PAYLOAD: JsonSchema = {
  type: 'object',
  properties: {
    action: { enum: ['opened', 'label_updated', 'label_cleared', 'closed', 'created', 'reviewed', ''] },
    issue: thread,
    pull_request: thread,
    comment: {
      type: 'object',
      properties: { body: { enum: ['/agent do it', 'no', '/agent\u0000\ud83d'] }, user },
    },
    repository: {
      type: 'object',
      properties: {
        full_name: { enum: ['acme/shop'] },
        html_url: { enum: ['https://git.example.test/acme/shop', 'x'] },
      },
      required: ['full_name', 'html_url'],
    },
    sender: user,
    ref: { type: 'string' },
    before: { type: 'string' },
    after: { type: 'string' },
  },
  required: ['action', 'repository'],
}

export const FORGE_EVENTS = [
  'issues',
  'issue_comment',
  'pull_request',
  'pull_request_approved',
  'push',
  'release',
  '',
  'x',
]
