import { SHARED_VARIABLES } from './shared-variables.ts'

/**
 * All that some program of ours reads. They find the same environment, so each must know the others' variables: these are no
 * misspellings. No program may import another, so their names stand here; a test compares them with what each declares.
 */
export const ALL_VARIABLES: readonly string[] = [
  ...Object.keys(SHARED_VARIABLES),
  // The API.
  'SWITCHYARD_ADMIN_TOKEN',
  'SWITCHYARD_COORDINATOR_TOKENS',
  'SWITCHYARD_ALLOWED_ORIGINS',
  'SWITCHYARD_WEBHOOK_SECRET',
  'SWITCHYARD_WEBHOOK_LIMIT_BYTES',
  'SWITCHYARD_RULES_FILE',
  'SWITCHYARD_BOT_USER',
  // The dispatcher.
  'SWITCHYARD_HOSTS_FILE',
  'SWITCHYARD_DISPATCH_INTERVAL_SECONDS',
  'SWITCHYARD_RECONNECT_SECONDS',
  'SWITCHYARD_ORPHAN_TIMEOUT_SECONDS',
  'SWITCHYARD_HOST_CHECK_SECONDS',
  'SWITCHYARD_ALLOW_PASSWORDS',
  'SWITCHYARD_RETENTION_DAYS',
  'SWITCHYARD_DELIVERY_RETENTION_DAYS',
  'SWITCHYARD_HEALTH_HOST',
  'SWITCHYARD_HEALTH_PORT',
  // npm start.
  'SWITCHYARD_DATA_DIR',
  // The command line.
  'SWITCHYARD_URL',
  'SWITCHYARD_TOKEN',
  'SWITCHYARD_REQUIRE_OUTPUT',
]
