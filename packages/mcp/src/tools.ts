import type { Tool } from './tool.ts'
import { CLAIM_TOOLS } from './tools/claim.ts'
import { CREATE_TOOLS } from './tools/create.ts'
import { FIND_TOOLS } from './tools/find.ts'
import { LOG_TOOLS } from './tools/log.ts'
import { REPORT_TOOLS } from './tools/report.ts'
import { STEER_TOOLS } from './tools/steer.ts'
import { WATCH_TOOLS } from './tools/watch.ts'
import { WORKER_TOOLS } from './tools/workers.ts'

/** Every tool: first those for whoever wants work done, then those for whoever does it. */
export const TOOLS: readonly Tool[] = [
  ...FIND_TOOLS,
  ...CREATE_TOOLS,
  ...STEER_TOOLS,
  ...WATCH_TOOLS,
  ...LOG_TOOLS,
  ...WORKER_TOOLS,
  ...CLAIM_TOOLS,
  ...REPORT_TOOLS,
]
