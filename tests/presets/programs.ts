import type { PresetName } from '@switchyard/core'

/** A coding agent as it is tried: which version, and how it is told to ask the stub of its model. */
export interface Program {
  readonly package: string
  readonly version: string
  readonly env: (modelUrl: string) => Readonly<Record<string, string>>
  /** Files in its home directory. */
  readonly files: (modelUrl: string) => Readonly<Record<string, string>>
}

/** The one place that says which versions are tried. */
export const PROGRAMS: Readonly<Record<PresetName, Program>> = {
  claude: {
    package: '@anthropic-ai/claude-code',
    version: '2.1.197',
    env: (url) => ({ ANTHROPIC_API_KEY: 'stub', ANTHROPIC_BASE_URL: url }),
    files: () => ({}),
  },
  codex: {
    package: '@openai/codex',
    version: '0.171.0',
    env: () => ({ STUB_API_KEY: 'stub' }),
    files: (url) => ({
      '.codex/config.toml': `
        model = "stub"
        model_provider = "stub"
        [model_providers.stub]
        name = "stub"
        base_url = "${url}/v1"
        wire_api = "responses"
        env_key = "STUB_API_KEY"
      `,
    }),
  },
  opencode: {
    package: 'opencode-ai',
    version: '1.18.33',
    env: () => ({}),
    files: (url) => ({
      '.config/opencode/opencode.json': JSON.stringify({
        model: 'stub/stub',
        provider: {
          stub: {
            npm: '@ai-sdk/openai-compatible',
            options: { baseURL: `${url}/v1`, apiKey: 'stub' },
            models: { stub: {} },
          },
        },
      }),
    }),
  },
  gemini: {
    package: '@google/gemini-cli',
    version: '0.61.0',
    // A model that is named is used without asking another one which to use.
    env: (url) => ({
      GEMINI_API_KEY: 'stub',
      GOOGLE_GEMINI_BASE_URL: url,
      GEMINI_MODEL: 'gemini-2.5-flash',
    }),
    // Once it has a base URL it takes "gateway" for its method, and then refuses that: so it is told which.
    files: () => ({
      '.gemini/settings.json': JSON.stringify({ security: { auth: { selectedType: 'gemini-api-key' } } }),
    }),
  },
}
