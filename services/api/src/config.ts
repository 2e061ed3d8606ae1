import { LOG_LEVELS, loadConfig, Type } from '@switchyard/platform'
import type { Environment, Static } from '@switchyard/platform'

/** Every variable the API reads, and nothing else reads the environment. docs/configuration.md is made from this. */
export const ApiVariables = Type.Object({
  DATABASE_URL: Type.String({ minLength: 1, secret: true, description: 'PostgreSQL 15 or newer.' }),
  HOST: Type.String({ default: '127.0.0.1', description: 'Address to listen on; the image sets 0.0.0.0.' }),
  PORT: Type.Integer({ minimum: 0, maximum: 65_535, default: 8080, description: 'Port to listen on.' }),
  SWITCHYARD_ADMIN_TOKEN: Type.Array(Type.String({ minLength: 16 }), {
    minItems: 1,
    secret: true,
    description: 'Bearer token of the role admin; several while rotating.',
  }),
  SWITCHYARD_COORDINATOR_TOKENS: Type.Array(Type.String({ minLength: 16 }), {
    default: [],
    secret: true,
    description: 'Bearer tokens of the role coordinator.',
  }),
  SWITCHYARD_ALLOWED_ORIGINS: Type.Array(Type.String({ pattern: '^https?://[^/\\s]+$' }), {
    default: [],
    description: 'Origins of web pages that may call `/mcp`, beside those of this machine.',
  }),
  SWITCHYARD_WEBHOOK_SECRET: Type.Array(Type.String({ minLength: 1 }), {
    minItems: 1,
    secret: true,
    description: 'Shared secret of the webhooks in the forge; several while rotating.',
  }),
  SWITCHYARD_WEBHOOK_LIMIT_BYTES: Type.Integer({
    minimum: 1_024,
    default: 10 * 1_048_576,
    description: 'Largest delivery that is accepted.',
  }),
  SWITCHYARD_RULES_FILE: Type.Optional(
    Type.String({ description: 'Rules that turn deliveries into tasks; without it the built-in ones.' }),
  ),
  SWITCHYARD_BOT_USER: Type.Optional(
    Type.String({ minLength: 1, description: 'Login under which agents act on the forge.' }),
  ),
  SWITCHYARD_START_SECONDS: Type.Number({
    exclusiveMinimum: 0,
    default: 30,
    description: 'A claimed task that did not start within this goes back to the queue.',
  }),
  SWITCHYARD_LEASE_SECONDS: Type.Number({
    exclusiveMinimum: 0,
    default: 90,
    description: 'How long a lease lasts; heartbeats are due every third of it.',
  }),
  SWITCHYARD_UNDECIDED_TIMEOUT_SECONDS: Type.Number({
    minimum: 0,
    default: 30,
    description: 'Undecided tasks pending for longer become http_pull.',
  }),
  SWITCHYARD_MAX_DELIVERIES: Type.Integer({
    minimum: 1,
    default: 20,
    description: 'A task handed out and given back this often fails as undeliverable.',
  }),
  SWITCHYARD_LOG_LIMIT_BYTES: Type.Integer({
    minimum: 1_024,
    default: 16 * 1_048_576,
    description: 'Log bytes kept of one attempt.',
  }),
  SWITCHYARD_SHUTDOWN_GRACE_SECONDS: Type.Number({
    exclusiveMinimum: 0,
    default: 25,
    description: 'How long an orderly stop may take.',
  }),
  SWITCHYARD_DATABASE_CONNECTIONS: Type.Integer({
    minimum: 1,
    maximum: 1_000,
    default: 10,
    description: 'Most connections to PostgreSQL a process holds.',
  }),
  SWITCHYARD_LISTEN: Type.Enum(['on', 'off'], {
    default: 'on',
    description:
      'off: behind PgBouncer in transaction mode. No LISTEN, no prepared statements; news of others comes by polling.',
  }),
  LOG_LEVEL: Type.Enum([...LOG_LEVELS], {
    default: 'info',
    description: 'Least severe lines that are logged.',
  }),
})
export type ApiConfig = Readonly<Static<typeof ApiVariables>>

/** What other parts of the same deployment read: no misspellings. */
const READ_ELSEWHERE = [
  'SWITCHYARD_DATA_DIR',
  'SWITCHYARD_HOSTS_FILE',
  'SWITCHYARD_ALLOW_PASSWORDS',
  'SWITCHYARD_DISPATCH_INTERVAL_SECONDS',
  'SWITCHYARD_HOST_CHECK_SECONDS',
  'SWITCHYARD_ORPHAN_TIMEOUT_SECONDS',
  'SWITCHYARD_RECONNECT_SECONDS',
  'SWITCHYARD_RETENTION_DAYS',
  'SWITCHYARD_DELIVERY_RETENTION_DAYS',
  'SWITCHYARD_HEALTH_HOST',
  'SWITCHYARD_HEALTH_PORT',
]

/** Reads the API's configuration. Throws ConfigError naming everything that is wrong. */
export function readConfig(environment: Environment): { config: ApiConfig; warnings: readonly string[] } {
  return loadConfig(ApiVariables, environment, { knownElsewhere: READ_ELSEWHERE })
}
