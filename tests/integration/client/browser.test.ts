import { fileURLToPath } from 'node:url'
import { createContext, runInContext } from 'node:vm'
import { describe, expect, it } from '@jest/globals'
import type * as Client from '@switchyard/client'
import { build } from 'esbuild'
import { postAgent, postTask } from '../../support/api.ts'
import { useTestApi } from '../../support/use-test-api.ts'

const { api } = useTestApi()
const ENTRY = fileURLToPath(new URL('../../../packages/client/src/index.ts', import.meta.url))

/** What the client finds in a browser and uses. Nothing of Node is among it: no process, no Buffer, no require. */
const OF_BROWSERS = {
  ...{ AbortController, AbortSignal, DOMException, TextDecoder, TextEncoder, URL, URLSearchParams },
  ...{ clearTimeout, crypto, fetch, performance, setTimeout },
}

describe('the client in a browser', () => {
  it('is one bundle without anything of Node in it, and works on a task there', async () => {
    // For this platform esbuild fails at every import that a browser does not have.
    const { outputFiles, metafile } = await build({
      entryPoints: [ENTRY],
      bundle: true,
      write: false,
      platform: 'browser',
      format: 'iife',
      globalName: 'switchyard',
      metafile: true,
      logLevel: 'silent',
    })
    const strangers = Object.keys(metafile.inputs).filter((path) => !path.includes('packages/client/src/'))
    expect(strangers).toEqual([])
    const page = createContext({ ...OF_BROWSERS })
    const script = `${outputFiles[0]?.text ?? ''}\nswitchyard`
    const { createClient } = runInContext(script, page) as typeof Client

    const agent = await postAgent(api)
    const { id } = await postTask(api, { requires: agent.labels })
    const client = createClient({ baseUrl: api.url, token: agent.token })
    const events: Client.WorkEvent[] = []
    const worker = client.work(
      (task, { log }) => {
        log(`working on ${task.title}: ✓\n`)
        void worker.stop()
        return { summary: 'done in a page' }
      },
      { agentId: agent.id, onEvent: (event) => events.push(event) },
    )
    await worker.finished
    const ended = await api.call('GET', `/api/v1/tasks/${id}`)
    expect(ended.body).toMatchObject({ status: 'succeeded', result: { summary: 'done in a page' } })
    expect((await api.call('GET', `/api/v1/tasks/${id}/logs`)).text).toContain('✓')
  })
})
