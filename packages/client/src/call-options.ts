/** How one call is made. */
export interface CallOptions {
  /** Aborting it ends the call; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /** How long one try may take. Default: that of the client; a dequeue's `wait_seconds` come on top. */
  readonly timeoutSeconds?: number | undefined
  /** For how long a call that may be repeated is repeated; 0: never. Default: that of the client. */
  readonly retrySeconds?: number | undefined
}

/** A try that failed and will be repeated. */
export interface Retry {
  readonly operation: string
  /** 1 for the first failure. */
  readonly failures: number
  readonly error: Error
  readonly pauseSeconds: number
}

export interface ClientOptions {
  /** Of the server, such as `https://switchyard.example.org`; the API's paths are put behind it. */
  readonly baseUrl: string
  /** The bearer token of an agent, a coordinator or the administrator. */
  readonly token?: string | undefined
  /** Default: the global one. */
  readonly fetch?: typeof globalThis.fetch | undefined
  /** Default 30. */
  readonly timeoutSeconds?: number | undefined
  /** Default 30. */
  readonly retrySeconds?: number | undefined
  /** Hears of every try that is repeated. */
  readonly onRetry?: ((retry: Retry) => void) | undefined
}
