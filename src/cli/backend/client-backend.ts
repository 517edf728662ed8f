import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import type { SFNClient } from '@aws-sdk/client-sfn';
import { makeExecutions } from '../../aws/executions.ts';
import { type InfluxSource, makeReadInfluxTotals } from '../../aws/influx-totals.ts';
import { makeCountSlices } from '../../aws/map-runs.ts';
import { makeMetrics } from '../../aws/metric-sums.ts';
import { makePoller } from '../run/poller.ts';
import type { ServiceCounts } from '../run/progress.ts';
import type { Backend, LiveQuestion } from './backend.ts';

/** A place that is reached by SDK clients alone: a stack on AWS, or the embedded AWS of another process. */
export interface ClientBackendSettings extends Omit<Backend, 'executions' | 'live'> {
  readonly stateMachineArn: string;
  readonly sfn: SFNClient;
  /** Absent: CloudWatch is not queried during a run. */
  readonly cloudwatch?: CloudWatchClient;
  /** Absent: the slices' counters are not available. */
  readonly influx?: InfluxSource;
  /** What the user should know about it: said once, with the first look. */
  readonly note?: string;
  /** Between two questions of each kind. */
  readonly glanceEveryMs: { readonly slices: number; readonly influx: number; readonly cloudwatch: number };
}

export function makeClientBackend(settings: ClientBackendSettings): Backend {
  const { sfn, cloudwatch, influx, note: ownNote, glanceEveryMs, stateMachineArn, ...place } = settings;
  let unsaid = ownNote === undefined ? [] : [ownNote];
  const countSlices = makeCountSlices(sfn);
  const readTotals = influx && makeReadInfluxTotals(influx);
  const readCounts = cloudwatch && makeReadServiceCounts(cloudwatch);

  const slices = makePoller('slices', glanceEveryMs.slices, ({ executionArn }: LiveQuestion) =>
    countSlices(executionArn),
  );
  const totals = makePoller('InfluxDB', glanceEveryMs.influx, async ({ runId }: LiveQuestion) =>
    readTotals?.(runId),
  );
  const counts = makePoller('CloudWatch', glanceEveryMs.cloudwatch, async (question: LiveQuestion) =>
    readCounts?.(question),
  );

  return {
    ...place,
    executions: makeExecutions(stateMachineArn, sfn),
    async live(question) {
      const glances = { slices: slices(question), totals: totals(question), cloudwatch: counts(question) };
      const seen = Object.entries(glances).flatMap(([name, { value }]) =>
        value === undefined ? [] : [[name, value]],
      );
      const notes = Object.values(glances).flatMap(({ note }) => (note === undefined ? [] : [note]));
      const own = unsaid;
      unsaid = [];
      return { ...Object.fromEntries(seen), notes: [...own, ...notes] };
    },
  };
}

const shownMetrics = ['PublishIn.Success', 'PublishOut.Success', 'PublishIn.Throttle'] as const;

function makeReadServiceCounts(
  client: CloudWatchClient,
): (question: LiveQuestion) => Promise<ServiceCounts | undefined> {
  const metrics = makeMetrics(undefined, client, shownMetrics);
  return async ({ plan }) => {
    if (plan === undefined || Date.now() < plan.timeline.publishAt) return undefined;
    const protocol = plan.profile.connect.protocol === 'https' ? 'HTTP' : 'MQTT';
    const sums = await metrics.sums(protocol, plan.timeline.startAt, Date.now());
    return {
      publishIn: sums['PublishIn.Success'] ?? 0,
      publishOut: sums['PublishOut.Success'] ?? 0,
      throttled: sums['PublishIn.Throttle'] ?? 0,
    };
  };
}
