import { describe, expect, it } from '@jest/globals'
import { createLog, type Log } from './log.ts'

function record(level: 'info' | 'debug' = 'info'): { log: Log; lines: () => Record<string, unknown>[] } {
  const written: string[] = []
  const log = createLog({ level, service: 'api' }, { write: (line) => void written.push(line) })
  return { log, lines: () => written.map((line) => JSON.parse(line) as Record<string, unknown>) }
}

describe('createLog', () => {
  it('writes one JSON object a line with level, service and an ISO time', () => {
    const { log, lines } = record()
    log.debug('not shown')
    log.info({ taskId: 7 }, 'claimed')
    expect(lines()).toEqual([
      {
        level: 'info',
        service: 'api',
        taskId: 7,
        msg: 'claimed',
        time: expect.stringMatching(/^\d{4}-.*Z$/),
      },
    ])
  })

  it('hides secrets at every level of nesting, in children too', () => {
    const { log, lines } = record()
    log.child({ lease_token: 'sesame' }).warn(
      {
        token: 'sesame',
        headers: { authorization: 'Bearer sesame', 'x-hub-signature-256': 'sha256=sesame', accept: '*/*' },
        request: { headers: { 'x-forgejo-signature': 'sesame' }, body: { lease: { token: 'sesame' } } },
        config: { SWITCHYARD_WEBHOOK_SECRET: ['sesame'] },
      },
      'careful',
    )
    expect(JSON.stringify(lines())).not.toContain('sesame')
    expect(lines()[0]).toMatchObject({
      lease_token: '[hidden]',
      headers: { accept: '*/*', authorization: '[hidden]' },
    })
  })

  it('writes errors with message and stack', () => {
    const { log, lines } = record()
    log.error({ error: new Error('no route') }, 'failed')
    expect(lines()[0]).toMatchObject({
      error: { message: 'no route', stack: expect.stringContaining('log.test') },
    })
  })
})
