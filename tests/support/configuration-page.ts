import { ApiVariables } from '@switchyard/api'
import { DispatcherConfig } from '@switchyard/dispatcher'
import { LauncherConfig } from '@switchyard/launcher'
import { renderConfigTable } from '@switchyard/platform'

/** docs/configuration.md, from the schemas that the processes read their environment by. */
export function describeConfiguration(): string {
  return `# Configuration

Generated from the schemas of the three programs by \`npm run generate\`; do not edit.

Everything is set by environment variables, read once at the start. A value that cannot be used stops the start, and all of them are
named together. A variable that begins with \`SWITCHYARD_\` and that nobody reads is a warning in the log, with a guess at what was meant.

- **From a file**: instead of \`NAME\`, set \`NAME_FILE\` to the path of a file that holds the value, as Docker secrets do.
- **Lists** are separated by commas. While a token or secret is being replaced, both the new and the old one stand there.
- **Empty** means not set.
- **In both tables**, of the API and of the dispatcher: give both the same value, as \`npm start\` does.

## npm start

What \`npm start\` itself reads. Everything else goes to both services as it is.

${renderConfigTable(LauncherConfig)}

## API

${renderConfigTable(ApiVariables)}

## Dispatcher

${renderConfigTable(DispatcherConfig)}
`
}
