import { makeAccountAccess } from '../src/aws/account-access.ts';
import { dataPlaneClientOf, makeControl } from '../src/aws/control.ts';
import { makeLentCredentials } from '../src/aws/lent-credentials.ts';
import { makeSystemClock } from '../src/shared/clock.ts';
import { dataUrlOf } from '../src/targets/traits-of.ts';
import { pollControl } from '../src/worker/control-poll.ts';
import { readCredentialLender } from '../src/worker/environment.ts';
import { publishSlice, type SliceAnswer, type SliceRequest } from '../src/worker/publish-slice.ts';
import { makeTransportOverHttp } from '../src/worker/request-transport.ts';
import { openSliceFunction } from '../src/worker/slice-function.ts';

const { credentialSources, shared } = openSliceFunction(process.env);
const account = makeAccountAccess();
const lender = readCredentialLender(process.env);
const access = {
  ...credentialSources,
  ...account,
  signing: lender === undefined ? account : makeLentCredentials(lender),
};

/** Runs one slice of virtual devices over HTTP: publishes to the data plane of IoT Core, or requests to a web service. */
export async function handler(request: SliceRequest): Promise<SliceAnswer> {
  const clock = makeSystemClock();
  return publishSlice(request, {
    ...shared,
    clock,
    makeTransport: (group, network) => makeTransportOverHttp(group, access, network),
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
