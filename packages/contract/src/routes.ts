import * as agents from './routes/agents.ts'
import * as claims from './routes/claims.ts'
import * as hosts from './routes/hosts.ts'
import * as mcp from './routes/mcp.ts'
import * as operations from './routes/operations.ts'
import * as reads from './routes/reads.ts'
import * as tasks from './routes/tasks.ts'
import * as webhooks from './routes/webhooks.ts'

/** Every operation of the API, by its operationId. */
export const ROUTES = {
  ...webhooks,
  ...tasks,
  ...claims,
  ...agents,
  ...hosts,
  ...reads,
  ...mcp,
  ...operations,
}
