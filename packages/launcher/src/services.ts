import { join } from 'node:path'
import type { Lifecycle } from '@switchyard/platform'
import { startService, type ServiceOptions } from './service-process.ts'
import { terminalLine } from './terminal-line.ts'

export interface StartServicesOptions {
  /** The directory of the log files. */
  readonly logs: string
  /** Whether all that the services write belongs on the terminal, and not only what is wrong. */
  readonly showAll: boolean
  readonly lifecycle: Lifecycle
  readonly print: (text: string) => void
}

/** Starts the services. They stop together with the lifecycle, and one that dies ends it, with its last words on the terminal. */
export function startServices(
  services: readonly Pick<ServiceOptions, 'name' | 'entry' | 'env'>[],
  { logs, showAll, lifecycle, print }: StartServicesOptions,
): void {
  const running = services.map((service) =>
    startService({
      ...service,
      logFile: join(logs, `${service.name}.log`),
      onLine: (line) => {
        const shown = showAll ? line : terminalLine(service.name, line)
        if (shown !== null) print(`${shown}\n`)
      },
    }),
  )
  lifecycle.onForcedExit(() => running.forEach((service) => service.kill()))
  lifecycle.onShutdown('services', async () => {
    await Promise.all(running.map((service) => service.stop()))
  })
  for (const service of running) {
    void service.exited.then((how) => {
      if (lifecycle.signal.aborted) return
      const lines = service.lastLines().map((line) => `  ${line}\n`)
      print(`\nThe ${service.name} has ended (${how}). Its last lines:\n${lines.join('')}`)
      lifecycle.stop(`the ${service.name} has ended`, 1)
    })
  }
}
