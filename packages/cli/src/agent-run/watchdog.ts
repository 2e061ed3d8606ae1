import { spawn } from 'node:child_process'

/**
 * Reads which process groups run, and ends them when the pipe closes without a word: the agent is gone, `kill -9` included.
 * POSIX sh, in a session of its own, so that what ends the agent does not end it.
 */
const PROGRAM = `
groups=
while read -r word group; do
  case $word in
    add) groups="$groups $group" ;;
    remove)
      left=
      for each in $groups; do [ "$each" = "$group" ] || left="$left $each"; done
      groups=$left ;;
    done) exit 0 ;;
  esac
done
for each in $groups; do kill -s TERM -- "-$each" 2>&-; done
[ -z "$groups" ] || sleep 5
for each in $groups; do kill -s KILL -- "-$each" 2>&-; done
`

/** Ends the commands of an agent that can no longer do it itself. */
export interface Watchdog {
  add(group: number): void
  remove(group: number): void
  stop(): void
}

export function startWatchdog(): Watchdog {
  const child = spawn('sh', ['-c', PROGRAM], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
  // Without it the agent goes on: only its own sudden end would then leave commands behind.
  child.on('error', () => undefined)
  child.stdin.on('error', () => undefined)
  child.unref()
  const say = (words: string): void => void child.stdin.write(`${words}\n`)
  return {
    add: (group) => say(`add ${String(group)}`),
    remove: (group) => say(`remove ${String(group)}`),
    stop: () => void child.stdin.end('done\n'),
  }
}
