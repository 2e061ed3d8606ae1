import { randomUUID } from 'node:crypto'
import { open, rename, rm, writeFile } from 'node:fs/promises'
import { Failure } from '../failure.ts'

const OTHERS_MAY_READ = 0o044

/** What a file holds that only its owner may read. Throws Failure when others may, when it is empty or cannot be read. */
export async function readSecretFile(path: string): Promise<string> {
  const text = await readPrivateFile(path).catch((error: unknown) => {
    if (error instanceof Failure) throw error
    throw new Failure('usage', `The token file ${path} cannot be read: ${messageOf(error)}.`)
  })
  const secret = text.trim()
  if (secret === '') throw new Failure('usage', `The token file ${path} is empty.`)
  return secret
}

/** The text of a file; throws Failure when its group or everybody may read it. */
export async function readPrivateFile(path: string): Promise<string> {
  const file = await open(path, 'r')
  try {
    // Of the open file: the one behind the name may be another by now.
    const { mode } = await file.stat()
    if (process.platform !== 'win32' && (mode & OTHERS_MAY_READ) !== 0) {
      throw new Failure(
        'usage',
        `${path} holds a secret, and others may read it (mode ${(mode & 0o777).toString(8)}).`,
        `Make it yours alone: chmod 600 '${path}'`,
      )
    }
    return await file.readFile('utf8')
  } finally {
    await file.close()
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Writes a secret to a file that only its owner may read. A file that is there is replaced. */
export async function writeSecretFile(path: string, secret: string): Promise<void> {
  const draft = `${path}.${randomUUID()}`
  try {
    await writeFile(draft, `${secret}\n`, { mode: 0o600, flag: 'wx' })
    await rename(draft, path)
  } catch (error) {
    await rm(draft, { force: true })
    throw new Failure('failed', `${path} cannot be written: ${messageOf(error)}.`, `The secret is: ${secret}`)
  }
}
