/** How a coding agent is run with nobody watching. docs/presets.md says what was seen of each, and its traps. */
export interface Preset {
  /** What it is called by those who make it. */
  readonly title: string
  /** argv. The prompt is its standard input. Further arguments may follow it. */
  readonly command: readonly [string, ...string[]]
  readonly env: Readonly<Record<string, string>>
}

// Nobody is there to answer, whoever asks; and an agent that did something says so, while one whose model said nothing may exit with 0.
const UNATTENDED = { GIT_TERMINAL_PROMPT: '0', GH_PROMPT_DISABLED: '1', SWITCHYARD_REQUIRE_OUTPUT: '1' }

/** The commands that are known by a name, for `agent run --preset`, hosts and `hosts add --preset`. */
export const PRESETS = {
  claude: {
    title: 'Claude Code',
    command: ['claude', '--print', '--dangerously-skip-permissions'],
    env: { ...UNATTENDED, DISABLE_AUTOUPDATER: '1', CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1' },
  },
  codex: {
    title: 'Codex CLI',
    command: ['codex', 'exec', '--dangerously-bypass-approvals-and-sandbox', '--skip-git-repo-check', '-'],
    env: UNATTENDED,
  },
  opencode: {
    title: 'opencode',
    command: ['opencode', 'run'],
    env: { ...UNATTENDED, OPENCODE_DISABLE_AUTOUPDATE: '1', OPENCODE_PERMISSION: '{"*":"allow"}' },
  },
  gemini: {
    title: 'Gemini CLI',
    command: ['gemini', '--yolo'],
    env: { ...UNATTENDED, GEMINI_CLI_TRUST_WORKSPACE: 'true' },
  },
} as const satisfies Readonly<Record<string, Preset>>

export type PresetName = keyof typeof PRESETS

export const PRESET_NAMES = Object.keys(PRESETS) as readonly PresetName[]

/** Whether there is a preset of this name. */
export function isPresetName(name: string): name is PresetName {
  return Object.hasOwn(PRESETS, name)
}

/** What to run when this was said on a command line: the preset with further arguments, or only the words. */
export function withArguments(
  name: PresetName | undefined,
  words: readonly string[],
): { readonly command: readonly string[]; readonly env: Readonly<Record<string, string>> } {
  if (name === undefined) return { command: words, env: {} }
  const { command, env }: Preset = PRESETS[name]
  return { command: [...command, ...words], env }
}

/** What to run: a preset or a command, and the environment that it is to have. */
export interface CommandChoice {
  readonly preset: PresetName | null
  readonly command: readonly string[] | null
  readonly env: Readonly<Record<string, string>>
}

export type ResolvedCommand =
  | { readonly ok: true; readonly command: readonly string[]; readonly env: Readonly<Record<string, string>> }
  | { readonly ok: false; readonly message: string }

/**
 * The command and the environment of a host that names a preset or a command; not ok when it names both or neither. What
 * the host says of the environment comes after what the preset says.
 */
export function resolveCommand({ preset, command, env }: CommandChoice): ResolvedCommand {
  if (preset !== null && command !== null)
    return { ok: false, message: `must not stand beside preset: choose one. ${WRITE_IT_OUT}` }
  if (preset !== null) {
    const known: Preset = PRESETS[preset]
    return { ok: true, command: known.command, env: { ...known.env, ...env } }
  }
  if (command === null)
    return { ok: false, message: `is missing: give the argv, or a preset: ${PRESET_NAMES.join(', ')}` }
  return { ok: true, command, env }
}

const WRITE_IT_OUT = 'To change what a preset runs, write its command out.'
