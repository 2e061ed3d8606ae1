import Type from 'typebox'
import { AgentId, Labels, NextCursor, nullable, text, Timestamp } from './common.ts'

const HostKey = Type.String({
  pattern: '^SHA256:[A-Za-z0-9+/]{43}$',
  description: 'As `ssh-keygen -lf` prints it. A host that shows another key is refused.',
})

const definition = {
  address: Type.String({
    pattern: '^[A-Za-z0-9:][A-Za-z0-9._:-]{0,254}$',
    description: 'Name or IP address.',
  }),
  port: Type.Integer({ minimum: 1, maximum: 65_535 }),
  user: Type.String({ pattern: '^[A-Za-z0-9_][A-Za-z0-9._@\\\\-]{0,63}$' }),
  private_key_path: nullable(
    text({ minLength: 1, maxLength: 1_024, description: "On the dispatcher's machine; null: ssh-agent." }),
  ),
  host_key_sha256: HostKey,
  labels: Labels,
  max_concurrent: Type.Integer({ minimum: 1, maximum: 1_000 }),
  command: Type.Array(text({ maxLength: 4_096 }), {
    minItems: 1,
    maxItems: 256,
    description: 'argv. The prompt goes to its standard input; nothing is ever pasted into a shell line.',
    examples: [['claude', '-p']],
  }),
  workdir: nullable(text({ minLength: 1, maxLength: 4_096 })),
  env: Type.Record(Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]*$' }), text({ maxLength: 32_768 }), {
    additionalProperties: false,
  }),
  timeout_seconds: Type.Integer({ minimum: 1, maximum: 7 * 24 * 3_600 }),
  paused: Type.Boolean(),
}

export const Host = Type.Object({
  id: AgentId,
  ...definition,
  held: Type.Integer({ description: 'Tasks that run on it now.' }),
  failures: Type.Integer({ description: 'Failed dials in a row.' }),
  cooling_down_until: nullable(Timestamp),
  last_error: nullable(Type.String()),
  shown_host_key_sha256: nullable(Type.String({ description: 'What it showed at the last dial or check.' })),
  checked_at: nullable(Timestamp),
  last_seen_at: nullable(Timestamp),
  created_at: Timestamp,
  updated_at: Timestamp,
})

export const HostDefinition = Type.Object(
  {
    ...definition,
    port: Type.Optional(definition.port),
    private_key_path: Type.Optional(definition.private_key_path),
    labels: Type.Optional(definition.labels),
    max_concurrent: Type.Optional(definition.max_concurrent),
    workdir: Type.Optional(definition.workdir),
    env: Type.Optional(definition.env),
    timeout_seconds: Type.Optional(definition.timeout_seconds),
    paused: Type.Optional(definition.paused),
  },
  {
    additionalProperties: false,
    examples: [
      {
        address: '127.0.0.1',
        user: 'agent',
        host_key_sha256: 'SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
        command: ['claude', '-p'],
      },
    ],
  },
)

export const HostList = Type.Object({ hosts: Type.Array(Host), next_cursor: NextCursor })

export const HostCheck = Type.Object({
  reachable: Type.Boolean({
    description: 'A dispatcher connected and authenticated, and the host key is the expected one.',
  }),
  host_key_matches: nullable(Type.Boolean({ description: 'null: the host showed no key.' })),
  shown_host_key_sha256: nullable(Type.String()),
  error: nullable(Type.String()),
  checked_at: Timestamp,
})

/** What PUT /hosts fills in. Also the defaults of the hosts file. */
export const HOST_DEFAULTS = {
  port: 22,
  private_key_path: null,
  labels: [],
  max_concurrent: 1,
  workdir: null,
  env: {},
  timeout_seconds: 3_600,
  paused: false,
} as const
