import { accountOf } from '../account.ts';
import { httpsSlicesOf, mqttSlicesOf } from '../groups.ts';
import type { Plan } from '../plan.ts';
import { nextControlPollMs } from '../poll-intervals.ts';

/** How long an action takes to reach a slice with a control channel, milliseconds. */
interface AnnounceTimes {
  /** To store it and to announce it: some requests to the run store, and one to IoT Core, which may be repeated. */
  readonly announceMs: number;
  /** A control channel that is just connecting again has it within so long. */
  readonly receiveMs: number;
}

const onAws: AnnounceTimes = { announceMs: 1_000, receiveMs: 1_000 };
/** All on one machine: a request takes milliseconds. */
const onEmbeddedAws: AnnounceTimes = { announceMs: 400, receiveMs: 400 };

/** IoT Core delivers the announcement to so many slices a second beside the run's own load: a quarter of the default quota of deliveries. */
const announcedPerSecond = 5_000;

function announceTimesOf(plan: Plan): AnnounceTimes {
  return accountOf(plan).isCharged ? onAws : onEmbeddedAws;
}

/** Milliseconds from the announcement of an action until every slice has it. */
export function announcedWithinMs(plan: Plan): number {
  const [mqttSlices, httpsSlices] = [mqttSlicesOf(plan), httpsSlicesOf(plan)];
  const { receiveMs } = announceTimesOf(plan);
  const byMqtt = mqttSlices > 0 ? receiveMs + (mqttSlices / announcedPerSecond) * 1_000 : 0;
  const byPolls = httpsSlices > 0 ? nextControlPollMs(httpsSlices, 1) + receiveMs : 0;
  return Math.ceil(Math.max(byMqtt, byPolls));
}

/** Milliseconds from the request of an action to the first instant that it can have. */
export function actionLeadMs(plan: Plan): number {
  return announceTimesOf(plan).announceMs + announcedWithinMs(plan);
}
