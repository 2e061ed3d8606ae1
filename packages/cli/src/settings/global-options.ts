/** The options that every command has. */
export interface GlobalOptions {
  readonly url?: string | undefined
  readonly token?: string | undefined
  readonly tokenFile?: string | undefined
  readonly context?: string | undefined
  readonly config?: string | undefined
  readonly json?: boolean | undefined
  /** `--color` or `--no-color`; undefined: neither. */
  readonly color?: boolean | undefined
}
