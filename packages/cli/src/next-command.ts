import type { ProblemCode } from '@switchyard/client'

const MISTAKE = 'This is a mistake in switchyard, not yours; the request id finds it in the log of the API.'
const ANOTHER_SERVER = 'Either the URL is wrong, or the server is of another version than this command.'

/** What to do after a refusal, as a command line. The API's own `next` names calls of HTTP. */
export const NEXT_COMMAND: Readonly<Record<ProblemCode, string>> = {
  malformed_json: MISTAKE,
  invalid_request: 'Correct what is named above; --help shows what the command takes.',
  invalid_state:
    'Where it stands: switchyard tasks show <task>. One that has ended comes back with switchyard tasks rerun, one that somebody holds ends with switchyard tasks cancel.',
  mode_mismatch:
    'Who is on which track: switchyard agents list. SSH hosts have commands of their own: switchyard hosts',
  unauthenticated:
    'A new token of an agent: switchyard agents token <agent>. Which token is used: switchyard config show',
  bad_signature: 'What is wrong with it: switchyard webhook test --help',
  forbidden:
    'Use the token of an administrator or a coordinator: --token-file, SWITCHYARD_TOKEN or --context.',
  not_your_task: 'An agent sees its own tasks alone; with the token of a coordinator: switchyard tasks list',
  origin_not_allowed: MISTAKE,
  route_not_found: ANOTHER_SERVER,
  task_not_found: 'Find its id: switchyard tasks list',
  agent_not_found: 'Find its id: switchyard agents list. Or make it: switchyard agents register <agent>',
  host_not_found: 'Find its id: switchyard hosts list. Or make it: switchyard hosts add <host> <address>',
  delivery_not_found: 'Find its id: switchyard deliveries list',
  method_not_allowed: ANOTHER_SERVER,
  agent_exists:
    'If it is yours, get it a new token: switchyard agents token <agent>. Else choose another id; switchyard agents list shows those taken.',
  agent_in_use:
    'Its tasks: switchyard tasks list --agent <agent>. Pause it (switchyard agents pause <agent>), cancel them or assign them to somebody else, then delete it.',
  lease_lost: 'Why it is where it is: switchyard tasks why <task>',
  already_active:
    'Wait for that one (switchyard tasks logs -f <task>) or end it (switchyard tasks cancel <task>), then do this again.',
  payload_too_large:
    'Send less: a long text can stand in a file of the repository, and the prompt can name it.',
  unsupported_media_type: MISTAKE,
  wrong_offset: MISTAKE,
  idempotency_key_reused:
    'What the key made: switchyard tasks show <task>. For another task give another --idempotency-key, or none.',
  internal_error:
    'Look whether it was carried out before you do it again; if it goes wrong again, tell the operator the request id.',
  database_unavailable:
    'Try again in some seconds. What makes something new may have been carried out: look first, with switchyard tasks list or switchyard agents list.',
  dispatcher_unavailable:
    'Which dispatchers are alive: switchyard queue --once. What was found since: switchyard hosts show <host>',
}
