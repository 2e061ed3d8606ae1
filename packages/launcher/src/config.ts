import { LOG_LEVELS, Type } from '@switchyard/platform'

/** What the launcher itself reads. Everything else in the environment goes to the services as it is. */
export const LauncherConfig = Type.Object({
  DATABASE_URL: Type.Optional(
    Type.String({ secret: true, description: 'A PostgreSQL of your own. Unset: a private one is started.' }),
  ),
  HOST: Type.String({ default: '127.0.0.1', description: 'The address on which the API listens.' }),
  PORT: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 65_535,
      description:
        'The port on which the API listens. Unset: 8080, or the next one that is free. 0: any free port.',
    }),
  ),
  SWITCHYARD_DATA_DIR: Type.String({
    default: '.switchyard',
    description: 'Holds the private PostgreSQL, the generated secrets and the logs.',
  }),
  SWITCHYARD_ADMIN_TOKEN: Type.Optional(
    Type.String({
      secret: true,
      description: 'The bearer token of the administrator. Unset: generated once and kept.',
    }),
  ),
  SWITCHYARD_WEBHOOK_SECRET: Type.Optional(
    Type.String({
      secret: true,
      description: 'Signs webhooks; several, comma separated. Unset: generated once and kept.',
    }),
  ),
  SWITCHYARD_HEALTH_PORT: Type.Integer({
    minimum: 0,
    maximum: 65_535,
    default: 0,
    description: "The port of the dispatcher's /healthz, /readyz and /metrics. 0: any free port.",
  }),
  LOG_LEVEL: Type.Optional(
    Type.Enum(LOG_LEVELS, { description: 'Set: the services log to the terminal too, from this level on.' }),
  ),
})
