import { randomUUID } from 'node:crypto'
import { link, readFile, rm, writeFile } from 'node:fs/promises'

/**
 * A value that is made once and kept in a file that only its owner may read (mode 600). When two processes make it at the same time,
 * both get the one that was there first.
 */
export async function keptValue(path: string, make: () => string): Promise<string> {
  const present = await readFile(path, 'utf8').catch(() => '')
  if (present.trim() !== '') return present.trim()
  const draft = `${path}.${randomUUID()}`
  await writeFile(draft, `${make()}\n`, { mode: 0o600 })
  try {
    await link(draft, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    await rm(draft, { force: true })
  }
  return (await readFile(path, 'utf8')).trim()
}
