import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createCleanup } from '../bench/claims/cleanup.ts'
import { MEASURES } from '../bench/claims/measures/index.ts'
import { hasFigures, type Measured } from '../bench/claims/report.ts'
import { runMeasure } from '../bench/claims/run-measures.ts'
import { startDatabaseServer, type DatabaseServer } from '../bench/claims/server.ts'
import { TINY } from '../bench/claims/sizes.ts'
import { writeReport } from '../bench/claims/write-report.ts'
import { describeMachine } from '../bench/machine.ts'

const cleanup = createCleanup()
let server: DatabaseServer
beforeAll(async () => void (server = await startDatabaseServer(cleanup)))
afterAll(() => cleanup.run())

// The other queues are not installed with the project: they are left out.
describe('npm run bench', () => {
  const measured: Measured[] = []

  it.each(MEASURES.map(({ name, ...measure }) => ({ name, measure: { name, ...measure } })))(
    'measures $name',
    async ({ measure }) => {
      const one = await runMeasure(measure, { server, sizes: TINY, cleanup, tell: () => undefined })
      measured.push(one)
      if (!hasFigures(one)) throw new Error(JSON.stringify(one.outcome))
      const { figures, targets } = one.outcome
      expect(figures.length).toBeGreaterThan(0)
      expect(targets.length).toBeGreaterThan(0)
      for (const { summary } of figures) expect(Number.isFinite(summary.median)).toBe(true)
      for (const { value } of targets) expect(Number.isFinite(value)).toBe(true)
    },
  )

  it('writes a page with all of it, the numbers and a plot for each', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'switchyard-bench-test-'))
    cleanup.add(() => rm(directory, { recursive: true }))
    const { version, settings } = server
    const failed = { ...measured[0]!, name: 'broken', title: 'Broken', outcome: { problem: 'it broke' } }
    const report = {
      machine: describeMachine(),
      postgres: { version, settings },
      sizes: 'quick' as const,
      measures: [...measured, failed],
    }
    await writeReport(report, directory)
    const page = await readFile(join(directory, 'claims.md'), 'utf8')
    for (const { title, outcome } of measured) {
      expect(page).toContain(`## ${title}`)
      if ('targets' in outcome) for (const { name } of outcome.targets) expect(page).toContain(name)
    }
    expect(page).toContain('Nothing was measured: it failed.')
    expect(page).not.toContain('Not measured in this run')
    expect(JSON.parse(await readFile(join(directory, 'claims.json'), 'utf8'))).toEqual(report)
    const plots = (await readdir(directory)).filter((file) => file.endsWith('.svg'))
    expect(plots.toSorted()).toEqual(
      ['targets', ...measured.filter(hasFigures).map(({ name }) => name)]
        .map((name) => `claims-${name}.svg`)
        .toSorted(),
    )
    expect([...page.matchAll(/\]\((claims-.*?\.svg)\)/g)].map(([, plot]) => plot).toSorted()).toEqual(
      plots.toSorted(),
    )
  })
})
