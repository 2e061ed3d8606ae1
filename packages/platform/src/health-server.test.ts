import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { createHealthServer, type HealthServer, type Readiness } from './health-server.ts'
import { createMetrics } from './metrics.ts'

describe('createHealthServer', () => {
  let server: HealthServer
  let address: string
  let readiness: () => Promise<Readiness>

  beforeEach(async () => {
    readiness = () => Promise.resolve({ ready: true })
    server = createHealthServer({ metrics: createMetrics(), readiness: () => readiness() })
    address = `http://127.0.0.1:${await server.listen('127.0.0.1', 0)}`
  })
  afterEach(() => server.close())

  it('is alive', async () => {
    const response = await fetch(`${address}/healthz`)
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ status: 'ok' })
  })

  it('answers readiness with 200, or with 503 and the reason', async () => {
    expect((await fetch(`${address}/readyz`)).status).toBe(200)
    readiness = () => Promise.resolve({ ready: false, reason: 'the database does not answer' })
    const waiting = await fetch(`${address}/readyz?verbose`)
    expect(waiting.status).toBe(503)
    expect(await waiting.json()).toEqual({ status: 'not ready', reason: 'the database does not answer' })
    readiness = () => Promise.reject(new Error('connection refused'))
    const failing = await fetch(`${address}/readyz`)
    expect(failing.status).toBe(503)
    expect(await failing.json()).toMatchObject({ reason: 'connection refused' })
  })

  it('exposes the metrics', async () => {
    const response = await fetch(`${address}/metrics`)
    expect(response.headers.get('content-type')).toMatch(/^text\/plain/)
    expect(await response.text()).toContain('process_cpu_seconds_total')
  })

  it('knows no other path and no other method', async () => {
    expect((await fetch(`${address}/`)).status).toBe(404)
    expect((await fetch(`${address}/healthz`, { method: 'POST' })).status).toBe(405)
  })

  it('says when the port is taken', async () => {
    const second = createHealthServer({ metrics: createMetrics(), readiness })
    await expect(second.listen('127.0.0.1', Number(new URL(address).port))).rejects.toThrow('EADDRINUSE')
  })
})
