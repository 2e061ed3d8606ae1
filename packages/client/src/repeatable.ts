import { OPERATIONS } from './wire/operations.ts'

export type OperationName = keyof typeof OPERATIONS

/**
 * Those that do nothing more when they come twice, beside reading and replacing: the server recognises a repetition by
 * its key, its lease token or its offset, or the second one changes nothing.
 */
const RECOGNISED: ReadonlySet<OperationName> = new Set<OperationName>([
  'createTask',
  'assignTask',
  'cancelTask',
  'dequeueTask',
  'heartbeatTask',
  'appendTaskLog',
  'completeTask',
  'failTask',
  'releaseTask',
  'explainDelivery',
  'updateAgent',
  'deleteAgent',
  'deleteHost',
  'checkHost',
])

/** May this call be made again when nobody knows whether it was carried out? The others are left to the caller, who may look first. */
export function isRepeatable(operation: OperationName): boolean {
  const { method } = OPERATIONS[operation]
  return method === 'GET' || method === 'PUT' || RECOGNISED.has(operation)
}
