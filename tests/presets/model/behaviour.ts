/** What the stub of a model does. A prompt asks for it, so that runs at the same time do not meet. */
export const BEHAVIOURS = [
  'answers',
  'uses_a_tool',
  'answers_nothing',
  'refuses_the_key',
  'refuses_for_now',
  'fails',
  'stays_silent',
] as const

export type Behaviour = (typeof BEHAVIOURS)[number]

/** What a request of a coding agent says, whichever the API. */
export interface ModelRequest {
  /** The names of the tools on offer. */
  readonly tools: readonly string[]
  /** A tool was used already. */
  readonly afterTool: boolean
}

export type ModelReply =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'tool'; readonly name: string; readonly input: Readonly<Record<string, unknown>> }
  | { readonly kind: 'status'; readonly status: 401 | 429 | 500 }
  | { readonly kind: 'silence' }

export const ANSWER = 'All is well.'
export const ANSWER_AFTER_TOOL = 'The tool was used.'

/** What the tool is asked to run: it leaves a result, outside of the directory that the agent works in. */
export const TOOL_COMMAND =
  'echo made > made-by-tool && printf \'{"summary":"Made by a tool.","branch":"made-by-tool"}\' > "$SWITCHYARD_RESULT_FILE"'

/** Decides what the stub replies. Anything that is no conversation of a test is answered. */
export function replyTo(behaviour: Behaviour, { tools, afterTool }: ModelRequest): ModelReply {
  switch (behaviour) {
    case 'answers':
      return { kind: 'text', text: ANSWER }
    case 'uses_a_tool': {
      const shell = shellTool(tools)
      // Agents also ask for titles and the like, with no tools on offer.
      if (shell === null) return { kind: 'text', text: ANSWER }
      return afterTool ? { kind: 'text', text: ANSWER_AFTER_TOOL } : { kind: 'tool', ...shell }
    }
    case 'answers_nothing':
      return { kind: 'text', text: '' }
    case 'refuses_the_key':
      return { kind: 'status', status: 401 }
    case 'refuses_for_now':
      return { kind: 'status', status: 429 }
    case 'fails':
      return { kind: 'status', status: 500 }
    case 'stays_silent':
      return { kind: 'silence' }
  }
}

/** How each agent calls the tool that runs a command, and what that takes. */
const SHELL_TOOLS: Readonly<Record<string, (command: string) => Readonly<Record<string, unknown>>>> = {
  Bash: (command) => ({ command, description: 'Makes it' }),
  bash: (command) => ({ command, description: 'Makes it' }),
  exec_command: (cmd) => ({ cmd }),
  shell_command: (command) => ({ command }),
  shell: (command) => ({ command: ['sh', '-c', command] }),
  run_shell_command: (command) => ({ command, description: 'Makes it' }),
}

function shellTool(tools: readonly string[]): Pick<ModelReply & { kind: 'tool' }, 'name' | 'input'> | null {
  const name = tools.find((each) => Object.hasOwn(SHELL_TOOLS, each))
  const input = name === undefined ? undefined : SHELL_TOOLS[name]?.(TOOL_COMMAND)
  return name === undefined || input === undefined ? null : { name, input }
}
