import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { measureLaunchDelay } from './launch-delay.ts'
import { LOG_LIMIT_BYTES, measureLogThroughput } from './log-throughput.ts'
import { describeMachine, load, opensshVersion } from './machine.ts'
import { measureManyRuns } from './many-runs.ts'
import { measureOutputDelay } from './output-delay.ts'
import { writePage } from './page.ts'
import { startWorld, type World } from './world.ts'

/** `npm run bench:ssh`: measures SSH runs against OpenSSH on this machine, and writes docs/bench/ssh-runs.md and .json. */
async function main(): Promise<void> {
  const machine = { ...describeMachine(), openssh: opensshVersion() }
  const results = {
    machine,
    launchDelay: await measured('claim to command', measureLaunchDelay),
    outputDelay: await measured('output to reader', measureOutputDelay),
    logThroughput: await measured('log throughput', measureLogThroughput),
    manyRuns: await measured('many runs', measureManyRuns),
  }
  const place = (file: string): string => fileURLToPath(new URL(`../../docs/bench/${file}`, import.meta.url))
  await writeFile(place('ssh-runs.json'), `${JSON.stringify(results, null, 2)}\n`)
  await writeFile(place('ssh-runs.md'), writePage(results))
}

/** Each on a world of its own, so that none inherits the memory or the rows of the one before. */
async function measured<T>(
  name: string,
  measure: (world: World) => Promise<T>,
): Promise<T & { readonly load: number }> {
  console.log(`${name} …`)
  const world = await startWorld({
    servers: HOSTS,
    environment: { SWITCHYARD_LOG_LIMIT_BYTES: String(LOG_LIMIT_BYTES) },
  })
  try {
    const loadBefore = load()
    const result = { ...(await measure(world)), load: Math.max(loadBefore, load()) }
    console.log(result)
    return result
  } catch (error) {
    console.error(await world.stack.logs())
    throw error
  } finally {
    await world.stop()
  }
}

const HOSTS = 4

await main()
