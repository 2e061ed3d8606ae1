export interface HostCredentials {
  readonly private_key_path: string | null
  readonly private_key_passphrase_variable: string | null
  readonly password_variable: string | null
}

/** What a host cannot be logged in with together, under the key to change; null when nothing contradicts. */
export function contradictionIn(
  credentials: HostCredentials,
): { readonly key: keyof HostCredentials; readonly message: string } | null {
  const {
    private_key_path: path,
    private_key_passphrase_variable: passphrase,
    password_variable: password,
  } = credentials
  if (password !== null && path !== null)
    return { key: 'password_variable', message: 'must not stand beside private_key_path: choose one' }
  if (passphrase !== null && path === null)
    return { key: 'private_key_passphrase_variable', message: 'needs a private_key_path whose key it opens' }
  return null
}
