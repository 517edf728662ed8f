/** Settings of one kind of message that are a group's `publish` otherwise. */
export const kindPublishSettings = [
  'topic',
  'basicIngest',
  'qos',
  'payload',
  'encoding',
  'sizeBytes',
  'retain',
  'userProperties',
  'contentType',
  'payloadFormat',
  'messageExpiry',
  'topicAlias',
] as const;

/** Those that say how much of it there is. Without one of them it has a weight of 1. */
export const kindLoadSettings = ['ratePerSecond', 'everySeconds', 'burst', 'startRate', 'stages'] as const;

/** Those that say how its messages follow one another. A kind with a load of its own has them from nowhere else. */
export const kindArrivalSettings = ['arrivals', 'jitter', 'together'] as const;

export const kindSettings = [
  ...kindPublishSettings,
  'weight',
  ...kindLoadSettings,
  ...kindArrivalSettings,
] as const;

export const kindNamePattern = /^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$/;

/** Kinds of message of one group at most. */
export const maxKinds = 20;
