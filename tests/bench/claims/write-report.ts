import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { format, resolveConfig } from 'prettier'
import { writePage } from './page.ts'
import { hasFigures, type Report } from './report.ts'
import { drawBars, drawCourses, drawTargets } from './plots.ts'

/** Writes claims.json, claims.md and the plots into a directory. */
export async function writeReport(report: Report, directory: string): Promise<void> {
  await mkdir(directory, { recursive: true })
  const plots = drawPlots(report)
  for (const [file, svg] of plots) await writeFile(join(directory, file), svg)
  await writeFormatted(join(directory, 'claims.json'), JSON.stringify(report))
  await writeFormatted(join(directory, 'claims.md'), writePage(report, new Set(plots.keys())))
}

function drawPlots({ measures }: Report): Map<string, string> {
  const plots = new Map<string, string>()
  const measured = measures.filter(hasFigures)
  const targets = measured.flatMap(({ outcome }) => outcome.targets)
  if (targets.length > 0) plots.set('claims-targets.svg', drawTargets(targets))
  for (const { name, title, outcome } of measured) {
    const { courses } = outcome
    plots.set(
      `claims-${name}.svg`,
      courses === undefined ? drawBars(title, outcome.figures) : drawCourses(title, courses),
    )
  }
  return plots
}

/** As Prettier would, so that the check of the repository has nothing to add. */
async function writeFormatted(path: string, text: string): Promise<void> {
  const configuration = await resolveConfig(path)
  await writeFile(path, await format(text, { ...configuration, filepath: path }))
}
