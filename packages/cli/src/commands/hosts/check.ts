import { Command } from '@commander-js/extra-typings'
import type { HostCheck } from '@switchyard/client'
import { HOST_CHECK_SUBJECTS } from '@switchyard/core'
import { EXIT_CODES } from '../../exit-codes.ts'
import { SilentExit } from '../../failure.ts'
import type { Style } from '../../output/style.ts'
import { terminalLine } from '../../output/terminal-text.ts'
import { withProgress } from '../../output/progress.ts'
import { withSession } from '../../session.ts'
import type { World } from '../../world.ts'
import { withExamples } from '../examples.ts'

type Findings = HostCheck['found']['findings']

/** `switchyard hosts check` */
export function checkHost(world: World) {
  const command = new Command('check')
    .description(
      'Let a dispatcher log in to a host and find out what a run would meet. Ends with 1 when a run would fail.',
    )
    .argument('<host>', 'its id')
    .action((id) =>
      withSession(world, command, async ({ api, out }) => {
        const check = await withProgress(world, `A dispatcher checks ${id}`, () =>
          api.checkHost({ host_id: id }),
        )
        out.show(check, () => renderCheck(check, out.style))
        if (!isGood(check)) throw new SilentExit(EXIT_CODES.failed.code)
      }),
    )
  return withExamples(
    command,
    'hosts check build',
    'hosts check build --json && switchyard hosts resume build',
  )
}

/** Whether a run has a chance: the host is reached, and nothing was found that fails it. */
export function isGood({ reachable, found }: HostCheck): boolean {
  return reachable && Object.values(found.findings).every(({ outcome }) => outcome !== 'problem')
}

/** What a check found, a line for each thing that it looked at. */
export function renderCheck(check: HostCheck, style: Style): string {
  const { remote_system: system, remote_user: user } = check.found
  const remote =
    system === null
      ? ''
      : `${style.dim(`It is ${terminalLine(system)}, and one is ${terminalLine(user ?? 'nobody')} there.`)}\n`
  return `${renderFindings(check.found.findings, style)}${remote}`
}

/** The findings alone. */
export function renderFindings(findings: Findings, style: Style): string {
  const signs = {
    ok: style.green('ok     '),
    problem: style.red('problem'),
    unknown: style.yellow('unknown'),
  }
  // The API's own order is that of its database.
  return HOST_CHECK_SUBJECTS.map((subject) => {
    const { outcome, message } = findings[subject]
    return `${signs[outcome]}  ${subject.padEnd(10)}  ${terminalLine(message)}\n`
  }).join('')
}
