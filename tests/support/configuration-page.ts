import { ApiVariables } from '@switchyard/api'
import { DispatcherConfig } from '@switchyard/dispatcher'
import { LauncherConfig } from '@switchyard/launcher'
import { renderConfigTable, SHARED_VARIABLES, Type } from '@switchyard/platform'

/** What the programs read that have no schema: they must stay small, or start quickly. A test compares it with their source. */
export const MIGRATION_VARIABLES = Type.Object({
  DATABASE_URL: Type.String({
    secret: true,
    description:
      'The PostgreSQL to migrate, over a connection of its own: not through PgBouncer in transaction mode.',
  }),
  DATABASE_URL_FILE: Type.Optional(Type.String({ description: 'In place of it, a file that holds it.' })),
})
export const COMMAND_LINE_VARIABLES = Type.Object({
  SWITCHYARD_URL: Type.Optional(Type.String({ description: 'The address of the API.' })),
  SWITCHYARD_TOKEN: Type.Optional(
    Type.String({ secret: true, description: 'The bearer token to call it with.' }),
  ),
  SWITCHYARD_TOKEN_FILE: Type.Optional(Type.String({ description: 'In place of it, a file that holds it.' })),
  SWITCHYARD_WEBHOOK_SECRET: Type.Optional(
    Type.String({ secret: true, description: 'What `webhook test` signs with; of several the first.' }),
  ),
  SWITCHYARD_DATA_DIR: Type.String({
    default: '.switchyard',
    description: 'Where `npm start` keeps its address and token, which are used when nothing else is said.',
  }),
  SWITCHYARD_REQUIRE_OUTPUT: Type.Optional(
    Type.String({
      description:
        '`1`: of `agent run`, a command that ends without a word or a result has failed (`no_output`).',
    }),
  ),
  XDG_CONFIG_HOME: Type.String({ default: '~/.config', description: 'Holds `switchyard/config.yaml`.' }),
  XDG_STATE_HOME: Type.String({
    default: '~/.local/state',
    description: '`agent run` keeps tokens of agents, run folders and clones there, in `switchyard`.',
  }),
  NO_COLOR: Type.Optional(Type.String({ description: 'Set: no colours.' })),
  FORCE_COLOR: Type.Optional(
    Type.String({ description: 'Set: colours, also where there is no terminal; 0: none.' }),
  ),
  TERM: Type.Optional(Type.String({ description: '`dumb`: no colours.' })),
})
export const VARIABLES_OF_HOSTS = Type.Object({
  'SSH_PASSPHRASE_…': Type.Optional(
    Type.String({
      secret: true,
      description:
        'The passphrase of a key: whichever name the host gives as `private_key_passphrase_variable`.',
    }),
  ),
  'SSH_PASSWORD_…': Type.Optional(
    Type.String({
      secret: true,
      description:
        'The password to log in with: whichever name the host gives as `password_variable`, with `SWITCHYARD_ALLOW_PASSWORDS=true`.',
    }),
  ),
})
export const VARIABLES_ON_HOSTS = Type.Object({
  SWITCHYARD_RUNS_DIR: Type.String({
    default: '$XDG_STATE_HOME/switchyard/runs',
    description:
      'Where run folders are made, when `XDG_STATE_HOME` is not set there in `~/.local/state/switchyard/runs`.',
  }),
  SWITCHYARD_REQUIRE_OUTPUT: Type.Optional(
    Type.String({
      description:
        '`1`: a command that ends without a word or a result has failed (`no_output`). Presets set it.',
    }),
  ),
})

/** docs/configuration.md, from the schemas that the processes read their environment by. */
export function describeConfiguration(): string {
  return `# Configuration

Generated from the schemas of the programs by \`npm run generate\`; do not edit.

Everything is set by environment variables, read once at the start. A value that cannot be used stops the start, and all of them are
named together. A variable that begins with \`SWITCHYARD_\` and that nobody reads is a warning in the log, with a guess at what was meant.

- **From a file**: for \`npm start\`, the API and the dispatcher, instead of \`NAME\`, set \`NAME_FILE\` to the path of a file that holds the value, as Docker secrets do.
- **Lists** are separated by commas. While a token or secret is being replaced, both the new and the old one stand there.
- **Empty** means not set.

In containers: [docker.md](docker.md).

## npm start

What \`npm start\` itself reads. Everything else goes to both services as it is.

${renderConfigTable(LauncherConfig)}

## API and dispatcher

What both services read. Give both the same value, as \`npm start\` and the compose file do.

${renderConfigTable(Type.Object(SHARED_VARIABLES))}

## API

${renderConfigTable(ownOf(ApiVariables))}

## Dispatcher

${renderConfigTable(ownOf(DispatcherConfig))}

Beside these it reads the variables that hosts name, each time it dials ([keys and passwords](operations.md#hosts)). They have no \`_FILE\`.

${renderConfigTable(VARIABLES_OF_HOSTS)}

## Hosts

Not from the environment of a program, but from the \`env\` of a host ([hosts](ssh-hosts.md#on-the-host)). What else stands there, and what
a command is told about its task, is [what the command sees](ssh-hosts.md#what-the-command-sees).

${renderConfigTable(VARIABLES_ON_HOSTS)}

## Migration

\`node packages/store/dist/main.js\`, which \`npm start\` and the compose file run by themselves ([upgrades](operations.md#upgrades)).

${renderConfigTable(MIGRATION_VARIABLES)}

## Command line

\`switchyard\` ([every command](cli.md)); options come before variables. \`switchyard up\` is \`npm start\`.

${renderConfigTable(COMMAND_LINE_VARIABLES)}
`
}

/** What only this service reads. */
function ownOf({ properties }: { readonly properties: object }) {
  return Type.Object(
    Object.fromEntries(Object.entries(properties).filter(([name]) => !(name in SHARED_VARIABLES))),
  )
}
