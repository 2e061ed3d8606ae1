import type { Environment } from '@switchyard/platform'
import type { Secrets } from './secrets.ts'

export interface ServiceFacts {
  readonly databaseUrl: string
  readonly dataDirectory: string
  readonly host: string
  readonly port: number
  readonly healthPort: number
  readonly secrets: Secrets
}

/** What each service finds in its environment: ours, with everything that the launcher has settled. */
export function serviceEnvironments(
  env: Environment,
  facts: ServiceFacts,
): { api: Record<string, string>; dispatcher: Record<string, string> } {
  const shared = { DATABASE_URL: facts.databaseUrl, SWITCHYARD_DATA_DIR: facts.dataDirectory }
  const forApi = {
    HOST: facts.host,
    PORT: String(facts.port),
    SWITCHYARD_ADMIN_TOKEN: facts.secrets.adminToken.value,
    SWITCHYARD_WEBHOOK_SECRET: facts.secrets.webhookSecret.value,
  }
  const forDispatcher = { SWITCHYARD_HEALTH_PORT: String(facts.healthPort) }
  // What is settled for one service is not left lying about, in its older form, for the other.
  const settled = Object.keys({ ...shared, ...forApi, ...forDispatcher })
  const rest = without(env, new Set(settled.flatMap((name) => [name, `${name}_FILE`])))
  return { api: { ...rest, ...shared, ...forApi }, dispatcher: { ...rest, ...shared, ...forDispatcher } }
}

function without(env: Environment, names: ReadonlySet<string>): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const [name, value] of Object.entries(env))
    if (value !== undefined && !names.has(name)) kept[name] = value
  return kept
}
