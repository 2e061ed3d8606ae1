import { createRequire } from 'node:module'
import { ROUTES } from '@switchyard/contract'
import express from 'express'
import type { Router } from 'express'
import { bindStream } from '../http/bind.ts'
import type { Binding } from '../http/bind.ts'

/** Swagger UI from its own package: nothing is fetched from elsewhere. */
const swaggerUi = createRequire(import.meta.url)('swagger-ui-dist') as { getAbsoluteFSPath(): string }

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Switchyard API</title>
<link rel="stylesheet" href="/docs/assets/swagger-ui.css">
<link rel="icon" href="/docs/assets/favicon-32x32.png">
</head>
<body>
<div id="reference"></div>
<script src="/docs/assets/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`
/** Each operation is shown with a line of curl for the very address that the page came from. */
const START = `async function start() {
  const spec = await (await fetch('/openapi.json')).json()
  for (const operation of Object.values(spec.paths).flatMap((methods) => Object.values(methods))) {
    for (const { source } of operation['x-codeSamples']) {
      const line = source.replaceAll('$SWITCHYARD_URL', location.origin)
      operation.description += '\\n\\n\`\`\`sh\\n' + line + '\\n\`\`\`'
    }
  }
  SwaggerUIBundle({ spec, dom_id: '#reference', deepLinking: true, persistAuthorization: true, validatorUrl: null })
}
start()
`
const POLICY =
  "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'"

/** The API reference as a page, to read and to try out. */
export function bindDocsPage(binding: Binding, router: Router): void {
  bindStream(binding, ROUTES.getDocs, (_input, { response }) => {
    response.set('Content-Security-Policy', POLICY).type('html').send(PAGE)
    return Promise.resolve()
  })
  router.get('/docs/start.js', (_request, response) => void response.type('js').send(START))
  router.use('/docs/assets', express.static(swaggerUi.getAbsoluteFSPath(), { index: false, maxAge: '1d' }))
}
