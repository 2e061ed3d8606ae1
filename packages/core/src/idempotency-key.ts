/**
 * What an idempotency key looks like: up to 255 visible ASCII characters, blanks between them included, since it travels in a header
 * (RFC 9110, 5.5: other bytes are neither safe nor interoperable there, and blanks around a value are not part of it). A regular expression.
 */
export const IDEMPOTENCY_KEY_PATTERN = '^[!-~](?:[ -~]{0,253}[!-~])?$'
