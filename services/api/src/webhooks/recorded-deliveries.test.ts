import { createHmac } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { builtInRules } from '../rules/built-in-rules.ts'
import { parseRules } from '../rules/parse-rules.ts'
import { openDelivery } from './delivery.ts'
import { toForgeEvent, type Forge } from './forge-event.ts'
import { planDelivery } from './plan.ts'
import { verifySignature } from './signature.ts'

/** Deliveries recorded from real forges, which are kept beside the repository because they are not ours to publish. */
const folder = join(import.meta.dirname, '../../../../../shared/forgejo-payloads')
const recorded = existsSync(folder)

describe('recorded deliveries', () => {
  it('are there where the suite must be complete', () => {
    expect(recorded || process.env['CI'] === undefined).toBe(true)
  })
})

if (recorded) describeRecorded()

interface Recording {
  readonly file: string
  readonly event: string
  readonly action: string
  readonly forge: string
  readonly headersFile: string
}

function readTable(name: string): string[][] {
  const lines = readFileSync(join(folder, name), 'utf8').trimEnd().split('\n').slice(1)
  return lines.map((line) => line.split('\t'))
}

function readRecordings(): Recording[] {
  return readTable('INDEX.tsv').map((row) => ({
    file: row[0] ?? '',
    event: row[4] ?? '',
    action: row[5] ?? '',
    forge: row[6] ?? '',
    headersFile: (row[8] ?? '').trim(),
  }))
}

function describeRecorded(): void {
  const recordings = readRecordings()
  const reviewActions: Record<string, string> = {
    pull_request_approved: 'approved',
    pull_request_rejected: 'rejected',
    pull_request_comment: 'commented',
  }

  it('are many', () => {
    expect(recordings.length).toBeGreaterThan(30)
  })

  describe.each(recordings)('$file', ({ file, event, action, forge, headersFile }) => {
    const { delivery, forgeEvent } = open({ file, event, action, forge, headersFile })

    it(`is ${event} ${action}`, () => {
      expect(delivery.event).toBe(event)
      expect(delivery.payload['action'] ?? '-').toBe(action)
      const review = reviewActions[event]
      expect(forgeEvent.event).toBe(review === undefined ? event : 'pull_request_review')
      expect(forgeEvent.action ?? '-').toBe(review ?? action)
    })

    it('says what it is about', () => {
      expect(forgeEvent.sender).not.toBeNull()
      const isThread = /^(issue|pull_request)/.test(event)
      expect(forgeEvent.number !== null).toBe(isThread)
      // One capture has its addresses replaced by a word.
      const hasAddress = !file.endsWith('push-null-files.json')
      if (hasAddress) expect(forgeEvent.host).not.toBeNull()
      expect(forgeEvent.object !== null).toBe(hasAddress && (isThread || event === 'push'))
    })

    it('is a task or not, with the reason', () => {
      const everything = parseRules(
        'rules: [{ name: everything, event: [issues, issue_comment, pull_request, pull_request_review, push] }]',
      )
      if (!everything.ok) throw new Error('the rule is broken')
      const rules = [...builtInRules('marvin'), ...everything.rules]
      const plan = planDelivery(forgeEvent, rules, { botUser: 'marvin' })
      const usual = ['opened', 'created', 'assigned', 'label_updated', 'reviewed']
      const isTask = usual.includes(action)
        ? event !== 'repository'
        : event === 'push' && forgeEvent.object !== null
      expect(plan.kind).toBe(isTask ? 'task' : action === 'closed' ? 'cancel' : 'ignored')
      if (plan.kind !== 'task') expect(plan.reason).not.toBe('')
      else expect(plan.task.prompt).toContain(String(forgeEvent.repository))
    })

    it('does not trigger by labels that were cleared', () => {
      expect(action === 'label_cleared' && forgeEvent.labels.length > 0).toBe(false)
    })
  })

  it('has labels that label_cleared must not be taken in by', () => {
    const cleared = recordings.filter(({ action }) => action === 'label_cleared')
    expect(cleared.length).toBeGreaterThan(0)
    for (const recording of cleared) {
      const { delivery, forgeEvent } = open(recording)
      const label = /"labels":\s*\[\s*\{[^}]*"name":\s*"([^"]+)"/.exec(JSON.stringify(delivery.payload))?.[1]
      const parsed = parseRules(
        `rules: [{ name: any, event: [issues, pull_request], actions: ['*'], labels: ['${String(label)}'] }]`,
      )
      expect(parsed.ok && planDelivery(forgeEvent, parsed.rules, { botUser: null }).kind).toBe('ignored')
    }
  })

  it.each(readTable('SIGNED.tsv') as [string, string, string, string, string][])(
    '%s: %s %s with %s verifies: %s',
    (file, header, value, secret, verified) => {
      const signedContent = readFileSync(join(folder, file))
      const verdict = verifySignature({
        headers: { [header]: value },
        signedContent,
        secrets: [secret],
      })
      expect(verdict.ok).toBe(verified.trim() === 'True')
    },
  )
}

/** Opens it with the headers it came with; where those were not recorded, with headers made from the index. */
function open({ file, event, forge, headersFile }: Recording) {
  const body = readFileSync(join(folder, file))
  const original =
    headersFile === ''
      ? null
      : (JSON.parse(readFileSync(join(folder, headersFile), 'utf8')) as Record<string, string>)
  const secret = 'forty-two-is-not-a-secret'
  const made = {
    'content-type': 'application/json',
    [`x-${forge}-event`]: event,
    [`x-${forge}-signature`]: createHmac('sha256', secret).update(body).digest('hex'),
  }
  const opened = openDelivery({ headers: original ?? made, body, secrets: [secret] })
  if (!opened.ok) throw new Error(`${file}: ${opened.message}`)
  const { delivery } = opened
  const forgeEvent = toForgeEvent({ forge: forge as Forge, ...delivery })
  return { delivery, forgeEvent }
}
