export { ApiVariables, readConfig } from './config.ts'
export type { ApiConfig } from './config.ts'
export { InvalidRulesError, startApi } from './start.ts'
export type { ApiOverrides, RunningApi } from './start.ts'
