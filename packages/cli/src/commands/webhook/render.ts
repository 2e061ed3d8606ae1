import type { DeliveryExplanation } from '@switchyard/client'
import { indented, listFacts } from '../../output/facts.ts'
import type { Style } from '../../output/style.ts'
import { terminalLine } from '../../output/terminal-text.ts'

/** Signature, rules, outcome, and the task that there would be. */
export function renderExplanation(answer: DeliveryExplanation, isSigned: boolean, style: Style): string {
  const { signature, event, action, repository, sender, outcome, reason, task } = answer
  const facts = [
    {
      name: 'signature',
      value:
        isSigned || signature.valid
          ? signature.message
          : 'not tried: no secret is known here (--secret-file)',
      style: signature.valid ? style.green : isSigned ? style.red : style.yellow,
    },
    { name: 'event', value: action === null ? event : `${event} ${action}` },
    { name: 'repository', value: repository },
    { name: 'sender', value: sender },
    {
      name: 'outcome',
      value: `${outcome}: ${reason}`,
      style: outcome === 'task' ? style.green : style.yellow,
    },
  ]
  const parts = [listFacts(facts, style), `${style.bold('Rules')}\n${renderRules(answer, style)}`]
  if (task !== null) {
    const shown = [
      { name: 'title', value: task.title },
      { name: 'requires', value: task.requires.join(', ') },
      { name: 'track', value: task.execution_mode },
      { name: 'priority', value: String(task.priority) },
      { name: 'attempts', value: String(task.max_attempts) },
    ]
    parts.push(
      `${style.bold('The task')}\n${listFacts(shown, style)}`,
      `${style.bold('Its prompt')}\n${indented(task.prompt)}`,
    )
  }
  return `${parts.join('\n')}${style.dim('Nothing was created.')}\n`
}

/** The first that fits makes the task; those below it are not asked. */
function renderRules({ rules, rule }: DeliveryExplanation, style: Style): string {
  if (rules.length === 0) return '  There are no rules.\n'
  return rules
    .map(({ name, fits, reason }) => {
      const words = terminalLine(reason)
      if (!fits) return `  ${style.dim('no   ')}  ${terminalLine(name)} ${words}\n`
      return name === rule || rule === null
        ? `  ${style.green('fits ')}  ${terminalLine(name)}: ${words}\n`
        : `  ${style.yellow('later')}  ${terminalLine(name)} fits too, and is not asked\n`
    })
    .join('')
}
