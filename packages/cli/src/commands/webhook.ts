import { createHmac } from 'node:crypto'
import { Command, Option } from '@commander-js/extra-typings'
import type { Client } from '@switchyard/client'
import { EXIT_CODES } from '../exit-codes.ts'
import { Failure, SilentExit } from '../failure.ts'
import { readAll } from '../input.ts'
import { withSession } from '../session.ts'
import { readSecretFile } from '../settings/secret-file.ts'
import { findRunningInstance } from '../settings/running-instance.ts'
import type { World } from '../world.ts'
import { withExamples } from './examples.ts'
import { words } from './option-values.ts'
import { renderExplanation } from './webhook/render.ts'
import { SAMPLE_EVENTS, samplePayload } from './webhook/samples.ts'

const FORGES = ['forgejo', 'gitea'] as const

/** `switchyard webhook …` */
export function webhookCommand(world: World) {
  return new Command('webhook')
    .description('Try what the forge would deliver.')
    .addCommand(testWebhook(world))
}

function testWebhook(world: World) {
  const command = new Command('test')
    .description(
      'Show what would become of a delivery, and why: whether its signature fits, which rule matches, which task it makes. Nothing is created.',
    )
    .addOption(
      new Option('--event <event>', 'what the sample is about')
        .choices(SAMPLE_EVENTS)
        .default('issues' as const),
    )
    .option('--action <action>', 'the action of the event (default: one that usually triggers)')
    .option(
      '--labels <labels>',
      'the labels of the issue or pull request, comma separated (default: agent)',
      words,
    )
    .option('--no-labels', 'no labels')
    .option('--repository <name>', 'the repository', 'acme/shop')
    .option('--sender <login>', 'who did it', 'trillian')
    .option('--comment <text>', 'the comment, or the text of the review', '/agent please')
    .option('--payload <file>', 'a payload of your own instead of the sample; - is standard input')
    .option('--delivery <id>', 'a delivery that arrived, tried once more; its signature is not kept')
    .addOption(new Option('--forge <forge>', 'who sends it').choices(FORGES).default('forgejo' as const))
    .option(
      '--secret-file <file>',
      'the secret to sign with (default: SWITCHYARD_WEBHOOK_SECRET, or that of the instance here)',
    )
    .addHelpText(
      'after',
      '\nIt ends with 0 when the signature fits and there would be a task, else with 1. A delivery that arrived is not signed again.',
    )
    .action((options) =>
      withSession(world, command, async ({ api, out, settings }) => {
        const delivery =
          options.delivery === undefined
            ? await signedDelivery(world, settings.url, options)
            : await keptDelivery(api, options.delivery)
        const { isSigned, ...request } = delivery
        const answer = await api.explainDelivery(request)
        out.show(answer, () => renderExplanation(answer, isSigned, out.style))
        const isProven = options.delivery !== undefined || answer.signature.valid
        if (!isProven || answer.outcome !== 'task') throw new SilentExit(EXIT_CODES.failed.code)
      }),
    )
  return withExamples(
    command,
    'webhook test',
    'webhook test --event issue_comment --comment "/agent fix it" --no-labels',
    'webhook test --event push --repository acme/shop --secret-file webhook-secret',
    'webhook test --payload recorded.json --event pull_request',
    'webhook test --delivery 0199c2f4-8a51-7c3e-9a0b-5d1f4e6a7b8c',
  )
}

interface Delivery {
  readonly forge: (typeof FORGES)[number]
  readonly headers: Record<string, string>
  readonly body: string
  readonly isSigned: boolean
}

interface SampleOptions {
  readonly event: (typeof SAMPLE_EVENTS)[number]
  readonly action?: string | undefined
  readonly labels?: readonly string[] | boolean | undefined
  readonly repository: string
  readonly sender: string
  readonly comment: string
  readonly payload?: string | undefined
  readonly forge: (typeof FORGES)[number]
  readonly secretFile?: string | undefined
}

async function signedDelivery(world: World, url: string, options: SampleOptions): Promise<Delivery> {
  const { event, action, repository, sender, comment, forge, labels } = options
  const names = labels === false ? [] : Array.isArray(labels) ? (labels as readonly string[]) : ['agent']
  const body =
    options.payload === undefined
      ? JSON.stringify(samplePayload(event, { repository, sender, labels: names, action, comment }))
      : await readAll(world, options.payload, 'the payload')
  const secret = await findSecret(world, url, options.secretFile)
  const name = forge === 'forgejo' ? 'Forgejo' : 'Gitea'
  return {
    forge,
    body,
    isSigned: secret !== null,
    headers: {
      'Content-Type': 'application/json',
      [`X-${name}-Event`]: event,
      [`X-${name}-Event-Type`]: event,
      ...(secret === null
        ? {}
        : { [`X-${name}-Signature`]: createHmac('sha256', secret).update(body).digest('hex') }),
    },
  }
}

/** A flag, the environment, or the instance that runs here when it is the one that is asked. Of several the first is used. */
async function findSecret(world: World, url: string, file: string | undefined): Promise<string | null> {
  if (file !== undefined) return readSecretFile(file)
  const given = (world.env['SWITCHYARD_WEBHOOK_SECRET'] ?? '').split(',')[0]?.trim() ?? ''
  if (given !== '') return given
  const running = await findRunningInstance(world)
  if (running?.url !== url) return null
  return readSecretFile(`${running.directory}/webhook-secret`).catch((error: unknown) => {
    if (error instanceof Failure) return null
    throw error
  })
}

async function keptDelivery(api: Client, id: string): Promise<Delivery> {
  const { forge, headers, body } = await api.getDelivery({ delivery_id: id })
  return { forge, headers: { ...headers }, body, isSigned: false }
}
