# One image, three commands: the API (the default), the dispatcher, and the migration of the database.
#
#   node services/api/dist/main.js
#   node services/dispatcher/dist/main.js
#   node packages/store/dist/main.js
#
# Nothing in it is built for one processor: it works on amd64 and arm64 alike.

# The manifests alone. Later stages copy from here, and a copied layer is taken from the cache as long as its files are the
# same: a change of source installs nothing anew. The launcher stays out with the embedded PostgreSQL that it brings, and the
# command line that starts it.
FROM node:24-bookworm-slim AS manifests
WORKDIR /manifests
COPY . /source
RUN cd /source \
 && rm -r packages/launcher packages/cli \
 && cp --parents package.json package-lock.json .npmrc packages/*/package.json services/*/package.json /manifests

FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY --from=manifests /manifests ./
RUN npm ci --omit=dev

FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY --from=manifests /manifests ./
RUN npm ci
COPY tsconfig.base.json ./
COPY packages ./packages
COPY services ./services
# The entries name what they are built from. Declarations and the compiler's notes are of no use to a running process.
RUN npx tsc -b packages/store services/api services/dispatcher \
 && mkdir /built \
 && find packages services -name node_modules -prune -o -path '*/dist/*.js' -exec cp --parents -t /built {} +

FROM node:24-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0
WORKDIR /app
# Owned by root and only read by the user below: a process that was broken into cannot change its own program.
COPY --from=dependencies /app ./
COPY db/migrations ./db/migrations
COPY --from=build /built ./
USER node
EXPOSE 8080 8081
# Both services end in order on SIGTERM. As process 1 they would not hear it before they listen for it: run the image with
# an init (docker run --init, or init: true in compose).
CMD ["node", "services/api/dist/main.js"]
