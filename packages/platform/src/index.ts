export { abortWith } from './abort-with.ts'
export { Type, type Static } from 'typebox'
export { ConfigError, type ConfigProblem } from './config/config-error.ts'
export { ALL_VARIABLES } from './config/all-variables.ts'
export { loadConfig, type LoadedConfig } from './config/load-config.ts'
export { SHARED_VARIABLES } from './config/shared-variables.ts'
export { renderConfigTable } from './config/config-table.ts'
export { type Environment } from './config/read-variable.ts'
export { createLog, LOG_LEVELS, type Log, type LogLevel } from './log.ts'
export { createMetrics, type Metrics } from './metrics.ts'
export { Counter, Gauge, Histogram } from 'prom-client'
export { fixedClock, systemClock, type Clock, type FixedClock } from './clock.ts'
export { createLifecycle, type Lifecycle, type LifecycleOptions } from './lifecycle.ts'
export { stopWhenParentDies } from './parent-watch.ts'
export {
  createHealthServer,
  type HealthServer,
  type HealthServerOptions,
  type Readiness,
} from './health-server.ts'
export * from './yaml/index.ts'
