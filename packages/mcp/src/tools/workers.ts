import type { Operations } from '@switchyard/client'
import { ROUTES } from '@switchyard/contract'
import { inputOf, outputOf } from '../schemas.ts'
import { tool } from '../tool.ts'

type Page = NonNullable<Parameters<Operations['listAgents']>[0]>

export const WORKER_TOOLS = [
  tool<Record<string, never>>({
    name: 'get_queue',
    title: 'Look at the queue',
    description:
      'How much there is to do and who is there to do it: numbers by status and execution_mode, the age of the oldest waiting task, and the dispatchers that are alive. Use it for an overview before you look at single tasks.',
    operation: 'getQueue',
    effect: 'reads',
    repeatable: true,
    input: inputOf('getQueue'),
    output: outputOf({ queue: ROUTES.getQueue.answers[200].schema }),
    async run(_input, { api, signal }) {
      const queue = await api.getQueue(undefined, { signal })
      return { next: 'Call find_tasks for the tasks behind a number, explain_task for why one waits.', queue }
    },
  }),
  tool<Page>({
    name: 'list_agents',
    title: 'List agents and hosts',
    description:
      'List everybody who can do tasks: agents that take them (http_pull) and hosts that run them (ssh_cli), with their labels, what they hold, and when they were last seen. Use it to choose an agent_id for assign_task.',
    operation: 'listAgents',
    effect: 'reads',
    repeatable: true,
    input: inputOf('listAgents'),
    output: outputOf(ROUTES.listAgents.answers[200].schema.properties),
    async run(input, { api, signal }) {
      const page = await api.listAgents(input, { signal })
      return { next: afterList('list_agents', page.next_cursor), ...page }
    },
  }),
  tool<Page>({
    name: 'list_hosts',
    title: 'List SSH hosts',
    description:
      'List the SSH hosts with their command, labels, slots and what the last check found: why a host gets no tasks stands in last_error, blocked_reason or cooling_down_until.',
    operation: 'listHosts',
    effect: 'reads',
    repeatable: true,
    input: inputOf('listHosts'),
    output: outputOf(ROUTES.listHosts.answers[200].schema.properties),
    async run(input, { api, signal }) {
      const page = await api.listHosts(input, { signal })
      return { next: afterList('list_hosts', page.next_cursor), ...page }
    },
  }),
]

function afterList(name: string, cursor: string | null): string {
  const more = cursor === null ? 'That is all.' : `There are more: call ${name} with cursor "${cursor}".`
  return `${more} Call assign_task with one of the ids as agent_id to give it a task.`
}
