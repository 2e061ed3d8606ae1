import js from '@eslint/js'
import tseslint from 'typescript-eslint'

/** Imports point one way: core ← contract, store ← services. Each room lists what it may not reach for. */
const forbid = (files, patterns) => ({
  files,
  rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns }] },
})

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', 'coverage/**', '.switchyard/**'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // noPropertyAccessFromIndexSignature of the compiler asks for the opposite of these two.
      '@typescript-eslint/dot-notation': 'off',
      '@typescript-eslint/no-non-null-assertion': 'error',
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      'no-console': 'error',
    },
  },
  {
    files: ['**/*.js', '**/*.mjs'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        URL: 'readonly',
        setTimeout: 'readonly',
        fetch: 'readonly',
      },
    },
  },
  forbid(
    ['packages/core/src/**/*.ts'],
    [
      {
        group: ['@switchyard/*', 'node:*', 'pg', 'express', 'pino'],
        message: 'core is pure: it imports nothing.',
      },
    ],
  ),
  forbid(
    ['packages/contract/src/**/*.ts'],
    [
      {
        group: ['@switchyard/*', '!@switchyard/core', 'pg', 'express'],
        message: 'contract knows core only.',
      },
    ],
  ),
  forbid(
    ['packages/store/src/**/*.ts'],
    [
      {
        group: ['@switchyard/*', '!@switchyard/core', 'express'],
        message: 'store knows core only.',
      },
    ],
  ),
  forbid(
    ['packages/platform/src/**/*.ts'],
    [
      {
        group: ['@switchyard/*', 'pg', 'express'],
        message: 'platform knows what processes need, and nothing of what they are for.',
      },
    ],
  ),
  forbid(
    ['packages/launcher/src/**/*.ts'],
    [
      {
        group: ['@switchyard/*', '!@switchyard/platform', '!@switchyard/store', 'pg', 'express'],
        message: 'the launcher migrates a database and starts processes; it knows nothing of the wire.',
      },
    ],
  ),
  forbid(
    ['packages/client/src/**/!(*.test).ts'],
    [
      {
        regex: '^[^.]',
        message: 'the client runs in browsers and is installed alone: it imports nothing but itself.',
      },
    ],
  ),
  forbid(
    ['packages/mcp/src/**/*.ts'],
    [
      {
        group: [
          '@switchyard/*',
          '!@switchyard/client',
          '!@switchyard/contract',
          'pg',
          'express',
          'node:fs',
          'node:http',
        ],
        message:
          'the tools speak to the API through the client; what serves them is the API or the command line.',
      },
    ],
  ),
  {
    // Generated.
    files: ['packages/client/src/wire/*.ts'],
    rules: { 'max-lines': 'off', '@typescript-eslint/consistent-indexed-object-style': 'off' },
  },
  forbid(
    ['services/api/src/**/*.ts'],
    [
      {
        group: ['pg', 'node-ssh', 'ssh2', '@switchyard/dispatcher', '@switchyard/launcher'],
        message: 'the api speaks to the store, never to pg or SSH.',
      },
    ],
  ),
  forbid(
    ['services/dispatcher/src/**/*.ts'],
    [
      {
        group: ['pg', 'express', '@switchyard/api', '@switchyard/launcher'],
        message: 'the dispatcher speaks to the store, never to pg or express.',
      },
    ],
  ),
  forbid(
    ['packages/cli/src/**/*.ts'],
    [
      {
        group: ['pg', 'express', 'node-ssh', 'ssh2', '@switchyard/api', '@switchyard/dispatcher'],
        message: 'the command line speaks to the API; services are processes that it starts.',
      },
      {
        group: ['@switchyard/contract', '@switchyard/platform', 'typebox', 'ajv'],
        allowTypeImports: true,
        message: 'loading it costs every command a tenth of a second: import its types only.',
      },
    ],
  ),
  {
    files: ['tests/**/*.ts', '**/*.test.ts', 'demo/**/*.ts'],
    rules: { 'no-console': 'off', '@typescript-eslint/no-non-null-assertion': 'off', 'max-lines': 'off' },
  },
)
