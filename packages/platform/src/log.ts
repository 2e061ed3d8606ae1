import { pino, type DestinationStream, type Logger } from 'pino'

export type Log = Logger

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** Whatever is logged under one of these names, down to the fourth level, is replaced by [hidden]. */
const SECRET_NAMES = [
  'authorization',
  'Authorization',
  'cookie',
  'token',
  'tokens',
  'access_token',
  'admin_token',
  'adminToken',
  'lease_token',
  'leaseToken',
  'secret',
  'secrets',
  'webhook_secret',
  'webhookSecret',
  'password',
  'passphrase',
  'private_key',
  'privateKey',
  'signature',
  'connectionString',
  'DATABASE_URL',
  'SWITCHYARD_ADMIN_TOKEN',
  'SWITCHYARD_WEBHOOK_SECRET',
  'x-forgejo-signature',
  'x-gitea-signature',
  'x-gogs-signature',
  'x-hub-signature',
  'x-hub-signature-256',
]

const REDACTED_PATHS = ['', '*.', '*.*.', '*.*.*.'].flatMap((prefix) =>
  SECRET_NAMES.map((name) => (prefix === '' ? `["${name}"]` : `${prefix.slice(0, -1)}["${name}"]`)),
)

/**
 * JSON lines on stdout, one object each: level, time (ISO 8601), service, then what the caller says. Children made by
 * `log.child({ taskId })` hide the same names.
 */
export function createLog(
  { level, service }: { level: LogLevel; service: string },
  destination: DestinationStream = pino.destination({ fd: 1, sync: true }),
): Log {
  return pino(
    {
      level,
      base: { service },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: pino.stdSerializers.err, err: pino.stdSerializers.err },
      redact: { paths: REDACTED_PATHS, censor: '[hidden]' },
    },
    destination,
  )
}
