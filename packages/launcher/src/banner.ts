import type { Secret } from './secrets.ts'

export interface BannerFacts {
  readonly url: string
  readonly dataDirectory: string
  /** In words, without a password. */
  readonly database: string
  readonly adminToken: Secret
  readonly webhookSecret: Secret
}

/** What `npm start` says when everything is up. Secrets that the user gave are not repeated. */
export function renderBanner({
  url,
  dataDirectory,
  database,
  adminToken,
  webhookSecret,
}: BannerFacts): string {
  const token = adminToken.generated ? adminToken.value : '$SWITCHYARD_ADMIN_TOKEN'
  const task = `{"title": "Say hello", "prompt": "Write one friendly sentence."}`
  return `
  Switchyard is running. Ctrl-C stops it.

    API             ${url}
    Reference       ${url}/docs
    Data            ${dataDirectory} (logs in ${dataDirectory}/logs)
    Database        ${database}
    Admin token     ${shown(adminToken, 'SWITCHYARD_ADMIN_TOKEN')}
    Webhook         ${url}/api/v1/webhooks/forgejo (or …/webhooks/gitea)
    Webhook secret  ${shown(webhookSecret, 'SWITCHYARD_WEBHOOK_SECRET')}

  Create a task:

    curl -X POST ${url}/api/v1/tasks -H "Authorization: Bearer ${token}" -H "Content-Type: application/json" -d '${task}'

`
}

function shown(secret: Secret, variable: string): string {
  return secret.generated ? secret.value : `as given in ${variable}`
}
