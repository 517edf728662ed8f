/** Of a writer of bare payloads: slice 3 of a run, whose devices are numbered from 40. */
export const bareSettings = {
  runId: 'run-1',
  slice: 3,
  deviceGroup: 2,
  stream: 1,
  indexOf: (device: number) => 40 + device,
  devices: 7,
  seed: 42,
  sizeBytes: 0,
  envelopePlace: 'property',
  offsetMsOf: (n: number) => n * 37.25,
} as const;
