import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { TaskFailure } from '@switchyard/client'

const run = promisify(execFile)
/** Of a task's repository only `owner/name` is taken, of characters that mean nothing to git, a URL or a path. */
const NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}\/[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/
const PLACEHOLDER = '{repository}'
const SHOWN_CHARACTERS = 500

/** Where a repository is cloned from. Throws TaskFailure for a name that is none. */
export function repositoryUrl(template: string, repository: string): string {
  if (NAME.test(repository)) return template.replaceAll(PLACEHOLDER, repository)
  const message = `${JSON.stringify(repository)} is not the name of a repository: owner/name is expected.`
  throw new TaskFailure(message, { code: 'repository_refused', retryable: false })
}

/**
 * Clones a repository into an empty directory, at its default branch. The objects come from a copy that is kept for the next task;
 * branches, configuration and `origin` are the clone's own, so that no attempt sees what another left.
 */
export async function cloneRepository(options: {
  readonly url: string
  readonly cacheDirectory: string
  readonly directory: string
  readonly env: NodeJS.ProcessEnv
  readonly signal: AbortSignal
}): Promise<void> {
  const { url, cacheDirectory, directory } = options
  const cache = join(cacheDirectory, `${createHash('sha256').update(url).digest('hex').slice(0, 32)}.git`)
  try {
    await refresh(cache, url, options)
    await git(['clone', '--quiet', '--reference-if-able', cache, '--', url, directory], options)
  } catch (error) {
    options.signal.throwIfAborted()
    const { stderr, message } = error as Error & { stderr?: string }
    const said = (stderr ?? message).trim().slice(-SHOWN_CHARACTERS)
    throw new TaskFailure(`${url} cannot be cloned: ${said}`, { code: 'repository_unavailable' })
  }
}

async function refresh(cache: string, url: string, options: GitOptions): Promise<void> {
  if (existsSync(cache)) {
    // Only saves time: when it fails, as it may beside another fetch, the clone brings what is missing.
    await git(['-C', cache, 'fetch', '--quiet', 'origin', '+refs/heads/*:refs/heads/*'], options).catch(
      () => undefined,
    )
    return
  }
  await mkdir(dirname(cache), { recursive: true, mode: 0o700 })
  const draft = `${cache}.${String(process.pid)}-${String(performance.now())}`
  try {
    // Nothing is ever removed from it: clones borrow its objects.
    await git(['clone', '--quiet', '--bare', '--config', 'gc.auto=0', '--', url, draft], options)
    await rename(draft, cache)
  } catch (error) {
    // Another task was faster.
    if (!existsSync(cache)) throw error
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}

interface GitOptions {
  readonly env: NodeJS.ProcessEnv
  readonly signal: AbortSignal
}

async function git(args: readonly string[], { env, signal }: GitOptions): Promise<void> {
  await run('git', [...args], { signal, env: { ...env, GIT_TERMINAL_PROMPT: '0' } })
}
