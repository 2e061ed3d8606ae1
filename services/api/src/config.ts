import { ALL_VARIABLES, loadConfig, SHARED_VARIABLES, Type } from '@switchyard/platform'
import type { Environment, Static } from '@switchyard/platform'

/** Every variable the API reads; nothing else of it reads the environment. docs/configuration.md is made from this. */
export const ApiVariables = Type.Object({
  ...SHARED_VARIABLES,
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
})
export type ApiConfig = Readonly<Static<typeof ApiVariables>>

/** Reads the API's configuration. Throws ConfigError naming everything that is wrong. */
export function readConfig(environment: Environment): { config: ApiConfig; warnings: readonly string[] } {
  return loadConfig(ApiVariables, environment, { knownElsewhere: ALL_VARIABLES })
}
