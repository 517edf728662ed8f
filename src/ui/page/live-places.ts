/**
 * Places of the live page that its script fills, from top to bottom: the ids of their elements. What shows the effect of a change of the
 * run is above the forms for it, so that both are in view.
 */
export const placesAboveControls = ['tiles', 'fleet-tiles', 'search-table', 'rate-plot'] as const;
export const placesBelowControls = [
  'slices-plot',
  'groups-table',
  'ledger-plot',
  'quotas-table',
  'latency-plots',
] as const;

export type LivePlace = (typeof placesAboveControls | typeof placesBelowControls)[number];
