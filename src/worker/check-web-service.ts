import { makeAccountAccess } from '../aws/account-access.ts';
import { describeDevices } from '../device/slice-devices.ts';
import { streamsOfSlice } from '../device/slice-streams.ts';
import { silentListener } from '../device/transport.ts';
import { OpenSockets } from '../device/transports/http/open-sockets.ts';
import type { GroupPlan } from '../plan/plan.ts';
import { shareOf } from '../plan/slices.ts';
import { type HttpSettings, isCheckedByRequest, outcomeOf } from '../profile/http-settings.ts';
import { makeSystemClock } from '../shared/clock.ts';
import { splitRequestUrl } from '../targets/http/request-url.ts';
import type { Target } from '../targets/target.ts';
import { dataUrlOf } from '../targets/traits-of.ts';
import { explainConnectFailure, TargetNotReadyError } from './connect-failures.ts';
import { makeTransportOverHttp, readRequestTls, type SecretAccess } from './request-transport.ts';

/** Statuses that say of one request that all others will be refused too. */
const refusals: Readonly<Record<number, (deviceId: string) => string>> = {
  401: (deviceId) =>
    `it asks device ${deviceId} for credentials: check http.headers, http.signing and connect.cert`,
  403: (deviceId) =>
    `it refuses what device ${deviceId} shows: check http.headers, http.signing and connect.cert`,
  404: () => 'it has nothing at this path: check http.path, or the path of the target',
};

/** TLS 1.3 refuses a client's certificate after the client has seen the end of its handshake (RFC 8446, 4.4.2.4). */
const refusedWithinMs = 150;

/**
 * Requests once what the first device of a group requests; or only connects where a request might change something, or needs what only
 * slices have.
 * @throws BadCredentialsError, NoHeaderValueError, TargetNotReadyError
 */
export async function checkWebService(
  group: GroupPlan & { readonly target: Target },
  http: HttpSettings,
  access: Pick<SecretAccess, 'variables'>,
): Promise<void> {
  if (isCheckedByRequest(http)) await checkRequest(group, http, access);
  else await checkConnection(group, http);
}

type WebGroup = Parameters<typeof checkWebService>[0];

async function checkRequest(
  group: WebGroup,
  http: HttpSettings,
  { variables }: Pick<SecretAccess, 'variables'>,
): Promise<void> {
  const slice = shareOf(group, group.firstSlice);
  const [stream] = streamsOfSlice(slice, describeDevices(slice));
  const make = await makeTransportOverHttp(
    { ...firstDeviceOf(group), connections: { perDevice: 1 } },
    { ...accessHere(), variables },
  );
  const outcome = Promise.withResolvers<{ readonly status: number } | { readonly reason: string }>();
  const transport = make(
    {
      ...silentListener,
      requests: {
        opened() {},
        left() {},
        notSent() {},
        openFailed: (reason) => outcome.resolve({ reason }),
        answered: (_device, _token, status) => outcome.resolve({ status }),
        unanswered: (_device, _token, reason) => outcome.resolve({ reason }),
      },
    },
    { count: 1, clientId: () => '' },
  );
  const clock = makeSystemClock();
  const nowMs = clock.now();
  const { ackTimeoutMs } = group.profile.publish;
  const cancel = clock.setTimer(ackTimeoutMs, () => outcome.resolve({ reason: 'no answer' }));
  try {
    const payload = stream!.writer.write({ n: 0, device: 0, k: 0, atMs: nowMs }, nowMs)!;
    const { head } = stream!.writer;
    transport.send(0, { token: 0, topic: '', payload, qos: 0, retain: false, head });
    const ending = await outcome.promise;
    if ('reason' in ending) throw notReady(group, ending.reason);
    const refusal = refusals[ending.status];
    if (refusal === undefined || outcomeOf(ending.status, http.succeeds) === 'succeeded') return;
    const { origin } = splitRequestUrl(dataUrlOf(group.target) ?? '');
    throw new TargetNotReadyError(
      `${origin.origin}${head?.path ?? ''} answers ${http.method} with ${ending.status}: nothing was started`,
      `${refusal(deviceIdOf(group))}; if ${ending.status} is what it should answer, list it in http.succeeds; --no-target-check starts the run anyway`,
    );
  } finally {
    cancel();
    await transport.close();
  }
}

async function checkConnection(group: WebGroup, http: HttpSettings): Promise<void> {
  const { connect } = group.profile;
  const { origin } = splitRequestUrl(dataUrlOf(group.target) ?? '');
  const tlsOf = await readRequestTls(firstDeviceOf(group), accessHere());
  const outcome = Promise.withResolvers<string | undefined>();
  const clock = makeSystemClock();
  const sockets = new OpenSockets(
    { origin, tlsOf, connectTimeoutMs: connect.timeoutMs },
    {
      opened() {
        if (origin.protocol === 'http:') outcome.resolve(undefined);
        else clock.setTimer(refusedWithinMs, () => outcome.resolve(undefined));
      },
      openFailed: (reason) => outcome.resolve(reason),
    },
  );
  const socket = sockets.open(http.version === '2' ? 'h2' : 'http/1.1', 0);
  socket.on('error', (error: NodeJS.ErrnoException) => outcome.resolve(error.code ?? error.message));
  const reason = await outcome.promise;
  sockets.close();
  if (reason !== undefined) throw notReady(group, reason);
}

function firstDeviceOf({ runId, profile, target, firstDevice }: WebGroup) {
  return { runId, profile, target, firstDevice, devices: profile.devices };
}

function deviceIdOf({ firstDevice }: WebGroup): string {
  return `d${firstDevice}`;
}

function notReady(group: WebGroup, reason: string): TargetNotReadyError {
  const { what, hint } = explainConnectFailure(reason, deviceIdOf(group));
  return new TargetNotReadyError(
    `${dataUrlOf(group.target) ?? ''} ${what} (${reason}): nothing was started`,
    hint,
  );
}

/** A certificate may lie in Secrets Manager, of the account whose credentials this process has. */
function accessHere() {
  const account = makeAccountAccess();
  return { ...account, signing: account, authorityFile: undefined };
}
