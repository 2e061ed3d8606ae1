import type { ProblemCode } from '@switchyard/client'

/** The next call to make after a refusal, in the names of the tools. The API's own `next` names calls of HTTP. */
export const NEXT_CALL: Readonly<Record<ProblemCode, string>> = {
  malformed_json: 'Call the tool again with text that can be sent as JSON.',
  invalid_request: 'Correct what `errors` lists and call the tool again.',
  invalid_state:
    'Call get_task before you decide. rerun_task brings a task back that has ended, cancel_task ends one that somebody holds, watch_task waits for another status.',
  mode_mismatch: 'Call list_agents and choose one whose execution_mode fits, or leave execution_mode out.',
  unauthenticated:
    'No tool will work with this token. Ask the user for a valid one; it belongs into the configuration of this MCP server.',
  origin_not_allowed:
    'No tool will work from here. Tell the user to add the origin to SWITCHYARD_ALLOWED_ORIGINS of the API.',
  bad_signature: 'Tell the user: the secret of the webhook and that of the API differ.',
  forbidden:
    'Do not repeat it. Tell the user which role it takes (`allowed_roles`); a token of an agent takes tasks for that agent only.',
  not_your_task: 'Leave this task alone. Call take_task for one of your own.',
  route_not_found: 'Tell the user that the API is older than this MCP server.',
  task_not_found: 'Call find_tasks and use an id that it lists.',
  agent_not_found: 'Call list_agents and use an id that it lists, or ask the user to register the agent.',
  host_not_found: 'Call list_hosts and use an id that it lists.',
  delivery_not_found: 'Go on without it: old deliveries are deleted.',
  method_not_allowed: 'Tell the user that the API is older than this MCP server.',
  agent_exists: 'Choose another id.',
  agent_in_use: 'Call find_tasks with this agent_id; cancel_task or assign_task each that is unfinished.',
  lease_lost:
    'Stop working on this task, push nothing, report nothing more for it. Call take_task for new work.',
  already_active:
    'Call watch_task with the id in `task_id` until that task has ended, or cancel_task it; then call rerun_task again.',
  payload_too_large: 'Send less: `limit_bytes` is the most.',
  unsupported_media_type: 'Call the tool again; if it happens again, tell the user that the API is older.',
  wrong_offset:
    'Call append_task_log with `offset` = `expected_offset` and only the text from that byte on; not at all when there is none.',
  idempotency_key_reused:
    'Call get_task with the id in `task_id` for the task that the key made. For another one call create_task with a new idempotency_key, or none.',
  internal_error: 'Give `request_id` to the user if it happens again.',
  database_unavailable: 'Tell the user that the database is away if it stays like this for minutes.',
  dispatcher_unavailable:
    'Call get_queue: `dispatchers` lists those alive. Tell the user to start one if there is none.',
}
