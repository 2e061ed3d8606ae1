import { API_VERSION } from '@switchyard/api'
import { openApi } from '@switchyard/contract'
import type { Queryable } from '@switchyard/store'
import { describeCommandLine } from './cli-page.ts'
import { clientOperations, clientTypes } from './client-wire.ts'
import { describeConfiguration } from './configuration-page.ts'
import { dumpSchema } from './dump-schema.ts'
import { describeProblems } from './problems-page.ts'
import { describeStateMachine } from './state-machine.ts'

/** A file that is committed and never written by hand. */
export interface GeneratedFile {
  /** From the root of the repository. */
  readonly path: string
  /** What must be in it; `db` is a database with the migrated schema. */
  readonly content: (db: Queryable) => string | Promise<string>
}

/** `npm run generate` writes these, and a test compares them. */
export const GENERATED_FILES: readonly GeneratedFile[] = [
  { path: 'db/schema.sql', content: dumpSchema },
  { path: 'docs/cli.md', content: describeCommandLine },
  { path: 'docs/configuration.md', content: describeConfiguration },
  { path: 'docs/openapi.json', content: () => `${JSON.stringify(openApi(API_VERSION), null, 2)}\n` },
  { path: 'docs/problems.md', content: describeProblems },
  { path: 'packages/client/src/wire/operations.ts', content: clientOperations },
  { path: 'packages/client/src/wire/types.ts', content: clientTypes },
  { path: 'docs/state-machine.md', content: describeStateMachine },
]
