import { Command } from '@commander-js/extra-typings'
import { isProblem, type Client, type HostDefinition } from '@switchyard/client'
import { PRESET_NAMES, withArguments } from '@switchyard/core'
import { EXIT_CODES } from '../../exit-codes.ts'
import { Failure, SilentExit } from '../../failure.ts'
import { withProgress } from '../../output/progress.ts'
import { withSession, type Session } from '../../session.ts'
import type { World } from '../../world.ts'
import { askYesOrNo } from '../ask.ts'
import { withExamples } from '../examples.ts'
import { presetOption, wholeNumber, words } from '../option-values.ts'
import { isGood, renderCheck } from './check.ts'

const FINGERPRINT = /^SHA256:[A-Za-z0-9+/]{43}$/
/** The fingerprint of no key: a host that is to be asked for its own is let in by nobody. */
const NO_FINGERPRINT = `SHA256:${'A'.repeat(43)}`
const LARGEST_PORT = 65_535

/** `switchyard hosts add` */
export function addHost(world: World) {
  const command = new Command('add')
    .description(
      'Add an SSH host. A dispatcher asks it for its key, and you say whether that is the right one.',
    )
    .argument('<host>', 'the id that it is to have')
    .argument('<address>', 'user@address, as a dispatcher reaches it')
    .argument(
      '[command...]',
      'behind --: what runs there, the prompt on its standard input; with --preset: arguments to add to it',
    )
    .addOption(presetOption('a coding agent that is known'))
    .option('--port <number>', 'the port of its SSH server (default: 22)', wholeNumber(1, LARGEST_PORT))
    .option('--key <file>', "the private key, on the dispatcher's machine (default: its ssh-agent)")
    .option('--jump <host>', 'the host through which it is reached')
    .option('-l, --labels <labels>', 'what it offers, comma separated', words)
    .option('--max-concurrent <number>', 'how many tasks at once (default: 1)', wholeNumber(1))
    .option('--workdir <directory>', 'where the command runs')
    .option('--timeout <seconds>', 'the time limit of one run (default: 3600)', wholeNumber(1))
    .option('--paused', 'give it no tasks yet')
    .option(
      '--accept-fingerprint <fingerprint>',
      'the fingerprint that it must show, as ssh-keygen -l prints it: nothing is asked then',
    )
    .option('--replace', 'there may be a host of this id: it gets this definition')
    .action((id, address, argv, options) =>
      withSession(world, command, async (session) => {
        const { acceptFingerprint: given } = options
        if (given !== undefined && !FINGERPRINT.test(given)) {
          throw new Failure(
            'usage',
            `“${given}” is no fingerprint.`,
            'It is SHA256: and 43 characters, as ssh-keygen -l prints it.',
          )
        }
        const run = withArguments(options.preset, argv)
        if (run.command.length === 0) {
          throw new Failure(
            'usage',
            'It is not said what to run there.',
            `Name a preset with --preset (${PRESET_NAMES.join(', ')}), or put the command behind --.`,
          )
        }
        if (options.replace !== true) await refuseKnown(session.api, id)
        const definition: Omit<HostDefinition, 'host_key_sha256'> = {
          ...whereIs(address),
          port: options.port,
          private_key_path: options.key,
          proxy_jump: options.jump,
          labels: options.labels,
          max_concurrent: options.maxConcurrent,
          workdir: options.workdir,
          timeout_seconds: options.timeout,
          command: [...run.command],
          env: run.env,
        }
        const fingerprint =
          given ?? (await askForKey(world, session, id, definition, options.replace === true))
        const host = { ...definition, host_key_sha256: fingerprint, paused: options.paused ?? false }
        await putAndCheck(world, session, id, host)
      }),
    )
  return withExamples(
    command,
    'hosts add build agent@build.example.org --labels linux,docker --preset claude',
    'hosts add build agent@build.example.org --key /etc/switchyard/key --accept-fingerprint SHA256:… -- ./work',
  )
}

function whereIs(text: string): { user: string; address: string } {
  const at = text.lastIndexOf('@')
  if (at <= 0)
    throw new Failure(
      'usage',
      `“${text}” does not say as whom to log in.`,
      'It looks like agent@build.example.org',
    )
  return { user: text.slice(0, at), address: text.slice(at + 1) }
}

async function refuseKnown(api: Client, id: string): Promise<void> {
  try {
    await api.getHost({ host_id: id })
  } catch (error) {
    if (isProblem(error, 'host_not_found')) return
    throw error
  }
  throw new Failure(
    'conflict',
    `There already is a host ${id}.`,
    'Choose another id, or give --replace to define it anew.',
  )
}

/**
 * Lets a dispatcher look which key the host shows, and asks whether to trust it. For that the host is known for a moment, paused and
 * with a fingerprint that no key has; when the answer is no, it is taken away again.
 */
async function askForKey(
  world: World,
  { api, out }: Session,
  id: string,
  definition: Omit<HostDefinition, 'host_key_sha256'>,
  isReplacement: boolean,
): Promise<string> {
  if (isReplacement || world.stdin.isTTY !== true) {
    throw new Failure(
      'usage',
      isReplacement
        ? 'A host that is there is only redefined with a fingerprint.'
        : 'There is no terminal to ask on.',
      'Give --accept-fingerprint SHA256:…, as ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub prints it on the host.',
    )
  }
  await api.putHost({ host_id: id, ...definition, host_key_sha256: NO_FINGERPRINT, paused: true })
  let isTrusted = false
  try {
    const check = await withProgress(world, `A dispatcher looks at ${id}`, () =>
      api.checkHost({ host_id: id }),
    )
    const shown = check.shown_host_key_sha256
    if (shown === null) {
      throw new Failure(
        'failed',
        `${id} showed no key: ${check.error ?? 'nobody knows why'}.`,
        'Nothing was added. Is the address right, and does the dispatcher reach it?',
      )
    }
    out.note(
      `${id} shows the key ${out.style.bold(shown)}.\nCompare it with what this prints on the host itself: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub`,
    )
    isTrusted = await askYesOrNo(world, 'Is it the same?')
    if (!isTrusted) throw new Failure('failed', 'The key is not trusted: nothing was added.')
    return shown
  } finally {
    if (!isTrusted) await api.deleteHost({ host_id: id })
  }
}

async function putAndCheck(
  world: World,
  { api, out }: Session,
  id: string,
  host: HostDefinition,
): Promise<void> {
  const put = await api.putHost({ host_id: id, ...host })
  if (!out.isJson) out.write(`${id} is configured${put.paused ? ', and paused' : ''}.\n`)
  const check = await withProgress(world, `A dispatcher checks ${id}`, () => api.checkHost({ host_id: id }))
  out.show(check, () => renderCheck(check, out.style))
  if (!isGood(check)) throw new SilentExit(EXIT_CODES.failed.code)
}
