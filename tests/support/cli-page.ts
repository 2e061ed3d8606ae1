import { EXIT_CODES } from '../../packages/cli/src/exit-codes.ts'
import { createProgram } from '../../packages/cli/src/program.ts'

type CommandLine = ReturnType<typeof createProgram>

/** The command line, with a world in which nothing is written. */
export function commandLine(): CommandLine {
  const nowhere = { write: () => true }
  return createProgram({
    env: {},
    workingDirectory: '/',
    homeDirectory: '/home/you',
    stdin: process.stdin,
    stdout: nowhere,
    stderr: nowhere,
    now: () => 0,
    version: '0.0.0',
  })
}

/** Every command that does something, with its whole name. */
export function leafCommands(
  command = commandLine(),
  path = 'switchyard',
): { path: string; command: CommandLine }[] {
  if (command.commands.length === 0) return [{ path, command }]
  return command.commands.flatMap((child) => leafCommands(child, `${path} ${child.name()}`))
}

/** docs/cli.md: what is the same for all commands, then each command, from what the program itself knows. */
export function describeCommandLine(): string {
  const rows = leafCommands().map(({ path, command }) => {
    const usage = command.usage().replace('[options]', '').trim()
    return `| \`${`${path} ${usage}`.trim()}\` | ${command.description().replaceAll('|', '\\|')} |`
  })
  const codes = Object.values(EXIT_CODES).map(({ code, meaning }) => `| ${code} | ${meaning} |`)
  return `# The command line

Generated from the program by \`npm run generate\`; do not edit.

In a clone it is \`npx switchyard\`, after \`npm start\` or \`npm run build\`. Elsewhere: \`npm run pack\` makes \`switchyard-cli-0.1.0.tgz\`, and
\`npm install --global\` installs it, with the services and PostgreSQL for \`switchyard up\`; a machine that only runs agents can do with
\`--omit=optional\`. [first-task.md](first-task.md) is a first minute with it.

Every command explains itself with \`--help\`, with examples. \`switchyard completion bash\` (or \`zsh\`, \`fish\`) completes it.

## Commands

| command | what it does |
| --- | --- |
${rows.join('\n')}

\`hosts add\` lets a dispatcher ask the host for its key, shows the fingerprint and asks whether to trust it; scripts say with
\`--accept-fingerprint SHA256:…\` which one it must be. \`webhook test\` signs a sample and shows which rule matches and why; nothing is
created. \`queue\` redraws as things happen; \`q\` ends it.

## Which API, and who you are

The first of these that says something counts:

1. The flags \`--url\`, \`--token\`, \`--token-file\`, and \`--context\`, which names an entry of the configuration file.
2. \`SWITCHYARD_URL\`, \`SWITCHYARD_TOKEN\`, \`SWITCHYARD_TOKEN_FILE\`.
3. The configuration file, \`~/.config/switchyard/config.yaml\` (\`XDG_CONFIG_HOME\` is heeded, \`--config\` names another).
4. The instance that \`npm start\` or \`switchyard up\` runs in this directory or one above, or in \`SWITCHYARD_DATA_DIR\`.

\`\`\`yaml
current: work
contexts:
  work:
    url: https://switchyard.example.org
    token_file: work-token # beside this file; or token: …
  home:
    url: http://127.0.0.1:8080
    token_file: ~/switchyard/.switchyard/admin-token
\`\`\`

A token that stands beside a URL is only ever sent to that URL. A file with a token that others may read is refused: \`chmod 600\` it.
\`switchyard config show\` tells what was found where.

## Output

- With \`--json\`, the answer is what the API answers, on one line; what follows or has pages is one document on each line. A refusal is
  the problem document. Words for people go to standard error.
- Colours are for terminals. \`NO_COLOR\` or \`--no-color\` turns them off, \`FORCE_COLOR\` or \`--color\` on.
- Titles, reasons and logs are words of strangers: escape sequences never reach a terminal. \`tasks logs\` into a file or a pipe is what
  was written.
- A call is made once. What follows (\`events\`, \`tasks logs -f\`, \`queue\`, \`agent run\`) survives restarts of the API.

## Exit codes

| code | meaning |
| --- | --- |
${codes.join('\n')}
`
}
