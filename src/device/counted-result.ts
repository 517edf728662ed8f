import type { SliceResult } from '../measure/slice-result.ts';

/** The parts of a slice's result that are counted while it runs. */
export type CountedResult = Pick<
  SliceResult,
  | 'devices'
  | 'messages'
  | 'droppedBy'
  | 'connectFailedBy'
  | 'failedBy'
  | 'disconnectedBy'
  | 'echoRefusedBy'
  | 'incomplete'
  | 'streams'
  | 'observed'
  | 'lastSentAt'
  | 'perSecond'
  | 'latencies'
  | 'connectedSendLag'
  | 'quickestEcho'
  | 'latencyPerSecond'
  | 'requests'
  | 'storms'
  | 'connects'
  | 'downlink'
  | 'replies'
  | 'catchUp'
  | 'connections'
  | 'presence'
  | 'holds'
>;
