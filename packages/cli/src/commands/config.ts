import { Command } from '@commander-js/extra-typings'
import { listFacts } from '../output/facts.ts'
import { globalOptions, outputFor } from '../session.ts'
import { configPath, readConfigFile } from '../settings/config-file.ts'
import { resolveSettings } from '../settings/settings.ts'
import type { World } from '../world.ts'
import { withExamples } from './examples.ts'

const FORM = `
The configuration file, config.yaml in $XDG_CONFIG_HOME/switchyard or ~/.config/switchyard:

  current: work
  contexts:
    work:
      url: https://switchyard.example.org
      token_file: work-token      # beside it, with mode 600; or token: …
    home:
      url: http://127.0.0.1:8080
      token_file: ~/switchyard/.switchyard/admin-token

What counts: flags, then SWITCHYARD_URL, SWITCHYARD_TOKEN and SWITCHYARD_TOKEN_FILE, then this file, then the instance
that runs in this directory or above. A token that stands beside a URL is never sent to another one.`

/** `switchyard config …` */
export function configCommand(world: World) {
  return new Command('config')
    .description('See which API and which token are used, and where they come from.')
    .addHelpText('after', FORM)
    .addCommand(showConfig(world))
    .addCommand(listContexts(world))
}

function showConfig(world: World) {
  const command = new Command('show')
    .description('Show which API is used as whom, and where that was found. The token itself is not shown.')
    .action(async () => {
      const out = outputFor(world, command)
      const settings = await resolveSettings(world, globalOptions(command))
      const shown = { url: settings.url, url_from: settings.urlFrom, token_from: settings.tokenFrom }
      out.show(shown, () =>
        listFacts(
          [
            { name: 'API', value: settings.url },
            { name: 'from', value: settings.urlFrom },
            { name: 'token', value: settings.tokenFrom ?? 'none was found' },
          ],
          out.style,
        ),
      )
    })
  return withExamples(command, 'config show', 'config show --context work')
}

function listContexts(world: World) {
  const command = new Command('contexts')
    .description('List the entries of the configuration file; the current one has a star.')
    .action(async () => {
      const out = outputFor(world, command)
      const { config } = globalOptions(command)
      const { contexts, current } = await readConfigFile(world, config)
      const rows = [...contexts].map(([name, { url }]) => ({ name, url, current: name === current }))
      out.show({ contexts: rows }, () =>
        rows.length === 0
          ? `There is nothing in ${configPath(world, config)}. See switchyard config --help.\n`
          : out.table(
              [
                { title: '', value: (row) => (row.current ? '*' : '') },
                { title: 'NAME', value: ({ name }) => name },
                { title: 'URL', value: ({ url }) => url },
              ],
              rows,
            ),
      )
    })
  return withExamples(command, 'config contexts')
}
