export { LauncherConfig } from './config.ts'
export {
  startEmbeddedPostgres,
  THROWAWAY_SETTINGS,
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
} from './postgres/embedded-postgres.ts'
export { LockedError } from './directory-lock.ts'
export { launch, type LaunchOptions } from './launch.ts'
export { startService, type ServiceOptions, type ServiceProcess } from './service-process.ts'
