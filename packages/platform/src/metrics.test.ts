import { expect, it } from '@jest/globals'
import { Counter } from 'prom-client'
import { createMetrics } from './metrics.ts'

it('has a registry of its own with default metrics and a text exposition', async () => {
  const metrics = createMetrics()
  const other = createMetrics()
  const claims = new Counter({ name: 'claims_total', help: 'Claims', registers: [metrics.registry] })
  claims.inc()
  expect(await metrics.text()).toMatch(/^claims_total 1$/m)
  expect(await metrics.text()).toMatch(/^process_resident_memory_bytes \d+/m)
  expect(await other.text()).not.toContain('claims_total')
  expect(metrics.contentType).toMatch(/^text\/plain/)
})
