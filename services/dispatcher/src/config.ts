import { loadConfig, LOG_LEVELS, Type } from '@switchyard/platform'
import type { Environment, LoadedConfig, Static } from '@switchyard/platform'

const MEBIBYTE = 1024 * 1024

/** Everything that the dispatcher reads from its environment. */
export const DispatcherConfig = Type.Object({
  DATABASE_URL: Type.String({
    minLength: 1,
    secret: true,
    description: 'The PostgreSQL that all services share.',
  }),
  SWITCHYARD_HOSTS_FILE: Type.Optional(
    Type.String({ description: 'A YAML file of hosts, applied at every start (hosts.example.yaml).' }),
  ),
  SWITCHYARD_DISPATCH_INTERVAL_SECONDS: Type.Number({
    exclusiveMinimum: 0,
    default: 10,
    description: 'The time between two dispatch cycles.',
  }),
  SWITCHYARD_UNDECIDED_TIMEOUT_SECONDS: Type.Number({
    minimum: 0,
    default: 30,
    description: 'An undecided task that no host took within this time becomes http_pull.',
  }),
  SWITCHYARD_START_SECONDS: Type.Number({
    exclusiveMinimum: 0,
    default: 30,
    description: 'A claimed task must be started on its host within this time.',
  }),
  SWITCHYARD_LEASE_SECONDS: Type.Number({
    exclusiveMinimum: 0,
    default: 90,
    description:
      'How long a running task stays ours without a sign of life. It is renewed three times as often.',
  }),
  SWITCHYARD_RECONNECT_SECONDS: Type.Number({
    minimum: 0,
    default: 120,
    description:
      'How long a dispatcher itself tries to reach the host of a run again. Then any replica may: the task is orphaned.',
  }),
  SWITCHYARD_ORPHAN_TIMEOUT_SECONDS: Type.Number({
    minimum: 0,
    default: 3600,
    description: 'An orphaned task whose host nobody could ask within this time is given up.',
  }),
  SWITCHYARD_MAX_DELIVERIES: Type.Integer({
    minimum: 1,
    default: 20,
    description: 'A task that was handed out this often without being started fails as undeliverable.',
  }),
  SWITCHYARD_HOST_CHECK_SECONDS: Type.Number({
    minimum: 0,
    default: 300,
    description:
      'Each host that is not paused is checked this often, by one replica. 0: only when somebody asks for it.',
  }),
  SWITCHYARD_ALLOW_PASSWORDS: Type.Boolean({
    default: false,
    description: 'Whether hosts with a password_variable may be logged in to with that password.',
  }),
  SWITCHYARD_LOG_LIMIT_BYTES: Type.Integer({
    minimum: 0,
    default: 16 * MEBIBYTE,
    description: 'How much output is kept of one attempt: half of it from the beginning, half from the end.',
  }),
  SWITCHYARD_RETENTION_DAYS: Type.Integer({
    minimum: 1,
    default: 30,
    description: 'How long tasks are kept after they ended, with their events and logs.',
  }),
  SWITCHYARD_DELIVERY_RETENTION_DAYS: Type.Integer({
    minimum: 1,
    default: 14,
    description: 'How long webhook deliveries are kept.',
  }),
  SWITCHYARD_SHUTDOWN_GRACE_SECONDS: Type.Number({
    minimum: 0,
    default: 25,
    description:
      'How long a stop may take before the process ends anyway. Runs go on on their hosts and are handed over, which takes a moment.',
  }),
  SWITCHYARD_DATABASE_CONNECTIONS: Type.Integer({
    minimum: 1,
    default: 10,
    description:
      'Most database connections for runs at a time; two more are for the dispatch cycles, and one listens for news.',
  }),
  SWITCHYARD_LISTEN: Type.Enum(['on', 'off'], {
    default: 'on',
    description:
      'off: behind PgBouncer in transaction mode. No LISTEN, no prepared statements; news of others comes by polling.',
  }),
  SWITCHYARD_HEALTH_HOST: Type.String({
    default: '127.0.0.1',
    description: 'The address of /healthz, /readyz and /metrics.',
  }),
  SWITCHYARD_HEALTH_PORT: Type.Integer({
    minimum: 0,
    maximum: 65_535,
    default: 8081,
    description: 'The port of /healthz, /readyz and /metrics. 0: any free port.',
  }),
  SSH_AUTH_SOCK: Type.Optional(
    Type.String({ description: 'The ssh-agent that has the keys of hosts without a private_key_path.' }),
  ),
  LOG_LEVEL: Type.Enum(LOG_LEVELS, {
    default: 'info',
    description: 'The least severe level that is logged.',
  }),
})
export type DispatcherConfig = Readonly<Static<typeof DispatcherConfig>>

/** Variables of the other service: both find the same environment. */
const READ_BY_THE_API = [
  ...['HOST', 'PORT', 'SWITCHYARD_ADMIN_TOKEN', 'SWITCHYARD_COORDINATOR_TOKENS', 'SWITCHYARD_WEBHOOK_SECRET'],
  ...[
    'SWITCHYARD_RULES_FILE',
    'SWITCHYARD_BOT_USER',
    'SWITCHYARD_ALLOWED_ORIGINS',
    'SWITCHYARD_WEBHOOK_LIMIT_BYTES',
    'SWITCHYARD_DATA_DIR',
  ],
]

/** Reads and checks the environment. Throws ConfigError naming all bad variables together. */
export function readConfig(env: Environment): LoadedConfig<typeof DispatcherConfig> {
  return loadConfig(DispatcherConfig, env, { knownElsewhere: READ_BY_THE_API })
}
