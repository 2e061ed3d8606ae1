import { Failure } from '../failure.ts'
import type { World } from '../world.ts'
import { readConfigFile, type Context } from './config-file.ts'
import type { GlobalOptions } from './global-options.ts'
import { findRunningInstance } from './running-instance.ts'
import { readSecretFile } from './secret-file.ts'

/** Which API is spoken to and as whom, and where each was found. */
export interface Settings {
  /** Without a slash at its end. */
  readonly url: string
  readonly urlFrom: string
  /** null: none was found. */
  readonly token: string | null
  readonly tokenFrom: string | null
}

interface Found {
  readonly value: string
  readonly from: string
}

/** A place that knows an API, and perhaps its token. */
interface Place {
  readonly url: string
  readonly from: string
  readonly token: () => Promise<Found | null>
}

/**
 * Finds the API: flags, then environment, then the configuration file, then the instance that `npm start` or `switchyard up` runs in
 * this directory or above. A token that stands beside a URL is only ever sent to that URL. Throws Failure when there is no URL.
 */
export async function resolveSettings(world: World, options: GlobalOptions): Promise<Settings> {
  const place = await findPlace(world, options)
  const token = (await givenToken(world, options)) ?? (await place.token())
  return {
    url: place.url,
    urlFrom: place.from,
    token: token?.value ?? null,
    tokenFrom: token?.from ?? null,
  }
}

async function findPlace(world: World, options: GlobalOptions): Promise<Place> {
  const { env } = world
  if (options.url !== undefined) return placeOf(options.url, '--url', () => knownPlaces(world, options))
  if (options.context !== undefined) {
    const chosen = await contextPlace(world, options)
    if (chosen !== null) return chosen
  }
  const fromEnvironment = env['SWITCHYARD_URL'] ?? ''
  if (fromEnvironment !== '') {
    return placeOf(fromEnvironment, 'SWITCHYARD_URL', () => knownPlaces(world, options))
  }
  const [known] = await knownPlaces(world, options)
  if (known !== undefined) return known
  throw new Failure(
    'usage',
    'It is not known which Switchyard is meant.',
    'Set SWITCHYARD_URL and SWITCHYARD_TOKEN (or --url and --token), write a configuration file (switchyard config --help),\nor start one here: switchyard up',
  )
}

/** A URL from a flag or the environment; its token may be known from a place with the same URL. */
function placeOf(url: string, from: string, known: () => Promise<readonly Place[]>): Place {
  const checked = checkedUrl(url, from)
  const token = async (): Promise<Found | null> => {
    const same = (await known()).find((place) => place.url === checked)
    return (await same?.token()) ?? null
  }
  return { url: checked, from, token }
}

async function knownPlaces(world: World, options: GlobalOptions): Promise<Place[]> {
  const places = [await contextPlace(world, options), await runningPlace(world)]
  return places.filter((place) => place !== null)
}

async function contextPlace(world: World, options: GlobalOptions): Promise<Place | null> {
  const file = await readConfigFile(world, options.config)
  const name = options.context ?? file.current
  if (name === null) return null
  const context = file.contexts.get(name)
  if (context === undefined) {
    const known = [...file.contexts.keys()].join(', ')
    throw new Failure(
      'usage',
      `${file.path} has no context “${name}”.`,
      known === '' ? 'It has none at all; how it is written: switchyard config --help' : `It has: ${known}.`,
    )
  }
  const from = `context “${name}” of ${file.path}`
  return { url: checkedUrl(context.url, from), from, token: () => contextToken(context, from) }
}

async function contextToken(context: Context, from: string): Promise<Found | null> {
  if (context.token !== null) return { value: context.token, from }
  if (context.tokenFile === null) return null
  return { value: await readSecretFile(context.tokenFile), from: `${context.tokenFile}, for the ${from}` }
}

async function runningPlace(world: World): Promise<Place | null> {
  const running = await findRunningInstance(world)
  if (running === null) return null
  const token = (): Promise<Found | null> =>
    running.tokenFile === null
      ? Promise.resolve(null)
      : readSecretFile(running.tokenFile).then((value) => ({ value, from: running.tokenFile ?? '' }))
  return { url: running.url, from: `the instance that runs in ${running.directory}`, token }
}

async function givenToken({ env }: World, options: GlobalOptions): Promise<Found | null> {
  if (options.token !== undefined) return { value: options.token, from: '--token' }
  if (options.tokenFile !== undefined) {
    return { value: await readSecretFile(options.tokenFile), from: options.tokenFile }
  }
  // Who names a context wants its token, whatever the environment holds for other calls.
  if (options.context !== undefined) return null
  const token = env['SWITCHYARD_TOKEN'] ?? ''
  if (token !== '') return { value: token, from: 'SWITCHYARD_TOKEN' }
  const file = env['SWITCHYARD_TOKEN_FILE'] ?? ''
  return file === '' ? null : { value: await readSecretFile(file), from: `SWITCHYARD_TOKEN_FILE (${file})` }
}

/** The URL without a slash at its end. Throws Failure when it is none of HTTP. */
export function checkedUrl(text: string, from: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') {
    throw new Failure(
      'usage',
      `${from}: “${text}” is not the URL of an API.`,
      'It looks like https://switchyard.example.org or http://127.0.0.1:8080.',
    )
  }
  if (url.username !== '' || url.password !== '') {
    throw new Failure(
      'usage',
      `${from}: the URL holds a name or password.`,
      'Leave them out; the token is given on its own.',
    )
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`
}
