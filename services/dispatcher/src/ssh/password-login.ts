type Method = 'password' | 'keyboard-interactive'

/** A question of a server; `echo` is false where what is typed would not be shown. */
interface Prompt {
  readonly prompt: string
  readonly echo?: boolean
}

/** ssh2's settings for logging in with a password. */
export interface PasswordLogin {
  readonly password: string
  /** The next method to try; false when there is none. Null: none was tried yet. */
  readonly authHandler: (methodsLeft: readonly string[] | null) => Method | false
  readonly tryKeyboard: true
  readonly onKeyboardInteractive: (
    name: string,
    instructions: string,
    language: string,
    prompts: readonly Prompt[],
    finish: (answers: string[]) => void,
  ) => void
}

/**
 * Logs in with the password: as such, or, where a server takes none but asks for it (RFC 4256, what PAM often does), as the answer
 * to its one question whose answer is not shown. Whatever else it asks gets no answer, and neither does a second question. A
 * server that takes passwords and refuses this one is not asked again: a wrong one counts once.
 */
export function passwordLogin(password: string): PasswordLogin {
  const tried = new Set<Method>()
  let answered = false
  return {
    password,
    authHandler(methodsLeft) {
      const method =
        methodsLeft === null || methodsLeft.includes('password') ? 'password' : 'keyboard-interactive'
      const isWorthwhile = !tried.has(method) && (methodsLeft === null || methodsLeft.includes(method))
      tried.add(method)
      return isWorthwhile ? method : false
    },
    tryKeyboard: true,
    onKeyboardInteractive(_name, _instructions, _language, prompts, finish) {
      const [prompt] = prompts
      const isForPassword = !answered && prompts.length === 1 && prompt?.echo === false
      if (isForPassword) answered = true
      finish(isForPassword ? [password] : prompts.map(() => ''))
    },
  }
}
