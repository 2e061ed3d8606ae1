import { randomBytes } from 'node:crypto'
import { Argument, Command } from '@commander-js/extra-typings'
import { outputFor } from '../session.ts'
import type { World } from '../world.ts'
import { registerAgent, replaceToken } from './agents/tokens.ts'
import { withExamples } from './examples.ts'

/** Enough that nobody guesses it. */
const SECRET_BYTES = 24

const KINDS = ['admin', 'coordinator', 'webhook'] as const

const PLACES = {
  admin:
    'Put it into SWITCHYARD_ADMIN_TOKEN of the API and restart it. Several may stand there, comma separated, while you replace one.',
  coordinator: 'Add it to SWITCHYARD_COORDINATOR_TOKENS of the API, comma separated, and restart it.',
  webhook:
    'Put it into SWITCHYARD_WEBHOOK_SECRET of the API and restart it, and into the webhook in the forge. Several may stand there, comma separated, while you replace one.',
} as const satisfies Record<(typeof KINDS)[number], string>

/** `switchyard tokens …` */
export function tokensCommand(world: World) {
  return new Command('tokens')
    .description('Make tokens and secrets, and replace those of agents.')
    .addCommand(generateToken(world))
    .addCommand(registerAgent(world, 'create', 'tokens create'))
    .addCommand(replaceToken(world, 'rotate', 'tokens rotate'))
}

function generateToken(world: World) {
  const command = new Command('generate')
    .description(
      'Make a token of an administrator or coordinator, or the secret of a webhook, to put into the configuration.',
    )
    .addArgument(new Argument('<kind>', 'what it is for').choices(KINDS))
    .action((kind) => {
      const out = outputFor(world, command)
      // Letters, digits, - and _ need no quoting in shells, headers and files.
      const token = randomBytes(SECRET_BYTES).toString('base64url')
      out.show({ kind, token }, () => `${token}\n`)
      if (!out.isJson) out.note(out.style.dim(PLACES[kind]))
    })
  return withExamples(command, 'tokens generate coordinator', 'tokens generate webhook > webhook-secret')
}
