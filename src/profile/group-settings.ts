/** Settings that a group may have of its own; those at the top are the defaults of every group. */
export const groupSettings = [
  'devices',
  'share',
  'connect',
  'publish',
  'messages',
  'http',
  'stages',
  'startRate',
  'ratePerSecond',
  'everySeconds',
  'idle',
  'arrivals',
  'jitter',
  'burst',
  'together',
  'duration',
  'users',
  'spawnPerSecond',
  'thinkTime',
  'throughputPerUser',
  'echo',
  'lifecycle',
  'slices',
] as const;

export const groupNamePattern = /^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$/;
