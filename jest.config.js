import { availableParallelism } from 'node:os'

/** Five projects, one per kind of test, so that each can be run alone: `npm run test:race`. */
const shared = {
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['@switchyard/source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        jsc: { target: 'es2023', parser: { syntax: 'typescript' } },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  modulePathIgnorePatterns: ['/dist/'],
}

/** @param {string} name @param {string[]} testMatch */
const project = (name, testMatch, needsDatabase = true) => ({
  ...shared,
  displayName: name,
  testMatch,
  ...(needsDatabase
    ? {
        globalSetup: '<rootDir>/tests/support/global-setup.ts',
        globalTeardown: '<rootDir>/tests/support/global-teardown.ts',
      }
    : {}),
})

export default {
  projects: [
    project('unit', ['<rootDir>/{packages,services}/*/src/**/*.test.ts'], false),
    project('integration', ['<rootDir>/tests/integration/**/*.test.ts']),
    project('race', ['<rootDir>/tests/race/**/*.test.ts']),
    project('fault', ['<rootDir>/tests/fault/**/*.test.ts']),
    project('e2e', ['<rootDir>/tests/e2e/**/*.test.ts']),
  ],
  // Jest would leave one processor free, which on two is half of them; beyond four, all their connections are too many for one PostgreSQL.
  maxWorkers: Math.min(4, availableParallelism()),
  testTimeout: 60_000,
}
