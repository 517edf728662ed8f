import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { makeRunStore } from '../src/aws/bucket.ts';
import { dataPlaneClientOf, makeControl } from '../src/aws/control.ts';
import { makeSystemClock } from '../src/shared/clock.ts';
import { dataUrlOf } from '../src/targets/traits-of.ts';
import { pollControl } from '../src/worker/control-poll.ts';
import { readEnvironment } from '../src/worker/environment.ts';
import { makeLiveView } from '../src/worker/live-view.ts';
import { publishSlice, type SliceRequest } from '../src/worker/publish-slice.ts';
import { makeTransportOverHttp, type SecretAccess } from '../src/worker/request-transport.ts';

const environment = readEnvironment(process.env);
const store = makeRunStore(environment.runBucket);
const known = { ...environment, region: process.env.AWS_REGION };
const liveView = makeLiveView(environment.influx, { store, clock: makeSystemClock(), random: Math.random });
/** Region and credentials as the SDK finds them. */
const identity = dataPlaneClientOf(undefined).config;
let secrets: SecretsManagerClient | undefined;
const access: SecretAccess = {
  variables: environment.credentialSources.variables,
  authorityFile: environment.credentialSources.authorityFile,
  async secret(name) {
    const { client, GetSecretValueCommand } = await loadSecrets();
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: name }));
    return SecretString ?? '';
  },
  region: () => identity.region(),
  credentials: () => identity.credentials(),
};

/** Of requests with secrets only: the client would lengthen the cold start of all the others. */
async function loadSecrets() {
  const { GetSecretValueCommand, SecretsManagerClient } = await import('@aws-sdk/client-secrets-manager');
  secrets ??= new SecretsManagerClient({});
  return { client: secrets, GetSecretValueCommand };
}

/** Runs one slice of virtual devices over HTTP: publishes to the data plane of IoT Core, or requests to a web service. */
export async function handler(request: SliceRequest): Promise<{ slice: number }> {
  const clock = makeSystemClock();
  return publishSlice(request, {
    store,
    known,
    liveView,
    clock,
    makeTransport: (group) => makeTransportOverHttp(group, access),
    openControl: async ({ runId, control, httpsSlices }, _slice, contact) =>
      pollControl({
        control: makeControl(dataPlaneClientOf(dataUrlOf(control))),
        runId,
        slices: httpsSlices,
        clock,
        random: Math.random,
        ...contact,
      }),
  });
}
