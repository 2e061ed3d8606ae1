import Type from 'typebox'
import { LOG_LEVELS } from '../log.ts'

/** What both services read and go by: give both the same value. */
export const SHARED_VARIABLES = {
  DATABASE_URL: Type.String({
    minLength: 1,
    secret: true,
    description: 'PostgreSQL 15 or newer, the one that all services share.',
  }),
  SWITCHYARD_START_SECONDS: Type.Number({
    exclusiveMinimum: 0,
    default: 30,
    description: 'A claimed task that did not start within this goes back to the queue.',
  }),
  SWITCHYARD_LEASE_SECONDS: Type.Number({
    exclusiveMinimum: 0,
    default: 90,
    description: 'How long a lease lasts without a sign of life; heartbeats are due every third of it.',
  }),
  SWITCHYARD_UNDECIDED_TIMEOUT_SECONDS: Type.Number({
    minimum: 0,
    default: 30,
    description: 'Undecided tasks that no host took within this become http_pull.',
  }),
  SWITCHYARD_MAX_DELIVERIES: Type.Integer({
    minimum: 1,
    default: 20,
    description: 'A task that was handed out this often without being started fails as undeliverable.',
  }),
  SWITCHYARD_LOG_LIMIT_BYTES: Type.Integer({
    minimum: 1_024,
    default: 16 * 1_048_576,
    description:
      'How much is kept of the log of one attempt. Of a run on a host half of it is from the beginning, half from the end.',
  }),
  SWITCHYARD_SHUTDOWN_GRACE_SECONDS: Type.Number({
    exclusiveMinimum: 0,
    default: 25,
    description:
      'How long a stop may take before the process ends anyway. Runs on hosts go on and are handed over, which takes a moment.',
  }),
  SWITCHYARD_DATABASE_CONNECTIONS: Type.Integer({
    minimum: 1,
    maximum: 1_000,
    default: 10,
    description:
      'Most connections to PostgreSQL that a process works with. One more listens for news, and a dispatcher has two more for its cycles.',
  }),
  SWITCHYARD_LISTEN: Type.Enum(['on', 'off'], {
    default: 'on',
    description:
      'off: behind PgBouncer in transaction mode. No LISTEN, no prepared statements; news of others comes by polling.',
  }),
  LOG_LEVEL: Type.Enum([...LOG_LEVELS], {
    default: 'info',
    description: 'The least severe level that is logged.',
  }),
}
