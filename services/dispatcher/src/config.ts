import { ALL_VARIABLES, loadConfig, SHARED_VARIABLES, Type } from '@switchyard/platform'
import type { Environment, LoadedConfig, Static } from '@switchyard/platform'

/** Everything that the dispatcher reads from its environment. */
export const DispatcherConfig = Type.Object({
  ...SHARED_VARIABLES,
  SWITCHYARD_HOSTS_FILE: Type.Optional(
    Type.String({ description: 'A YAML file of hosts, applied at every start (hosts.example.yaml).' }),
  ),
  SWITCHYARD_DISPATCH_INTERVAL_SECONDS: Type.Number({
    exclusiveMinimum: 0,
    default: 10,
    description: 'The time between two dispatch cycles.',
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
})
export type DispatcherConfig = Readonly<Static<typeof DispatcherConfig>>

/** Reads and checks the environment. Throws ConfigError naming all bad variables together. */
export function readConfig(env: Environment): LoadedConfig<typeof DispatcherConfig> {
  return loadConfig(DispatcherConfig, env, { knownElsewhere: ALL_VARIABLES })
}
