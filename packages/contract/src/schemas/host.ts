import { AGENT_ID_PATTERN, FINDING_OUTCOMES, HOST_CHECK_SUBJECTS, PRESET_NAMES } from '@switchyard/core'
import Type from 'typebox'
import { AgentId, Labels, NextCursor, nullable, text, Timestamp } from './common.ts'

const HostKey = Type.String({
  pattern: '^SHA256:[A-Za-z0-9+/]{43}$',
  description: 'As `ssh-keygen -lf` prints it. A host that shows another key is refused.',
})

/** Those that begin with `_sy_` are used by the program that starts the command. */
export const ENVIRONMENT_NAME = '^(?!_sy_)[A-Za-z_][A-Za-z0-9_]*$'

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
  private_key_passphrase_variable: nullable(
    Type.String({
      pattern: '^SSH_PASSPHRASE_[A-Za-z0-9_]{1,64}$',
      description: "The variable of the dispatcher's environment with the passphrase of an encrypted key.",
    }),
  ),
  password_variable: nullable(
    Type.String({
      pattern: '^SSH_PASSWORD_[A-Za-z0-9_]{1,64}$',
      description:
        "The variable of the dispatcher's environment with the password to log in with instead of a key. Refused unless " +
        'the dispatchers run with SWITCHYARD_ALLOW_PASSWORDS=true.',
    }),
  ),
  proxy_jump: nullable(
    Type.String({
      pattern: AGENT_ID_PATTERN,
      description:
        'The id of the host through which this one is reached; that one may itself be behind another.',
    }),
  ),
  host_key_sha256: HostKey,
  labels: Labels,
  max_concurrent: Type.Integer({
    minimum: 1,
    maximum: 1_000,
    description: 'Most runs on it at a time, of all dispatchers together.',
  }),
  command: Type.Array(text({ maxLength: 4_096 }), {
    minItems: 1,
    maxItems: 256,
    description: 'argv. The prompt goes to its standard input; nothing is ever pasted into a shell line.',
    examples: [['claude', '-p']],
  }),
  workdir: nullable(
    text({
      minLength: 1,
      maxLength: 4_096,
      description: 'Where the command runs; it must exist. null: where a login begins.',
    }),
  ),
  env: Type.Record(Type.String({ pattern: ENVIRONMENT_NAME }), text({ maxLength: 32_768 }), {
    additionalProperties: false,
  }),
  timeout_seconds: Type.Integer({
    minimum: 1,
    maximum: 7 * 24 * 3_600,
    description: 'A command that takes longer is ended, and its attempt fails as `timed_out`.',
  }),
  paused: Type.Boolean({ description: 'A paused host gets no new task.' }),
}

const finding = Type.Object({
  outcome: Type.Enum([...FINDING_OUTCOMES], {
    description: '`unknown`: something before it kept the check from looking.',
  }),
  message: Type.String({ description: 'What was found and, when it is a problem, what to do about it.' }),
})

const HostFindings = Type.Object({
  checked_at: Timestamp,
  findings: Type.Object(
    Object.fromEntries(HOST_CHECK_SUBJECTS.map((subject) => [subject, finding])) as Record<
      (typeof HOST_CHECK_SUBJECTS)[number],
      typeof finding
    >,
    { description: 'While `launcher`, `workdir` or `command` is a problem, the host gets no tasks.' },
  ),
  clock_skew_seconds: nullable(Type.Integer({ description: "Its clock minus the dispatcher's." })),
  free_disk_bytes: nullable(Type.Integer({ description: 'On the file system of the run folders.' })),
  remote_user: nullable(Type.String()),
  remote_system: nullable(Type.String({ description: 'As `uname -srm` prints it.' })),
})

export const Host = Type.Object({
  id: AgentId,
  ...definition,
  held: Type.Integer({ description: 'Tasks that run on it now.' }),
  failures: Type.Integer({ description: 'Failed dials in a row.' }),
  cooling_down_until: nullable(Timestamp),
  last_error: nullable(Type.String()),
  shown_host_key_sha256: nullable(Type.String({ description: 'What it showed at the last dial or check.' })),
  checked_at: nullable(Timestamp),
  last_check: nullable(HostFindings),
  blocked_reason: nullable(
    Type.String({ description: 'Why it gets no tasks until a check is good: every run would fail there.' }),
  ),
  last_seen_at: nullable(Timestamp),
  created_at: Timestamp,
  updated_at: Timestamp,
})

/** What PUT /hosts fills in. Also the defaults of the hosts file. */
export const HOST_DEFAULTS = {
  port: 22,
  private_key_path: null,
  private_key_passphrase_variable: null,
  password_variable: null,
  proxy_jump: null,
  labels: [],
  max_concurrent: 1,
  workdir: null,
  env: {},
  timeout_seconds: 3_600,
  paused: false,
} as const

/** May be left out, and is then what HOST_DEFAULTS says. */
function defaulted<const Name extends keyof typeof HOST_DEFAULTS>(name: Name) {
  return Type.Optional({ ...definition[name], default: HOST_DEFAULTS[name] })
}

export const HostDefinition = Type.Object(
  {
    ...definition,
    command: Type.Optional(definition.command),
    preset: Type.Optional(
      Type.Enum([...PRESET_NAMES], {
        description:
          'In place of `command`: a coding agent that is known, with the command and the environment in which it runs with ' +
          'nobody watching. `env` is added to its environment. The host shows what came of it.',
      }),
    ),
    port: defaulted('port'),
    private_key_path: defaulted('private_key_path'),
    private_key_passphrase_variable: defaulted('private_key_passphrase_variable'),
    password_variable: defaulted('password_variable'),
    proxy_jump: defaulted('proxy_jump'),
    labels: defaulted('labels'),
    max_concurrent: defaulted('max_concurrent'),
    workdir: defaulted('workdir'),
    env: defaulted('env'),
    timeout_seconds: defaulted('timeout_seconds'),
    paused: defaulted('paused'),
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
  found: HostFindings,
})
