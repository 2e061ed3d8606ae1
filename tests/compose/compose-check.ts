// `npm run test:compose`: the image and docker-compose.yml as they are used, with three dispatchers. Needs Docker; not part of
// `npm test`. Where builds have no network of their own: npm run test:compose -- --build-network host
import { parseArgs } from 'node:util'
import { Scenario } from './scenario.ts'
import { Stack } from './stack.ts'

/** Far more than the check needs on a slow machine. */
const GIVE_UP_MINUTES = 10

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { 'build-network': { type: 'string' } } })
  const stack = await Stack.prepare()
  const over = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => over.abort(new Error(`received ${signal}`)))
  }
  const giveUp = setTimeout(() => over.abort(new Error('it takes too long')), GIVE_UP_MINUTES * 60_000)
  try {
    console.log('building the image …')
    await stack.build(values['build-network'])
    console.log(`starting ${stack.project} …`)
    await stack.up(over.signal)
    const scenario = await Scenario.begin(stack, over.signal)
    await scenario.calm()
    await scenario.postgresRestart()
    await scenario.stop()
    scenario.end()
  } catch (error) {
    console.error(await stack.logs().catch(String))
    throw error
  } finally {
    clearTimeout(giveUp)
    over.abort()
    await stack.down()
  }
}

main().catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
