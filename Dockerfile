# The command line with everything it needs, for those who would rather not install Node:
#
#   docker build --tag stampede .
#   docker run --rm --volume "$PWD/runs:/stampede/runs" stampede run profiles/smoke.json
#
# A rehearsal runs inside the container, on its loopback. compose.yaml has Mosquitto, InfluxDB and Grafana beside it.
FROM node:24.21.0-bookworm-slim

WORKDIR /stampede

COPY package.json package-lock.json ./
RUN npm ci --omit=dev && npm cache clean --force

COPY . .
RUN mkdir -p runs && chown node:node runs

USER node
ENTRYPOINT ["node", "src/main.ts"]
CMD ["--help"]
