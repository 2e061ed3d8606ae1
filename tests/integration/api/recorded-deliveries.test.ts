import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals'
import { sign, WEBHOOK_SECRET } from '../../support/api.ts'
import { useTestApi } from '../../support/use-test-api.ts'

/** Deliveries recorded from real forges, which are kept beside the repository because they are not ours to publish. */
const folder = join(import.meta.dirname, '../../../../shared/forgejo-payloads')
const recorded = existsSync(folder)

describe('recorded deliveries', () => {
  it('are there where the suite must be complete', () => {
    expect(recorded || process.env['CI'] === undefined).toBe(true)
  })
})

function readTable(name: string): string[][] {
  const lines = readFileSync(join(folder, name), 'utf8').trimEnd().split('\n').slice(1)
  return lines.map((line) => line.split('\t'))
}

interface Recording {
  readonly file: string
  readonly event: string
  readonly action: string
  readonly forge: string
  /** The headers as they were recorded, or made from the index. */
  readonly headers: Readonly<Record<string, string>>
  readonly isGenuine: boolean
}

/** Headers that belong to the connection on which a delivery was recorded. */
const OF_THE_CONNECTION = ['content-length', 'host', 'connection', 'accept-encoding', 'transfer-encoding']

function readRecordings(): Recording[] {
  const signatures = new Map(readTable('SIGNED.tsv').map(([file, ...rest]) => [file, rest]))
  return readTable('INDEX.tsv').map((row) => {
    const [file = '', , , , event = '', action = '', forge = '', , headersFile = ''] = row
    const body = readFileSync(join(folder, file))
    const [header, value, , verified] = signatures.get(file) ?? [
      `x-${forge}-signature`,
      sign(WEBHOOK_SECRET, body),
    ]
    const original =
      headersFile.trim() === ''
        ? { 'content-type': 'application/json', [`x-${forge}-event`]: event }
        : (JSON.parse(readFileSync(join(folder, headersFile.trim()), 'utf8')) as Record<string, string>)
    const kept = Object.entries(original).filter(([name]) => !OF_THE_CONNECTION.includes(name.toLowerCase()))
    const signed = header === undefined || value === undefined ? {} : { [header]: value }
    return {
      file,
      event,
      action,
      forge,
      headers: { ...Object.fromEntries(kept), ...signed },
      isGenuine: verified?.trim() !== 'False',
    }
  })
}

/** Whatever a rule may react to, in one file: labels that came or went, and the usual actions of each event. */
const RULES = `
rules:
  - { name: labelled, event: [issues, pull_request], actions: [label_updated, label_cleared], labels: [bug, triage, kind/enhancement] }
  - { name: usual, event: [issues, issue_comment, pull_request, pull_request_review, push] }
`
const USUAL = ['opened', 'created', 'assigned', 'label_updated', 'reviewed']

function describeRecorded(): void {
  const rulesFolder = mkdtempSync(join(tmpdir(), 'rules-'))
  const rulesFile = join(rulesFolder, 'rules.yaml')
  writeFileSync(rulesFile, RULES)
  afterAll(() => rmSync(rulesFolder, { recursive: true }))
  const stack = useTestApi({
    config: { SWITCHYARD_WEBHOOK_SECRET: [WEBHOOK_SECRET, 'test'], SWITCHYARD_RULES_FILE: rulesFile },
  })
  const { api } = stack
  const created = new Set<string>()
  // Each recording stands for itself: which labels an earlier one of the same issue had does not matter.
  beforeEach(() => stack.database.pool.query('delete from forge_objects'))

  describe.each(readRecordings())('$file', (recording) => {
    const { file, event, action, forge, headers } = recording
    const body = readFileSync(join(folder, file))
    const send = () => api.call('POST', `/api/v1/webhooks/${forge}`, body, { token: null, headers })

    if (!recording.isGenuine) {
      it('is refused: its signature fits another body', async () => {
        const { status, body: problem } = await send()
        expect([status, problem['code']]).toEqual([401, 'bad_signature'])
      })
      return
    }

    it(`is ${event} ${action}: kept, and a task or not`, async () => {
      const { status, body: answer } = await send()
      expect(status).toBe(202)
      const ids = (answer['tasks'] as { id: string }[]).map(({ id }) => id)
      if (isTask(recording)) {
        expect(ids).toHaveLength(1)
        // Recordings of one repository are about the same issue: the first makes the task, the others name it.
        expect(answer['outcome']).toBe(created.has(ids[0] ?? '') ? 'duplicate' : 'created')
        created.add(ids[0] ?? '')
      } else {
        expect(answer['outcome']).toBe('ignored')
        if (action !== 'closed') expect(ids).toEqual([])
      }
      expect(answer['reason']).not.toBe('')

      const kept = await api.call('GET', `/api/v1/deliveries/${String(answer['delivery_id'])}`)
      const event_type = headers['x-forgejo-event-type'] ?? event
      expect(kept.body).toMatchObject({
        forge,
        event_type,
        body: body.toString(),
        outcome: answer['outcome'],
      })
    })
  })

  it('have made tasks, and each is undecided and says where it came from', async () => {
    expect(created.size).toBeGreaterThan(10)
    for (const id of created) {
      const { body: task } = await api.call('GET', `/api/v1/tasks/${id}`)
      expect(task).toMatchObject({ requested_mode: 'undecided', execution_mode: 'undecided' })
      expect((task['source'] as { repository: string }).repository).toMatch(/.\/./)
    }
  })
}

/** What the index implies: work that begins or changes hands is a task; what ends it, and cleared labels, are none. */
function isTask({ event, action, file }: Recording): boolean {
  // The recording without addresses, whose before and after are the same commit, is what the forge’s test button sends.
  if (event === 'push') return !file.endsWith('push-null-files.json')
  return USUAL.includes(action) && event !== 'repository'
}

if (recorded) describeRecorded()
