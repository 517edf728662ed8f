/** Places of the live page that its script fills, from top to bottom: the ids of their elements. */
export const livePlaces = [
  'tiles',
  'fleet-tiles',
  'rate-plot',
  'slices-plot',
  'groups-table',
  'ledger-plot',
  'quotas-table',
  'latency-plots',
] as const;

export type LivePlace = (typeof livePlaces)[number];
